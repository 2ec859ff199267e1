// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// What a challenge hands out: when it was made, a number, and a seal that only this server can make. So
/// nothing has to be remembered of those that never come back.
public struct Nonce: Equatable, Sendable {
    /// Unix time.
    public var time: UInt32
    public var serial: UInt32
    /// As text.
    public static let length = 32

    public init(time: UInt32, serial: UInt32) {
        self.time = time
        self.serial = serial
    }

    public enum Age: Equatable, Sendable { case young, old, fromTheFuture }

    /// - Parameter drift: by how much clocks of servers that share a secret may differ.
    public func age(now: Int, life: Int, drift: Int) -> Age {
        if Int(time) > now + drift { return .fromTheFuture }
        return now - Int(time) > life ? .old : .young
    }
}

/// The server's secret, by which it knows its nonces again.
public struct NonceKey: Sendable {
    /// RFC 2104: the key, ready for the inner and the outer hash.
    private let inner, outer: [UInt8]

    public init(_ secret: [UInt8]) {
        var key = secret
        if key.count > 64 {
            key = [UInt8](repeating: 0, count: 32)
            secret.withUnsafeBytes { secret in
                key.withUnsafeMutableBytes { SHA256.hash(secret, into: $0.baseAddress.unsafelyUnwrapped) }
            }
        }
        key += [UInt8](repeating: 0, count: 64 - key.count)
        inner = key.map { $0 ^ 0x36 }
        outer = key.map { $0 ^ 0x5c }
    }

    /// - Parameter bound: parts of the request that the nonce is good for only.
    public func write(
        _ nonce: Nonce, bound: UnsafeRawBufferPointer, into text: UnsafeMutablePointer<CChar>
    ) {
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { bytes in
            fill(bytes, nonce, bound)
            Base64.write(UnsafeRawBufferPointer(bytes), into: text)
        }
    }

    public enum Reading: Equatable, Sendable {
        case nonce(Nonce)
        /// Made with another secret, or for another request.
        case foreign
        case malformed
    }

    public func read(_ text: mt_str, bound: UnsafeRawBufferPointer) -> Reading {
        guard text.len == Nonce.length else { return .malformed }
        return withUnsafeTemporaryAllocation(byteCount: 48, alignment: 8) { memory in
            let given = UnsafeMutableRawBufferPointer(rebasing: memory[0..<24])
            let expected = UnsafeMutableRawBufferPointer(rebasing: memory[24..<48])
            guard Base64.read(text, into: given) else { return .malformed }
            let nonce = Nonce(
                time: UInt32(bigEndian: given.load(fromByteOffset: 0, as: UInt32.self)),
                serial: UInt32(bigEndian: given.load(fromByteOffset: 4, as: UInt32.self)))
            fill(expected, nonce, bound)
            var difference: UInt8 = 0
            for index in 8..<24 { difference |= given[index] ^ expected[index] }
            return difference == 0 ? .nonce(nonce) : .foreign
        }
    }

    /// 4 bytes time, 4 bytes serial, 16 bytes of the seal.
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ nonce: Nonce, _ bound: UnsafeRawBufferPointer)
    {
        bytes.storeBytes(of: nonce.time.bigEndian, toByteOffset: 0, as: UInt32.self)
        bytes.storeBytes(of: nonce.serial.bigEndian, toByteOffset: 4, as: UInt32.self)
        let count = bound.count
        withUnsafeTemporaryAllocation(byteCount: 200 + count, alignment: 8) { room in
            guard let start = room.baseAddress else { return }
            let text = start + 128
            text.copyMemory(from: inner, byteCount: 64)
            (text + 64).copyMemory(from: UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped), byteCount: 8)
            if let bound = bound.baseAddress { (text + 72).copyMemory(from: bound, byteCount: count) }
            start.copyMemory(from: outer, byteCount: 64)
            SHA256.hash(UnsafeRawBufferPointer(start: text, count: 72 + count), into: start + 64)
            SHA256.hash(UnsafeRawBufferPointer(start: start, count: 96), into: start + 96)
            memcpy(bytes.baseAddress.unsafelyUnwrapped + 8, start + 96, 16)
        }
    }
}

/// RFC 4648, for lengths that need no padding.
enum Base64 {
    private static let alphabet: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    static func write(_ bytes: UnsafeRawBufferPointer, into text: UnsafeMutablePointer<CChar>) {
        var place = text
        for at in stride(from: 0, to: bytes.count - 2, by: 3) {
            let group = Int(bytes[at]) << 16 | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            for shift in [18, 12, 6, 0] {
                place.pointee = CChar(alphabet.utf8Start[group >> shift & 63])
                place += 1
            }
        }
    }

    static func read(_ text: mt_str, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
        guard text.len == bytes.count / 3 * 4 else { return false }
        for group in 0..<(text.len / 4) {
            var bits = 0
            for index in 0..<4 {
                guard let value = value(UInt8(bitPattern: text.ptr[group * 4 + index])) else { return false }
                bits = bits << 6 | value
            }
            bytes[group * 3] = UInt8(bits >> 16)
            bytes[group * 3 + 1] = UInt8(bits >> 8 & 255)
            bytes[group * 3 + 2] = UInt8(bits & 255)
        }
        return true
    }

    private static func value(_ byte: UInt8) -> Int? {
        switch byte {
        case 65...90: Int(byte) - 65
        case 97...122: Int(byte) - 71
        case 48...57: Int(byte) + 4
        case 43: 62
        case 47: 63
        default: nil
        }
    }
}
