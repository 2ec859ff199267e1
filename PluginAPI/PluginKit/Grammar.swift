// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A SIP or tel URI, taken apart. Its parts are slices of the text it was made from.
///
///     guard let uri = URI(call.message.uri), uri.user == "100" else { return .no }
@frozen public struct URI: ~Escapable, BitwiseCopyable {
    public let raw: mt_uri

    /// Nil when it is not a URI.
    @inlinable @_lifetime(copy text) public init?(_ text: Text) {
        var uri = mt_uri()
        guard Server.sip.pointee.uri(text.raw, &uri) else { return nil }
        raw = uri
    }

    @inlinable public var scheme: Text { @_lifetime(copy self) get { text(raw.scheme) } }
    @inlinable public var user: Text { @_lifetime(copy self) get { text(raw.user) } }
    @inlinable public var password: Text { @_lifetime(copy self) get { text(raw.password) } }
    @inlinable public var host: Text { @_lifetime(copy self) get { text(raw.host) } }
    @inlinable public var params: Text { @_lifetime(copy self) get { text(raw.params) } }
    @inlinable public var headers: Text { @_lifetime(copy self) get { text(raw.headers) } }
    /// Nil when none is written.
    @inlinable public var port: Int? { raw.port == 0 ? nil : Int(raw.port) }

    /// Does it name this server?
    @inlinable public var isMine: Bool {
        var uri = raw
        return Server.net.pointee.mine(&uri)
    }

    /// A parameter's value: nil when it is not there, empty when it has none.
    @inlinable @_lifetime(copy self) public func param(_ name: some Textual & ~Escapable) -> Text? {
        params.param(name)
    }

    @inlinable @_lifetime(copy self) func text(_ raw: mt_str) -> Text {
        _overrideLifetime(Text(unchecked: raw), copying: self)
    }
}

/// One entry of Contact, Route, From: "Bob" <sip:bob@b.example>;tag=1.
///
///     var contacts = field.body
///     while let contact = contacts.takeAddress() { ... contact.uri ... }
@frozen public struct Address: ~Escapable, BitwiseCopyable {
    public let raw: mt_address

    @inlinable @_lifetime(immortal) init(unchecked raw: mt_address) { self.raw = raw }

    @inlinable public var whole: Text { @_lifetime(copy self) get { text(raw.whole) } }
    @inlinable public var display: Text { @_lifetime(copy self) get { text(raw.display) } }
    @inlinable public var uri: Text { @_lifetime(copy self) get { text(raw.uri) } }
    @inlinable public var params: Text { @_lifetime(copy self) get { text(raw.params) } }

    @inlinable @_lifetime(copy self) public func param(_ name: some Textual & ~Escapable) -> Text? {
        params.param(name)
    }

    @inlinable @_lifetime(copy self) func text(_ raw: mt_str) -> Text {
        _overrideLifetime(Text(unchecked: raw), copying: self)
    }
}

extension Text {
    /// Takes the first address off a list of them. Nil at its end, and where it cannot be read: then
    /// something is left.
    @inlinable @_lifetime(copy self) public mutating func takeAddress() -> Address? {
        var list = raw
        var address = mt_address()
        guard Server.sip.pointee.address(&list, &address) else { return nil }
        self = Text(list, like: self)
        return _overrideLifetime(Address(unchecked: address), copying: self)
    }

    /// A parameter's value among ";a=1;b": nil when it is not there, empty when it has none.
    @inlinable @_lifetime(copy self) public func param(_ name: some Textual & ~Escapable) -> Text? {
        var value = mt_str()
        let found = name.withRaw { Server.sip.pointee.param(raw, $0, &value) }
        guard found else { return nil }
        return _overrideLifetime(Text(unchecked: value), copying: self)
    }

    /// Are these the same URI, as RFC 3261, 19.1.4 compares them?
    @inlinable public func isSameURI(as other: some Textual & ~Escapable) -> Bool {
        other.withRaw { Server.sip.pointee.same(raw, $0) }
    }
}
