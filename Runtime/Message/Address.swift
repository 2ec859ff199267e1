// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// One value of From, To, Contact, Route ...: `"Bob" <sip:bob@b.example>;tag=1`.
@frozen public struct Address: Sendable {
    /// All of it, without blanks around.
    public var whole = Slice.absent
    /// As written, quotes included; absent when there is none.
    public var display = Slice.absent
    public var uri = Slice.absent
    /// What follows, `tag=1;x=y`, without the first semicolon; absent when there is nothing.
    public var params = Slice.absent
    /// Its `tag`; absent when there is none.
    public var tag = Slice.absent
    /// Somewhere there is nothing between two semicolons, or behind the last one.
    var hasEmptyParam = false

    public init() {}

    public func param(_ name: Slice) -> Slice { Params(params).value(named: name) }

    /// That of a copy of the text that stands so much further on.
    func moved(by distance: Int) -> Address {
        var copy = self
        copy.whole = whole.moved(by: distance)
        copy.display = display.moved(by: distance)
        copy.uri = uri.moved(by: distance)
        copy.params = params.moved(by: distance)
        copy.tag = tag.moved(by: distance)
        return copy
    }

    /// `Contact: *`
    public var isStar: Bool { uri.count == 1 && uri[0] == UInt8(ascii: "*") }

    public var mt: mt_address {
        mt_address(whole: whole.mt, display: display.mt, uri: uri.mt, params: params.mt)
    }
}
