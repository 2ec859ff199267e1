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

    /// A control character, a blank, or one of " < >, sixteen bytes at a time.
    private static func hasForbidden(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        if count >= 16 {
            var at = 0
            while at <= count - 16 {
                if hasForbidden(sixteen: bytes + at) { return true }
                at += 16
            }
            // The last ones once more with some of those before: no byte beyond the end is read.
            return at < count && hasForbidden(sixteen: bytes + (count - 16))
        }
        for at in 0..<count {
            let byte = bytes[at]
            if byte < 64, forbidden >> UInt64(byte) & 1 != 0 { return true }
            if byte == 127 { return true }
        }
        return false
    }

    private static func hasForbidden(sixteen bytes: UnsafePointer<UInt8>) -> Bool {
        let all = UnsafeRawPointer(bytes).loadUnaligned(as: SIMD16<UInt8>.self)
        return any(all .<= 32 .| all .== 34 .| all .== 60 .| all .== 62 .| all .== 127)
    }

    /// 0 to 32, and " < > by their numbers.
    private static let forbidden: UInt64 = 0x1_FFFF_FFFF | 1 << 34 | 1 << 60 | 1 << 62

    private static func isHostByte(_ byte: UInt8) -> Bool {
        (byte | 32) &- 97 < 26 || byte &- 45 < 13 && byte != 47 || byte == UInt8(ascii: "_")
    }
}
