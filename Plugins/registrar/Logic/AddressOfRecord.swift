// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The key under which somebody's contacts are kept: user, or user@domain.
public struct AddressOfRecord: Sendable {
    public var usesDomain = false
    public var isCaseSensitive = false
    /// Taken off the front of the domain.
    public var realmPrefix = ""
    public static let longest = 256

    public init() {}

    public enum Fault: Error, Equatable { case malformed, tooLong }

    /// Writes the key of a URI's user and host into the room, and answers its length. Escapes are resolved;
    /// case does not count, unless it is told to, and never does in a domain.
    public func write(
        user: Text, host: Text, into room: UnsafeMutableBufferPointer<UInt8>
    ) throws(Fault) -> Int {
        var length = 0
        func put(_ byte: UInt8, keepsCase: Bool) throws(Fault) {
            guard length < min(room.count, AddressOfRecord.longest) else { throw .tooLong }
            room[length] = !keepsCase && byte >= 65 && byte <= 90 ? byte | 32 : byte
            length += 1
        }
        var at = 0
        while at < user.count {
            var byte = user[at]
            if byte == UInt8(ascii: "%") {
                guard at + 2 < user.count, let high = hexDigit(user[at + 1]), let low = hexDigit(user[at + 2])
                else { throw .malformed }
                byte = high << 4 | low
                at += 2
            }
            try put(byte, keepsCase: isCaseSensitive)
            at += 1
        }
        guard usesDomain else {
            // A URI without a user is somebody too: the host itself.
            guard length == 0 else { return length }
            for index in 0..<host.count { try put(host[index], keepsCase: false) }
            guard length > 0 else { throw .malformed }
            return length
        }
        var domain = host
        if !realmPrefix.isEmpty, domain.hasPrefixIgnoringCase(realmPrefix) {
            domain = domain.dropFirst(realmPrefix.utf8.count)
        }
        guard !domain.isEmpty else { throw .malformed }
        if length > 0 { try put(UInt8(ascii: "@"), keepsCase: true) }
        for index in 0..<domain.count { try put(domain[index], keepsCase: false) }
        return length
    }
}

func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}

public func hexPair(_ high: UInt8, _ low: UInt8) -> UInt8? {
    guard let high = hexDigit(high), let low = hexDigit(low) else { return nil }
    return high << 4 | low
}
