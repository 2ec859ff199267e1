// SPDX-License-Identifier: Apache-2.0
import Glibc
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
        guard let start = text.raw.ptr, text.raw.len <= 17 else { return nil }
        self.init(start, text.raw.len)
    }

    @inline(__always) private init?(_ start: UnsafePointer<CChar>, _ count: Int) {
        var numbers: (UInt32, UInt32) = (0, 0)
        var shift: UInt32 = 0
        var isSecond = false
        for index in 0..<count {
            let byte = UInt8(bitPattern: start[index])
            let digit: UInt32
            switch byte {
            case 48...57: digit = UInt32(byte) - 48
            case 97...102: digit = UInt32(byte) - 87
            case 65...70: digit = UInt32(byte) - 55
            case UInt8(ascii: ".") where !isSecond && shift > 0:
                isSecond = true
                shift = 0
                continue
            default: return nil
            }
            guard shift < 32 else { return nil }
            if isSecond { numbers.1 |= digit << shift } else { numbers.0 |= digit << shift }
            shift += 4
        }
        guard isSecond, shift > 0 else { return nil }
        self.init(entry: numbers.0, id: numbers.1)
    }

    /// The one in the parameters of a URI, ";did=E.I", wherever it stands among them.
    public static func find(_ name: Text, in params: Text) -> Cookie? {
        guard let start = params.raw.ptr, let wanted = name.raw.ptr else { return nil }
        let count = params.raw.len
        let length = name.raw.len
        var at = 0
        while at + length + 2 < count {
            // ";" did "="
            guard start[at] == 59, start[at + length + 1] == 61, memcmp(start + at + 1, wanted, length) == 0
            else {
                at += 1
                continue
            }
            let value = at + length + 2
            var end = value
            while end < count, end - value < 18, start[end] != 59, start[end] != 62 { end += 1 }
            return Cookie(start + value, end - value)
        }
        return nil
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
        guard let start = UnsafeRawPointer(text.raw.ptr) else { return 0 }
        let count = text.raw.len
        var hash: UInt32 = 0
        var index = 0
        // The bytes are signed where this comes from; to those above 127 each higher byte lends one.
        func byte(_ at: Int) -> UInt32 {
            UInt32(bitPattern: Int32(start.load(fromByteOffset: at, as: Int8.self)))
        }
        while index + 4 <= count {
            var word = UInt32(bigEndian: start.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            if word & 0x80_8080 != 0 {
                word = byte(index) << 24 &+ byte(index + 1) << 16 &+ byte(index + 2) << 8 &+ byte(index + 3)
            }
            hash = hash &+ (word ^ word >> 3)
            index += 4
        }
        var rest: UInt32 = 0
        while index < count {
            rest = rest << 8 &+ byte(index)
            index += 1
        }
        hash = hash &+ (rest ^ rest >> 3)
        return (hash &+ hash >> 11) &+ (hash >> 13 &+ hash >> 23)
    }
}
