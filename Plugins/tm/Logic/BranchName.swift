// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// The branch parameter of our Via (RFC 3261, 8.1.1.7): it leads a reply straight to its transaction.
///
///     z9hG4bK a3f1 . 0123456789abcdef 0123456789abcdef . 0
///
/// Four digits of nothing in particular, a seal over the transaction's number, that number hidden, and the number of
/// the branch. Only who knows the keys can make one that is taken for ours.
public struct BranchName: Sendable {
    public static let longest = 7 + 4 + 1 + 32 + 1 + 2

    private let first, second, third: UInt64

    public init(_ first: UInt64, _ second: UInt64, _ third: UInt64) {
        self.first = first
        self.second = second
        self.third = third
    }

    public static func random() -> BranchName {
        let all = UInt64.min...UInt64.max
        return BranchName(.random(in: all), .random(in: all), .random(in: all))
    }

    /// Writes it, and answers how many bytes that are. `branch` is less than 256.
    public func write(_ handle: Handle, branch: Int, into bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let seal = seal(handle)
        memcpy(bytes, "z9hG4bK", 7)
        Hexadecimal.write8(Mixing.fold(seal, third) << 16, into: bytes + 7)
        bytes[11] = UInt8(ascii: ".")
        Hexadecimal.write(seal, into: bytes + 12)
        Hexadecimal.write(handle.number ^ mask(seal), into: bytes + 28)
        bytes[44] = UInt8(ascii: ".")
        var at = 45
        if branch >= 16 {
            bytes[at] = Self.digit(branch >> 4)
            at += 1
        }
        bytes[at] = Self.digit(branch & 15)
        return at + 1
    }

    /// nil: it is none of ours.
    public func read(_ text: mt_str) -> (handle: Handle, branch: Int)? {
        guard text.len >= 46, text.len <= Self.longest, let start = text.ptr else { return nil }
        let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self)
        guard bytes[11] == UInt8(ascii: "."), bytes[44] == UInt8(ascii: "."),
            let seal = Hexadecimal.read16(bytes + 12), let hidden = Hexadecimal.read16(bytes + 28),
            let low = Self.value(bytes[text.len - 1]), let high = text.len > 46 ? Self.value(bytes[45]) : 0
        else { return nil }
        let branch = high << 4 | low
        let handle = Handle(number: hidden ^ mask(seal))
        return self.seal(handle) == seal ? (handle, branch) : nil
    }

    /// Is it built like one of ours, of this life of the server or another?
    public static func isLike(_ text: mt_str) -> Bool {
        guard text.len >= 46, text.len <= longest, let bytes = text.ptr else { return false }
        return memcmp(bytes, "z9hG4bK", 7) == 0 && bytes[11] == 46 && bytes[44] == 46
    }

    private func seal(_ handle: Handle) -> UInt64 { Mixing.fold(handle.number ^ first, second) }
    private func mask(_ seal: UInt64) -> UInt64 { Mixing.fold(seal, third ^ second) }

    private static func value(_ digit: UInt8) -> Int? {
        switch digit {
        case 48...57: Int(digit) - 48
        case 97...102: Int(digit) - 87
        default: nil
        }
    }

    private static func digit(_ value: Int) -> UInt8 { UInt8(value < 10 ? 48 + value : 87 + value) }
}
