// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A URI, taken apart where it stands. All parts are as written, escapes included.
///
/// In a `tel:` URI the number is the user and there is no host; the same goes for what follows any other scheme.
@frozen public struct URI: Sendable {
    public var whole = Slice.absent
    public var scheme = Slice.absent
    public var user = Slice.absent
    public var password = Slice.absent
    /// An IPv6 literal keeps its brackets.
    public var host = Slice.absent
    /// 0 when none is written.
    public var port: Int = 0
    /// `lr;transport=tcp`, without the first semicolon; absent when there are none.
    public var params = Slice.absent
    /// `Subject=x&Route=y`; absent when there are none.
    public var headers = Slice.absent

    @inlinable public init() {}

    /// sip: or sips:, in any letter case.
    public var isSIP: Bool { scheme.isWord("sip") || isSIPS }
    public var isSIPS: Bool { scheme.isWord("sips") }

    public func param(_ name: Slice) -> Slice { Params(params).value(named: name) }

    public var mt: mt_uri {
        mt_uri(
            scheme: scheme.mt, user: user.mt, password: password.mt, host: host.mt, params: params.mt,
            headers: headers.mt, port: UInt32(port), reserved: 0)
    }

    public init(_ uri: mt_uri) {
        scheme = Slice(uri.scheme)
        user = Slice(uri.user)
        password = Slice(uri.password)
        host = Slice(uri.host)
        port = Int(uri.port)
        params = Slice(uri.params)
        headers = Slice(uri.headers)
    }
}
