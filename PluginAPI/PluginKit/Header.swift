// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A header's name as a number, so that finding a header compares no text.
@frozen public struct HeaderName: Equatable, Sendable {
    public let token: UInt32
    @inlinable public init(token: UInt32) { self.token = token }
    /// Any header.
    @inlinable public static var any: HeaderName { HeaderName(token: 0) }

}

/// A header that the plugin will look for. The server gives it a number before `Start`; compact forms are the
/// same header.
///
///     private let sessionExpires = Header("Session-Expires")  // and declare it in the plugin
///
///     let body = call.message.header(sessionExpires)
public final class Header: Declaration, @unchecked Sendable {
    /// Written once, before `Start`.
    @usableFromInline @exclusivity(unchecked) var token: UInt32 = 0
    @usableFromInline let text: StaticString

    @inlinable public init(_ name: StaticString) { text = name }

    @inlinable public var name: HeaderName { HeaderName(token: token) }

    public func declare(in tables: inout Tables) { tables.headers.append(self) }

    func resolve() { token = Server.sip.pointee.token(text.pointer) }
}

/// One header field of a message.
@frozen public struct HeaderField: ~Escapable, BitwiseCopyable {
    public var raw: mt_header

    @inlinable @_lifetime(immortal) init(_ raw: mt_header) { self.raw = raw }

    @inlinable public var name: HeaderName { HeaderName(token: raw.name) }
    /// The name as written.
    @inlinable public var text: Text {
        @_lifetime(copy self) get { _overrideLifetime(Text(unchecked: raw.text), copying: self) }
    }
    /// Without the folding and the end of line.
    @inlinable public var body: Text {
        @_lifetime(copy self) get { _overrideLifetime(Text(unchecked: raw.body), copying: self) }
    }
}

/// The header fields of one name, or all, in order.
///
///     var routes = call.message.headers(route)
///     while let field = routes.next() { ... field.body ... }
@frozen public struct HeaderFields: ~Escapable {
    @usableFromInline let message: OpaquePointer
    @usableFromInline let name: UInt32
    @usableFromInline var at = mt_header()

    @inlinable @_lifetime(immortal) init(_ message: OpaquePointer, _ name: HeaderName) {
        self.message = message
        self.name = name.token
    }

    @inlinable @_lifetime(copy self) public mutating func next() -> HeaderField? {
        var next = at
        guard Server.message.pointee.header(message, name, &next) else { return nil }
        at = next
        return _overrideLifetime(HeaderField(next), copying: self)
    }
}
