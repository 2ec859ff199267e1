// SPDX-License-Identifier: Apache-2.0
import Glibc
import PluginKit

/// Whether a sip: or sips: URI can be taken apart. What its parts mean is not looked at.
public enum URISyntax {
    /// - Parameter start: where the scheme's colon ends.
    public static func isSound(_ uri: Text, from start: Int) -> Bool {
        guard let raw = uri.raw.ptr, start < uri.count else { return false }
        let bytes = UnsafeRawPointer(raw).assumingMemoryBound(to: UInt8.self)
        let end = bytes + uri.count
        var at = bytes + start
        guard !hasForbidden(at, end - at) else { return false }

        if let sign = memchr(at, 64, end - at) {
            // The user, if there is an "@", is not empty.
            let sign = UnsafeRawPointer(sign).assumingMemoryBound(to: UInt8.self)
            guard sign > at else { return false }
            at = sign + 1
        }
        let host = at
        if at < end, at.pointee == UInt8(ascii: "[") {
            while at < end, at.pointee != UInt8(ascii: "]") { at += 1 }
            guard at < end, at > host + 1 else { return false }
            at += 1
        } else {
            while at < end, isHostByte(at.pointee) { at += 1 }
            guard at > host else { return false }
        }
        if at < end, at.pointee == UInt8(ascii: ":") {
            at += 1
            var port = 0
            let digits = at
            while at < end, at.pointee &- 48 < 10, at - digits < 6 {
                port = port * 10 + Int(at.pointee) - 48
                at += 1
            }
            guard at > digits, port <= 65535 else { return false }
        }
        return at == end || at.pointee == UInt8(ascii: ";") || at.pointee == UInt8(ascii: "?")
    }

    /// A control character, a blank, or one of " < >, eight bytes at a time.
    private static func hasForbidden(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let raw = UnsafeRawPointer(bytes)
        guard count >= 8 else {
            // What is missing of a word is filled with what is allowed.
            var word = every(UInt8(ascii: "a"))
            memcpy(&word, raw, count)
            return hasForbidden(word)
        }
        var at = 0
        while at < count - 8 {
            if hasForbidden(raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)) { return true }
            at += 8
        }
        // The last ones once more with some of those before: no byte beyond the end is read.
        return hasForbidden(raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
    }

    /// The top bit of a byte is set by the subtraction if the byte is smaller; a borrow from a neighbour can only come
    /// from one that was smaller itself, so whether there is any is exact.
    @inline(__always) private static func hasForbidden(_ word: UInt64) -> Bool {
        let quote = word ^ every(UInt8(ascii: "\""))
        let angle = (word | every(2)) ^ every(UInt8(ascii: ">"))  // "<" is ">" without that bit
        let delete = word ^ every(127)
        let found =
            (word &- every(33)) & ~word | (quote &- every(1)) & ~quote | (angle &- every(1)) & ~angle
            | (delete &- every(1)) & ~delete
        return found & every(128) != 0
    }

    @inline(__always) private static func every(_ byte: UInt8) -> UInt64 {
        UInt64(byte) &* 0x0101_0101_0101_0101
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        (byte | 32) &- 97 < 26 || byte &- 45 < 13 && byte != 47 || byte == UInt8(ascii: "_")
    }
}
