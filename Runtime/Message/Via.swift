// SPDX-License-Identifier: Apache-2.0

/// One value of Via: `SIP/2.0/UDP host:5060;branch=z9hG4bK1;rport`.
@frozen public struct Via: Sendable {
    /// All of it, without blanks around.
    public var whole = Slice.absent
    /// `UDP`, as written.
    public var transport = Slice.absent
    /// An IPv6 literal keeps its brackets.
    public var host = Slice.absent
    /// 0 when none is written.
    public var port: Int = 0
    /// `branch=z9hG4bK1;rport`, without the first semicolon; absent when there are none.
    public var params = Slice.absent
    public var branch = Slice.absent
    public var received = Slice.absent
    /// Empty when it is there without a value: the sender asks for one.
    public var rport = Slice.absent
    /// Somewhere there is nothing between two semicolons, or behind the last one.
    var hasEmptyParam = false

    public init() {}

    public func param(_ name: Slice) -> Slice { Params(params).value(named: name) }
}
