// SPDX-License-Identifier: Apache-2.0
import Glibc
import Message

/// The operators whose meaning depends on what their left side turns out to be.
enum MachineOperators {
    /// A number on the left makes numbers of both, a text makes texts; without a value on the left, the right
    /// decides.
    @inline(__always)
    static func areEqual(_ left: ScriptValue, _ right: ScriptValue, _ message: Message) -> Bool {
        if left.isNumberFirst || (left.isNull && right.isNumberFirst) {
            return Int32(truncatingIfNeeded: left.asNumber) == Int32(truncatingIfNeeded: right.asNumber)
        }
        return left.asText(message) == right.asText(message)
    }

    /// A number on the left is added to; anything else is text, and the right side is appended.
    static func sum(_ left: ScriptValue, _ right: ScriptValue, _ message: Message) -> ScriptValue {
        if left.isNumberFirst {
            let sum = Int32(truncatingIfNeeded: left.asNumber) &+ Int32(truncatingIfNeeded: right.asNumber)
            return ScriptValue(Int64(sum))
        }
        let first = left.asText(message)
        let second = right.asText(message)
        let count = first.count + second.count
        let room = message.alloc(count).assumingMemoryBound(to: UInt8.self)
        if let base = first.base { memcpy(room, base, first.count) }
        if let base = second.base { memcpy(room + first.count, base, second.count) }
        return ScriptValue(Slice(base: UnsafePointer(room), count: count))
    }
}
