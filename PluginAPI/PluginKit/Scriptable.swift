// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The types of parameters and arguments: Int, Bool, Text, Milliseconds, Expression, Route, Socket, Pattern,
/// StorageURL, and each of them optional.
public protocol Scriptable: ~Escapable, SendableMetatype {
    static var type: UInt32 { get }
    static var isOptional: Bool { get }
    /// Takes the value out of what the server checked. The server gives either the declared type or MT_NULL.
    @_lifetime(immortal) static func read(_ value: UnsafePointer<mt_value>) -> Self
}

extension Scriptable where Self: ~Escapable {
    @inlinable public static var isOptional: Bool { false }
}

extension Int: Scriptable {
    @inlinable public static var type: UInt32 { UInt32(MT_INT) }
    @inlinable public static func read(_ value: UnsafePointer<mt_value>) -> Int { Int(value.pointee.num) }
}

extension Bool: Scriptable {
    @inlinable public static var type: UInt32 { UInt32(MT_BOOL) }
    @inlinable public static func read(_ value: UnsafePointer<mt_value>) -> Bool { value.pointee.num != 0 }
}

extension Text: Scriptable {
    @inlinable public static var type: UInt32 { UInt32(MT_STR) }
    @inlinable @_lifetime(immortal)
    public static func read(_ value: UnsafePointer<mt_value>) -> Text { Text(unchecked: value.pointee.str) }
}

extension Milliseconds: Scriptable {
    @inlinable public static var type: UInt32 { UInt32(MT_MS) }
    @inlinable public static func read(_ value: UnsafePointer<mt_value>) -> Milliseconds {
        Milliseconds(Int(value.pointee.num))
    }
}

extension Optional: Scriptable where Wrapped: Scriptable & ~Escapable {
    @inlinable public static var type: UInt32 { Wrapped.type }
    @inlinable public static var isOptional: Bool { true }
    @inlinable @_lifetime(immortal)
    public static func read(_ value: UnsafePointer<mt_value>) -> Wrapped? {
        value.pointee.type == UInt32(MT_NULL) ? nil : Optional(Wrapped.read(value))
    }
}

/// A storage URL: naming one makes the plugin need the store of its scheme, which comes along.
@frozen public struct StorageURL: Scriptable, @unchecked Sendable {
    /// Valid as long as the process.
    public let text: mt_str
    public let store: UnsafePointer<mt_store_api>?

    @inlinable public static var type: UInt32 { UInt32(MT_URL) }
    @inlinable public static func read(_ value: UnsafePointer<mt_value>) -> StorageURL {
        StorageURL(
            text: value.pointee.str,
            store: value.pointee.ptr.map { UnsafeRawPointer($0).assumingMemoryBound(to: mt_store_api.self) })
    }
    @inlinable init(text: mt_str, store: UnsafePointer<mt_store_api>?) {
        self.text = text
        self.store = store
    }
}
