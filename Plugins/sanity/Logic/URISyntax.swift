// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Whether a sip: or sips: URI can be taken apart, in one pass over its bytes. What its parts mean is not
/// looked at.
public enum URISyntax {
    /// - Parameter start: where the scheme's colon ends.
    public static func isSound(_ uri: Text, from start: Int) -> Bool {
        guard let bytes = uri.raw.ptr, start < uri.count else { return false }
        let end = uri.count
        var host = start
        var at = start
        while at < end {
            let byte = UInt8(bitPattern: bytes[at])
            if byte <= 64 {
                if byte == UInt8(ascii: "@") {
                    // The user, if there is an "@", is not empty; and there is one "@" only.
                    if at == start || host != start { return false }
                    host = at + 1
                } else if byte <= 34, byte != UInt8(ascii: "!") {
                    return false
                } else if byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") {
                    return false
                }
            } else if byte == 127 {
                return false
            }
            at += 1
        }
        at = host
        if at < end, bytes[at] == CChar(UInt8(ascii: "[")) {
            while at < end, bytes[at] != CChar(UInt8(ascii: "]")) { at += 1 }
            guard at < end, at > host + 1 else { return false }
            at += 1
        } else {
            while at < end, isHostByte(UInt8(bitPattern: bytes[at])) { at += 1 }
            guard at > host else { return false }
        }
        if at < end, bytes[at] == CChar(UInt8(ascii: ":")) {
            at += 1
            var port = 0
            let digits = at
            while at < end, bytes[at] >= 48, bytes[at] <= 57, at - digits < 6 {
                port = port * 10 + Int(bytes[at]) - 48
                at += 1
            }
            guard at > digits, port <= 65535 else { return false }
        }
        return at == end || bytes[at] == CChar(UInt8(ascii: ";")) || bytes[at] == CChar(UInt8(ascii: "?"))
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        (byte | 32) >= 97 && (byte | 32) <= 122 || byte >= 48 && byte <= 57 || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
