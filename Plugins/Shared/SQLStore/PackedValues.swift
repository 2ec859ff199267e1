// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// Values that outlive whoever gave them: an array of mt_value, with the bytes of their texts behind it, in one
/// piece of memory. Whoever made it frees it.
public struct PackedValues: @unchecked Sendable {
    public let values: UnsafeMutablePointer<mt_value>
    public let count: Int

    /// Copies `count` values.
    public init(_ source: UnsafePointer<mt_value>?, _ count: Int) {
        self.init(count) { index in source.map { $0[index] } ?? mt_value() }
    }

    /// Copies what the closure lends; it is asked twice for each value, and has to answer the same.
    public init(_ count: Int, _ value: (Int) -> mt_value) {
        var size = MemoryLayout<mt_value>.stride * max(count, 1)
        for index in 0..<count { size += PackedValues.textSize(value(index)) }
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: size, alignment: MemoryLayout<mt_value>.alignment)
        values = memory.bindMemory(to: mt_value.self, capacity: max(count, 1))
        self.count = count
        var place = (memory + MemoryLayout<mt_value>.stride * max(count, 1))
            .assumingMemoryBound(to: CChar.self)
        for index in 0..<count {
            var copy = value(index)
            if copy.str.ptr != nil {
                if copy.str.len > 0 { memcpy(place, copy.str.ptr, copy.str.len) }
                copy.str.ptr = UnsafePointer(place)
                place += max(copy.str.len, 1)
            }
            (values + index).initialize(to: copy)
        }
    }

    /// An empty text has an address too.
    private static func textSize(_ value: mt_value) -> Int {
        value.str.ptr == nil ? 0 : max(value.str.len, 1)
    }

    public func free() { UnsafeMutableRawPointer(values).deallocate() }
}
