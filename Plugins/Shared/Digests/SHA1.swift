// SPDX-License-Identifier: Apache-2.0

/// SHA-1 (RFC 3174), for what is laid down with it: flow tokens, where with a key in front (HMAC) it is as safe as ever,
/// and the answer to a WebSocket handshake, which is no secret. Nothing else may be built on it.
@frozen public enum SHA1 {
    public typealias State = (UInt32, UInt32, UInt32, UInt32, UInt32)
    @inlinable public static var start: State {
        (0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0)
    }
    @inlinable public static var blockSize: Int { 64 }
    @inlinable public static var size: Int { 20 }

    /// Takes one block of sixteen words into the state.
    @inlinable @inline(__always)
    public static func mix(_ words: UnsafeMutablePointer<UInt32>, into state: inout State) {
        var (a, b, c, d, e) = state
        for round in 0..<80 {
            let place = round & 15
            if round >= 16 {
                let sum =
                    words[(round &+ 13) & 15] ^ words[(round &+ 8) & 15] ^ words[(round &+ 2) & 15]
                    ^ words[place]
                words[place] = sum << 1 | sum >> 31
            }
            let mixed: UInt32
            if round < 20 {
                mixed = (d ^ (b & (c ^ d))) &+ 0x5a82_7999
            } else if round < 40 {
                mixed = (b ^ c ^ d) &+ 0x6ed9_eba1
            } else if round < 60 {
                mixed = ((b & c) | (d & (b | c))) &+ 0x8f1b_bcdc
            } else {
                mixed = (b ^ c ^ d) &+ 0xca62_c1d6
            }
            let next = (a << 5 | a >> 27) &+ mixed &+ e &+ words[place]
            (e, d, c, b, a) = (d, c, b << 30 | b >> 2, a, next)
        }
        state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e)
    }

    /// The last bytes of a message, padded. They are at most 55, so that one block holds them and the length.
    ///
    /// - Parameter total: the bytes of the whole message.
    @inlinable @inline(__always)
    public static func finish(_ bytes: UnsafeRawBufferPointer, total: Int, _ state: inout State) {
        withUnsafeTemporaryAllocation(byteCount: blockSize, alignment: 4) { raw in
            let block = UnsafeMutableRawBufferPointer(rebasing: raw[0..<blockSize])
            block.initializeMemory(as: UInt8.self, repeating: 0)
            block.copyMemory(from: bytes)
            block[bytes.count] = 0x80
            block.storeBytes(of: (UInt64(total) * 8).bigEndian, toByteOffset: 56, as: UInt64.self)
            mix(block, into: &state)
        }
    }

    /// A block of bytes.
    @inlinable @inline(__always)
    public static func mix(_ block: UnsafeMutableRawBufferPointer, into state: inout State) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { words in
            for index in 0..<16 {
                words[index] = block.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self).bigEndian
            }
            mix(words.baseAddress.unsafelyUnwrapped, into: &state)
        }
    }

    /// Of a message of any length.
    public static func hash(_ message: [UInt8]) -> State {
        var state = start
        var padded = message + [0x80]
        while padded.count % blockSize != 56 { padded.append(0) }
        withUnsafeBytes(of: (UInt64(message.count) * 8).bigEndian) { padded.append(contentsOf: $0) }
        padded.withUnsafeMutableBytes { bytes in
            for at in stride(from: 0, to: bytes.count, by: blockSize) {
                mix(UnsafeMutableRawBufferPointer(rebasing: bytes[at..<(at + blockSize)]), into: &state)
            }
        }
        return state
    }

    public static func bytes(_ state: State) -> [UInt8] {
        [state.0, state.1, state.2, state.3, state.4].flatMap { word in
            withUnsafeBytes(of: word.bigEndian) { Array($0) }
        }
    }
}
