// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// How credentials are hashed (RFC 7616, 3.3; RFC 8760 brings it to SIP).
public struct Algorithm: Equatable, Sendable {
    enum Hash: Sendable { case md5, sha256, sha512Cut }
    let hash: Hash
    /// The nonces are part of the user's hash.
    public let isSession: Bool

    public static let md5 = Algorithm(hash: .md5, isSession: false)
    public static let sha256 = Algorithm(hash: .sha256, isSession: false)

    private static let all: [(StaticString, Algorithm)] = [
        ("MD5", md5), ("MD5-sess", Algorithm(hash: .md5, isSession: true)),
        ("SHA-256", sha256), ("SHA-256-sess", Algorithm(hash: .sha256, isSession: true)),
        ("SHA-512-256", Algorithm(hash: .sha512Cut, isSession: false)),
        ("SHA-512-256-sess", Algorithm(hash: .sha512Cut, isSession: true)),
    ]

    /// By its name, whatever the case; without one it is MD5.
    public static func named(_ name: Text) -> Algorithm? {
        if name.isEmpty { return md5 }
        for (known, algorithm) in all where name.equalsIgnoringCase(known) { return algorithm }
        return nil
    }

    public var name: StaticString {
        for (name, algorithm) in Algorithm.all where algorithm == self { return name }
        return "MD5"
    }

    /// Hexadecimal digits of a hash.
    public var length: Int { hash == .md5 ? 32 : 64 }
    public static let longest = 64

    /// Writes the hash of some bytes as hexadecimal digits.
    func write(_ bytes: UnsafeRawBufferPointer, into digits: UnsafeMutablePointer<CChar>) {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { out in
            guard let start = out.baseAddress else { return }
            switch hash {
            case .md5: MD5.hash(bytes, into: start)
            case .sha256: SHA256.hash(bytes, into: start)
            case .sha512Cut: SHA512_256.hash(bytes, into: start)
            }
            for index in 0..<(length / 2) {
                digits[2 * index] = hexDigit(out[index] >> 4)
                digits[2 * index + 1] = hexDigit(out[index] & 15)
            }
        }
    }
}

func hexDigit(_ value: UInt8) -> CChar { CChar(value < 10 ? 48 + value : 87 + value) }

/// Pieces behind each other, in room that was counted before.
struct Joined {
    let start: UnsafeMutablePointer<CChar>
    private(set) var count = 0

    mutating func add(_ text: mt_str) {
        if text.len > 0 { memcpy(start + count, text.ptr, text.len) }
        count += text.len
    }
    mutating func add(_ byte: UInt8) {
        start[count] = CChar(bitPattern: byte)
        count += 1
    }
    /// The piece, and a colon before it.
    mutating func add(next text: mt_str) {
        add(UInt8(ascii: ":"))
        add(text)
    }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// Lends the pieces, with as much room as they take and their colons.
    static func with(room: Int, _ body: (inout Joined) -> Void) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: room + 16) { memory in
            guard let start = memory.baseAddress else { return }
            var joined = Joined(start: start)
            body(&joined)
        }
    }
}
