// SPDX-License-Identifier: Apache-2.0
#if canImport(Digests)
    import Digests
#endif

/// A key that signs flow tokens: HMAC-SHA1 (RFC 2104) with what depends on the key alone worked out once, so that a
/// token costs two blocks of the hash.
public struct TokenKey: Sendable {
    private let inner, outer: SHA1.State

    /// Of any length; those longer than a block are hashed first.
    public init(_ key: [UInt8]) {
        var block = key.count > SHA1.blockSize ? SHA1.bytes(SHA1.hash(key)) : key
        block += [UInt8](repeating: 0, count: SHA1.blockSize - block.count)
        func absorbed(_ pad: UInt8) -> SHA1.State {
            var padded = block.map { $0 ^ pad }
            var state = SHA1.start
            padded.withUnsafeMutableBytes { SHA1.mix($0, into: &state) }
            return state
        }
        inner = absorbed(0x36)
        outer = absorbed(0x5c)
    }

    /// The key that a secret stands for: its hash.
    public init(secret: [UInt8]) { self.init(SHA1.bytes(SHA1.hash(secret))) }

    /// How many bytes of the code stand in a token: the last ones.
    static let codeSize = 10

    /// The code of at most 55 bytes.
    @inline(__always)
    func code(of bytes: UnsafeRawBufferPointer) -> (high: UInt16, low: UInt64) {
        var state = inner
        SHA1.finish(bytes, total: SHA1.blockSize + bytes.count, &state)
        var result = outer
        withUnsafeTemporaryAllocation(byteCount: SHA1.size, alignment: 4) { digest in
            digest.storeBytes(of: state.0.bigEndian, toByteOffset: 0, as: UInt32.self)
            digest.storeBytes(of: state.1.bigEndian, toByteOffset: 4, as: UInt32.self)
            digest.storeBytes(of: state.2.bigEndian, toByteOffset: 8, as: UInt32.self)
            digest.storeBytes(of: state.3.bigEndian, toByteOffset: 12, as: UInt32.self)
            digest.storeBytes(of: state.4.bigEndian, toByteOffset: 16, as: UInt32.self)
            SHA1.finish(UnsafeRawBufferPointer(rebasing: digest[0..<SHA1.size]), total: 84, &result)
        }
        return (UInt16(truncatingIfNeeded: result.2), UInt64(result.3) << 32 | UInt64(result.4))
    }
}

/// The keys of a server: the first one signs, all of them are accepted. So a key can be replaced while tokens that it
/// signed are about.
public struct Keyring: @unchecked Sendable {
    /// As long as the process: who is replaced may still be in use by a worker.
    let keys: UnsafePointer<TokenKey>
    let count: Int

    /// - Parameter keys: at least one.
    public init(_ keys: [TokenKey]) {
        precondition(!keys.isEmpty)
        let place = UnsafeMutablePointer<TokenKey>.allocate(capacity: keys.count)
        for (index, key) in keys.enumerated() { (place + index).initialize(to: key) }
        self.keys = UnsafePointer(place)
        count = keys.count
    }

    /// Secrets as they stand in a file: between commas or blanks.
    public static func secrets(in text: String) -> [String] {
        text.split { $0 == "," || $0 == " " || $0 == "\t" || $0 == "\n" }.map(String.init)
    }
}
