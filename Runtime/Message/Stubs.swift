// SPDX-License-Identifier: Apache-2.0
import CMartlet

extension URI {
    public init?(parsing text: Slice) { return nil }
    public func same(as other: URI) -> Bool { false }
}
extension Address {
    public init?(taking list: inout Slice) { return nil }
    public init?(parsing text: Slice) { return nil }
}
extension Via {
    public init?(taking list: inout Slice) { return nil }
    public init?(parsing text: Slice) { return nil }
}
extension Slice {
    public func unescaped(into: UnsafeMutableRawBufferPointer) -> Slice { .absent }
    public func unquoted(into: UnsafeMutableRawBufferPointer) -> Slice { .absent }
}
public typealias IPBytes = (UInt64, UInt64)
public enum Literal {
    public static func bytes(of text: Slice, into: UnsafeMutablePointer<UInt8>) -> Bool { false }
    public static func isV4(_ text: Slice) -> Bool { false }
    public static func isV6(_ text: Slice) -> Bool { false }
    public static func write(_ address: UnsafePointer<UInt8>, into: UnsafeMutablePointer<UInt8>) -> Int { 0 }
}
extension Message {
    public func index(count: Int, stream: Bool = false) -> Fault? { nil }
    public func load(_ bytes: UnsafeRawBufferPointer, stream: Bool = false) -> Fault? { nil }
    public func load(_ bytes: Slice, stream: Bool = false) -> Fault? { load(bytes.bytes, stream: stream) }
    public static func glance(_ bytes: Slice) -> UInt32? { nil }
    @usableFromInline func readURI() {}
    @usableFromInline func readCallID() {}
    @usableFromInline func readCSeq() {}
    @usableFromInline func readFrom() {}
    @usableFromInline func readTo() {}
    @usableFromInline func readVia() {}
    @usableFromInline func readMaxForwards() {}
    @usableFromInline func readContentLength() {}
    @usableFromInline func readExpires() {}
    @usableFromInline func unfold(_ field: UnsafeMutablePointer<Field>) {}

    @discardableResult public func insert(line: Slice, at place: FieldPlace) -> FieldRef { .none }
    @discardableResult public func replace(_ ref: FieldRef, body: Slice) -> Bool { false }
    @discardableResult public func remove(_ ref: FieldRef) -> Bool { false }
    @discardableResult public func setHeader(_ id: HeaderID, body: Slice) -> Bool { false }
    @discardableResult public func setMethod(_ text: Slice) -> Bool { false }
    @discardableResult public func setURI(_ text: Slice) -> Bool { false }
    @discardableResult public func setStatus(_ status: Int) -> Bool { false }
    @discardableResult public func setReason(_ text: Slice) -> Bool { false }
    public func setBody(_ body: Slice, type: Slice = .absent) {}
    @discardableResult public func setFromURI(_ uri: Slice) -> Bool { false }
    @discardableResult public func setToURI(_ uri: Slice) -> Bool { false }
    @discardableResult public func setFromTag(_ tag: Slice) -> Bool { false }
    @discardableResult public func setToTag(_ tag: Slice) -> Bool { false }
    @discardableResult public func setCSeq(_ number: UInt32) -> Bool { false }
    @discardableResult public func setNumber(_ id: HeaderID, _ number: Int?) -> Bool { false }

    public func copy(in pool: MessagePool) -> Message { pool.take() }
    public static func request(_ pool: MessagePool, method: Slice, uri: Slice) -> Message { pool.take() }
    public static func reply(_ pool: MessagePool, to request: Message, status: Int, reason: Slice) -> Message {
        pool.take()
    }
    public func writeRequest(into place: UnsafeMutableRawPointer, room: Int, via: Slice) -> Int { 0 }
    public func writeReply(into place: UnsafeMutableRawPointer, room: Int) -> Int { 0 }
    public func write(into place: UnsafeMutableRawPointer, room: Int) -> Int { 0 }
}
/// Where a new header line goes.
public enum FieldPlace: Sendable {
    case first, last
    case before(FieldRef), after(FieldRef)
}
