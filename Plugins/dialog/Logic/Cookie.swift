// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// The name of a dialog in our Record-Route: its entry and its number, each in hexadecimal with the lowest digit first.
public struct Cookie: Equatable, Sendable {
    public var entry, id: UInt32

    public init(entry: UInt32, id: UInt32) {
        self.entry = entry
        self.id = id
    }

    /// "99e.47a2"
    public init?(_ text: Text) {
        guard let point = text.firstIndex(of: UInt8(ascii: ".")),
            let entry = Self.number(text.prefix(point)), let id = Self.number(text.dropFirst(point + 1))
        else { return nil }
        self.init(entry: entry, id: id)
    }

    private static func number(_ digits: Text) -> UInt32? {
        guard digits.count > 0, digits.count <= 8 else { return nil }
        var number: UInt32 = 0
        for index in stride(from: digits.count - 1, through: 0, by: -1) {
            let byte = digits[index]
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            case 65...70: digit = byte - 55
            default: return nil
            }
            number = number << 4 | UInt32(digit)
        }
        return number
    }

    /// 17 bytes at most; how many.
    public func write(into bytes: UnsafeMutablePointer<UInt8>) -> Int {
        var count = Self.write(entry, bytes)
        bytes[count] = UInt8(ascii: ".")
        count += 1
        return count + Self.write(id, bytes + count)
    }

    private static func write(_ number: UInt32, _ bytes: UnsafeMutablePointer<UInt8>) -> Int {
        var rest = number
        var count = 0
        repeat {
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            bytes[count] = digit < 10 ? 48 + digit : 87 + digit
            count += 1
            rest >>= 4
        } while rest != 0
        return count
    }
}

/// In which entry of a table a Call-ID belongs: the same one as in other servers that share the database.
public enum CallHash {
    public static func entry(_ callID: Text, size: UInt32) -> UInt32 { full(callID) & (size &- 1) }

    public static func full(_ text: Text) -> UInt32 {
        var hash: UInt32 = 0
        var index = 0
        func byte(_ at: Int) -> UInt32 { UInt32(bitPattern: Int32(Int8(bitPattern: text[at]))) }
        while index + 4 <= text.count {
            let word =
                byte(index) << 24 &+ byte(index + 1) << 16 &+ byte(index + 2) << 8 &+ byte(index + 3)
            hash = hash &+ (word ^ word >> 3)
            index += 4
        }
        var rest: UInt32 = 0
        while index < text.count {
            rest = rest << 8 &+ byte(index)
            index += 1
        }
        hash = hash &+ (rest ^ rest >> 3)
        return (hash &+ hash >> 11) &+ (hash >> 13 &+ hash >> 23)
    }
}
