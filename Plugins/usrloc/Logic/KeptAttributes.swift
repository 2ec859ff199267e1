// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// What a script leaves with a contact: names with numbers or texts, as bytes that are kept and copied with the contact.
/// Each is its name, a zero, `i` or `s`, the value, a zero.
public struct KeptAttributes {
    public enum Value: Equatable {
        case number(Int)
        case text([UInt8])
    }

    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// What does not fit into 64 kB, or has a zero in its name, is left out: false.
    @discardableResult
    public mutating func add(_ name: [UInt8], _ value: Value) -> Bool {
        var item = name + [0]
        switch value {
        case .number(let number): item += [UInt8(ascii: "i")] + Array(String(number).utf8)
        case .text(let text): item += [UInt8(ascii: "s")] + text
        }
        item.append(0)
        guard !name.isEmpty, item.count(where: { $0 == 0 }) == 2,
            bytes.count + item.count <= Contact.longestText
        else { return false }
        bytes += item
        return true
    }

    /// All of them, in the order in which they were added. What is damaged ends it.
    public static func each(_ kept: mt_str, _ body: (mt_str, mt_str, Bool) -> Void) {
        var at = 0
        func end() -> Int? {
            guard let start = kept.ptr, at < kept.len, let zero = memchr(start + at, 0, kept.len - at) else {
                return nil
            }
            return UnsafeRawPointer(zero) - UnsafeRawPointer(start)
        }
        while let nameEnd = end(), let start = kept.ptr {
            let name = mt_str(ptr: start + at, len: nameEnd - at)
            at = nameEnd + 1
            guard let valueEnd = end(), valueEnd > at else { return }
            let isNumber = start[at] == CChar(UInt8(ascii: "i"))
            body(name, mt_str(ptr: start + at + 1, len: valueEnd - at - 1), isNumber)
            at = valueEnd + 1
        }
    }
}
