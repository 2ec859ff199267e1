// SPDX-License-Identifier: Apache-2.0
#if canImport(Digests)
import Digests
#endif

/// The token that stands for a flow in Path and Record-Route (RFC 5626, 5.2), so that the server need not remember it.
///
///     10 bytes   the last ones of HMAC-SHA1 over all that follows
///      1         the transport; its top bit: the addresses are IPv6
///      4 or 16   our address, 2 our port
///      4 or 16   the client's address, 2 its port
///      4         when it was made, in seconds since 1970; only when tokens have an age limit
///
/// in Base64. Without the time this is the layout that Kamailio writes: servers with the same key take each other's.
public enum FlowToken {
    /// The longest text of one.
    public static let room = 68
    private static let longest = 10 + 1 + 18 + 18 + 4

    public enum Reading: Equatable, Sendable {
        case flow(FlowName)
        /// Somebody's user part that was never a token.
        case noToken
        /// It looks like one and is none of ours: another key, bytes that were changed, cut off or added.
        case forged
        /// It is ours, and too old.
        case expired
    }

    /// Writes it, and answers how many bytes that are.
    ///
    /// - Parameter time: seconds since 1970, or nil when it is to be valid as long as its key.
    public static func write(
        _ flow: FlowName, _ keys: Keyring, time: UInt32?, into text: UnsafeMutablePointer<UInt8>
    ) -> Int {
        withUnsafeTemporaryAllocation(byteCount: longest, alignment: 8) { bytes in
            var at = 10
            func put<Word: FixedWidthInteger>(_ word: Word) {
                bytes.storeBytes(of: word.bigEndian, toByteOffset: at, as: Word.self)
                at += MemoryLayout<Word>.size
            }
            let isV4 = flow.local.isV4 && flow.remote.isV4
            put(flow.transport.rawValue | (isV4 ? 0 : 0x80))
            func put(_ end: FlowPoint) {
                if isV4 {
                    put(UInt32(truncatingIfNeeded: end.low))
                } else {
                    put(end.high)
                    put(end.low)
                }
                put(end.port)
            }
            put(flow.local)
            put(flow.remote)
            if let time { put(time) }
            let code = keys.keys[0].code(of: UnsafeRawBufferPointer(rebasing: bytes[10..<at]))
            bytes.storeBytes(of: code.high.bigEndian, toByteOffset: 0, as: UInt16.self)
            bytes.storeBytes(of: code.low.bigEndian, toByteOffset: 2, as: UInt64.self)
            return Base64.write(UnsafeRawBufferPointer(rebasing: bytes[0..<at]), into: text)
        }
    }

    /// - Parameters:
    ///   - time: now, in seconds since 1970.
    ///   - limit: how old a token may be, in seconds; 0: as old as it likes.
    public static func read(
        _ text: UnsafeBufferPointer<UInt8>, _ keys: Keyring, time: UInt32 = 0, limit: UInt32 = 0
    ) -> Reading {
        guard text.count > 0 else { return .noToken }
        guard text.count <= room else { return likeness(text) }
        return withUnsafeTemporaryAllocation(byteCount: longest, alignment: 8) { bytes in
            guard let count = Base64.read(text, into: bytes) else { return likeness(text) }
            let stamp = limit > 0 ? 4 : 0
            guard count == 23 + stamp || count == 47 + stamp else { return likeness(text) }
            let isV4 = count == 23 + stamp
            guard (bytes[10] & 0x80 == 0) == isV4 else { return .forged }
            guard isSigned(UnsafeRawBufferPointer(rebasing: bytes[0..<count]), keys) else { return .forged }
            guard let transport = FlowTransport(rawValue: bytes[10] & 0x7f) else { return .forged }
            var at = 11
            func take<Word: FixedWidthInteger>(_: Word.Type) -> Word {
                defer { at += MemoryLayout<Word>.size }
                return bytes.loadUnaligned(fromByteOffset: at, as: Word.self).bigEndian
            }
            func end() -> FlowPoint {
                if isV4 {
                    let address = take(UInt32.self)
                    return FlowPoint(v4: address, port: take(UInt16.self))
                }
                let (high, low) = (take(UInt64.self), take(UInt64.self))
                return FlowPoint(high: high, low: low, port: take(UInt16.self))
            }
            let local = end()
            let remote = end()
            // IPv4 has a form of its own: the other one was not written here.
            guard isV4 || !(local.isV4 || remote.isV4) else { return .forged }
            if limit > 0 {
                let made = take(UInt32.self)
                // A clock that was set back a little does no harm.
                guard made <= time &+ 60, time <= made &+ limit || made > time else { return .expired }
            }
            return .flow(FlowName(transport, local: local, remote: remote))
        }
    }

    /// Every key is tried, and every byte is looked at, whatever the first ones were: how long it takes says nothing.
    private static func isSigned(_ bytes: UnsafeRawBufferPointer, _ keys: Keyring) -> Bool {
        let high = bytes.loadUnaligned(fromByteOffset: 0, as: UInt16.self).bigEndian
        let low = bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self).bigEndian
        let signed = UnsafeRawBufferPointer(rebasing: bytes[10...])
        var found: UInt64 = 0
        for index in 0..<keys.count {
            let code = keys.keys[index].code(of: signed)
            let difference = UInt64(code.high ^ high) | (code.low ^ low)
            // 1 when nothing differs, without asking.
            found |= ((difference | (0 &- difference)) >> 63) ^ 1
        }
        return found == 1
    }

    /// User parts that scripts give our Routes ("edge") are short, or have other signs in them.
    private static func likeness(_ text: UnsafeBufferPointer<UInt8>) -> Reading {
        guard text.count >= 16 else { return .noToken }
        for byte in text where !Base64.isDigit(byte) { return .noToken }
        return .forged
    }
}
