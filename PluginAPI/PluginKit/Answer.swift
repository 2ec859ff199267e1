// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The answer of a command, put together piece by piece. Keys are ignored in lists.
@frozen public struct Answer: ~Copyable, ~Escapable {
    @usableFromInline let raw: UnsafeMutablePointer<mt_call>

    /// For a command that has waited: its continuation gets the call.
    @inlinable @_lifetime(borrow call) public init(_ call: borrowing Call) { raw = call.raw }
    @inlinable @_lifetime(immortal) init(_ raw: UnsafeMutablePointer<mt_call>) { self.raw = raw }

    public var call: Call { @_lifetime(borrow self) get { _overrideLifetime(Call(raw), borrowing: self) } }

    @inlinable public func put(_ key: StaticString, _ value: some Answerable & ~Escapable) {
        put(key.pointer, value)
    }
    /// Under a key that is only known now.
    @inlinable public func put(named key: String, _ value: some Answerable & ~Escapable) {
        key.withCString { put($0, value) }
    }
    /// In a list, or as the whole answer.
    @inlinable public func put(_ value: some Answerable & ~Escapable) { put(nil, value) }

    @inlinable func put(_ key: UnsafePointer<CChar>?, _ value: some Answerable & ~Escapable) {
        value.withValue { value in
            var value = value
            _ = Server.rpc.pointee.put(raw, key, &value)
        }
    }

    public func structure(_ key: StaticString = "", _ fill: (borrowing Answer) -> Void) {
        nest(key.pointer, false, fill)
    }
    public func list(_ key: StaticString = "", _ fill: (borrowing Answer) -> Void) {
        nest(key.pointer, true, fill)
    }
    public func structure(named key: String, _ fill: (borrowing Answer) -> Void) {
        key.withCString { nest($0, false, fill) }
    }
    public func list(named key: String, _ fill: (borrowing Answer) -> Void) {
        key.withCString { nest($0, true, fill) }
    }

    private func nest(_ key: UnsafePointer<CChar>, _ list: Bool, _ fill: (borrowing Answer) -> Void) {
        _ = Server.rpc.pointee.open(raw, key, list)
        fill(Answer(raw))
        _ = Server.rpc.pointee.close(raw)
    }

    /// The command failed, and this is why: `return answer.fault(404, "no such table")`.
    public func fault(_ code: Int, _ text: String) -> Outcome {
        text.withRaw { Outcome(code: Server.rpc.pointee.fault(raw, Int32(code), $0)) }
    }
}
