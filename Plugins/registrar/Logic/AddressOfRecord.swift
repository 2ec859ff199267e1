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
        let most = min(room.count, AddressOfRecord.longest)
        var length = 0
        let bytes = user.span
        var at = 0
        while at < bytes.count {
            var byte = bytes[at]
            if byte == UInt8(ascii: "%") {
                guard at + 2 < bytes.count, let value = hexPair(bytes[at + 1], bytes[at + 2]) else {
                    throw .malformed
                }
                byte = value
                at += 2
            }
            guard length < most else { throw .tooLong }
            room[length] = isCaseSensitive ? byte : lowercase(byte)
            length += 1
            at += 1
        }
        if !usesDomain, length > 0 { return length }
        // A URI without a user is somebody too: the host itself.
        var domain = host
        if usesDomain, !realmPrefix.isEmpty, domain.hasPrefixIgnoringCase(realmPrefix) {
            domain = domain.dropFirst(realmPrefix.utf8.count)
        }
        guard !domain.isEmpty else { throw .malformed }
        let separators = length > 0 ? 1 : 0
        guard domain.count <= most - length - separators else { throw .tooLong }
        if separators > 0 {
            room[length] = UInt8(ascii: "@")
            length += 1
        }
        let letters = domain.span
        for index in 0..<letters.count { room[length + index] = lowercase(letters[index]) }
        return length + letters.count
    }

    @inline(__always) private func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= 65 && byte <= 90 ? byte | 32 : byte
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
