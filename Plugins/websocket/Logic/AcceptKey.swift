// SPDX-License-Identifier: Apache-2.0
#if canImport(Digests)
    import Digests
#endif

/// How a server shows that it has read the handshake (RFC 6455, 4.2.2): the key, a fixed text behind it, hashed.
enum AcceptKey {
    private static let suffix = Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)

    /// Sixteen bytes in Base64, and nothing else.
    static func isKey(_ text: String) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 18)
        let digits = Array(text.utf8)
        guard digits.count == 24 else { return false }
        return digits.withUnsafeBufferPointer { digits in
            bytes.withUnsafeMutableBytes { Base64.read(digits, into: $0) }
        } == 16
    }

    /// What Sec-WebSocket-Accept says.
    static func answer(to key: String) -> String {
        let digest = SHA1.bytes(SHA1.hash(Array(key.utf8) + suffix))
        return String(unsafeUninitializedCapacity: Base64.room(for: digest.count)) { room in
            digest.withUnsafeBytes { bytes in
                room.baseAddress.map { Base64.write(bytes, into: $0) } ?? 0
            }
        }
    }
}
