// SPDX-License-Identifier: Apache-2.0

/// A STUN server as far as keeping flows open needs one (RFC 5389, 7.3; RFC 5626, 8): what arrived goes in, and what to
/// answer comes out. Clients that are older (RFC 3489) send no cookie, and get the address in plain.
public enum STUN {
    /// The far end of the flow that it came by. IPv4 is the last four bytes.
    public struct Source: Sendable {
        public var address: (UInt64, UInt64)
        public var isV4: Bool
        public var port: UInt16

        /// - Parameter address: as they travel, the first byte on the left; for IPv4, in the lower half of the second.
        public init(address: (UInt64, UInt64), isV4: Bool, port: UInt16) {
            self.address = address
            self.isV4 = isV4
            self.port = port
        }
    }
    public enum Verdict: Equatable {
        /// It is no STUN at all.
        case foreign
        /// An indication or an answer: nobody waits for one.
        case silence
        /// So many bytes of the answer were written; a refusal has a status.
        case answer(count: Int, refused: Int)
    }

    /// Enough for any answer.
    public static func room(software: Int) -> Int { 20 + 24 + 40 + 4 + 2 * mostUnknown + 4 + software + 8 }

    static let mostUnknown = 16
    private static let cookie: UInt32 = 0x2112_a442
    private static let binding: UInt16 = 1

    /// - Parameters:
    ///   - software: what SOFTWARE is to say, or nothing.
    ///   - out: at least `room(software:)` bytes.
    public static func answer(
        _ bytes: UnsafeRawBufferPointer, from source: Source, software: UnsafeRawBufferPointer,
        into out: UnsafeMutableRawBufferPointer
    ) -> Verdict {
        guard bytes.count >= 20, bytes[0] & 0xc0 == 0 else { return .foreign }
        let type = word(bytes, 0)
        let isModern = UInt32(word(bytes, 4)) << 16 | UInt32(word(bytes, 6)) == cookie
        // RFC 5389, 6: the two bits of the class stand between those of the method.
        let kind = (type & 0x10) >> 4 | (type & 0x100) >> 7
        let method = type & 0xf | (type & 0xe0) >> 1 | (type & 0x3e00) >> 2
        // Without the cookie nothing but the length tells it from any other bytes.
        guard isModern || Int(word(bytes, 2)) == bytes.count - 20 else { return .foreign }
        guard kind == 0 else { return .silence }
        var writer = Writer(out: out)
        guard method == binding else {
            writer.begin(0x111, bytes)
            writer.refuse(600, "Global Failure")
            return writer.end(600, software)
        }
        guard Int(word(bytes, 2)) == bytes.count - 20, let unknown = Unknown(bytes) else {
            writer.begin(0x111, bytes)
            writer.refuse(400, "Bad Request")
            return writer.end(400, software)
        }
        guard unknown.count == 0 else {
            writer.begin(0x111, bytes)
            writer.refuse(420, "Unknown Attribute")
            writer.list(unknown)
            return writer.end(420, software)
        }
        writer.begin(0x101, bytes)
        writer.address(source, bytes, isModern: isModern)
        return writer.end(0, isModern ? software : UnsafeRawBufferPointer(start: nil, count: 0))
    }

    @inline(__always) static func word(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt16 {
        UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
    }
}

/// The attributes of a request that have to be understood, and are not.
struct Unknown {
    private(set) var count = 0
    private(set) var types = InlineArray<16, UInt16>(repeating: 0)

    /// Those that are understood, or may be left alone though they are below 0x8000: MAPPED-ADDRESS, RESPONSE-ADDRESS,
    /// CHANGE-REQUEST, SOURCE-ADDRESS, CHANGED-ADDRESS, USERNAME, PASSWORD, MESSAGE-INTEGRITY, ERROR-CODE,
    /// UNKNOWN-ATTRIBUTES, REFLECTED-FROM, REALM, NONCE, XOR-MAPPED-ADDRESS.
    private static func isKnown(_ type: UInt16) -> Bool {
        (1...11).contains(type) || type == 0x14 || type == 0x15 || type == 0x20 || type >= 0x8000
    }

    /// nil: an attribute is longer than the message.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var at = 20
        while at < bytes.count {
            guard bytes.count - at >= 4 else { return nil }
            let type = STUN.word(bytes, at)
            let length = (Int(STUN.word(bytes, at + 2)) + 3) & ~3
            guard bytes.count - at - 4 >= length else { return nil }
            if !Unknown.isKnown(type), count < STUN.mostUnknown {
                types[count] = type
                count += 1
            }
            at += 4 + length
        }
    }
}

/// Writes an answer.
private struct Writer {
    let out: UnsafeMutableRawBufferPointer
    private var at = 0

    init(out: UnsafeMutableRawBufferPointer) { self.out = out }

    private mutating func put(_ word: UInt16) {
        out[at] = UInt8(word >> 8)
        out[at + 1] = UInt8(truncatingIfNeeded: word)
        at += 2
    }
    private mutating func put(_ text: UnsafeRawBufferPointer) {
        for byte in text {
            out[at] = byte
            at += 1
        }
        while at & 3 != 0 {
            out[at] = 0
            at += 1
        }
    }

    /// With cookie and transaction as they came.
    mutating func begin(_ type: UInt16, _ request: UnsafeRawBufferPointer) {
        put(type)
        put(0)
        for index in 4..<20 { out[index] = request[index] }
        at = 20
    }

    mutating func address(_ source: STUN.Source, _ request: UnsafeRawBufferPointer, isModern: Bool) {
        let size = source.isV4 ? 4 : 16
        put(isModern ? 0x20 : 1)
        put(UInt16(4 + size))
        put(source.isV4 ? 1 : 2)
        // RFC 5389, 15.2: with the cookie, and behind it the transaction, over it.
        put(isModern ? source.port ^ 0x2112 : source.port)
        for index in 0..<size {
            let place = source.isV4 ? 12 + index : index
            let half = place < 8 ? source.address.0 : source.address.1
            let byte = UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * (place & 7)))
            out[at] = isModern ? byte ^ request[4 + index] : byte
            at += 1
        }
    }

    mutating func refuse(_ code: Int, _ reason: StaticString) {
        put(9)
        put(UInt16(4 + reason.utf8CodeUnitCount))
        put(0)
        put(UInt16((code / 100) << 8 | code % 100))
        put(UnsafeRawBufferPointer(start: reason.utf8Start, count: reason.utf8CodeUnitCount))
    }

    mutating func list(_ unknown: Unknown) {
        put(10)
        put(UInt16(2 * unknown.count))
        for index in 0..<unknown.count { put(unknown.types[index]) }
        if at & 3 != 0 { put(0) }
    }

    mutating func end(_ refused: Int, _ software: UnsafeRawBufferPointer) -> STUN.Verdict {
        if software.count > 0 {
            put(0x8022)
            put(UInt16(software.count))
            put(software)
        }
        let length = at - 20
        out[2] = UInt8(length >> 8)
        out[3] = UInt8(truncatingIfNeeded: length)
        return .answer(count: at, refused: refused)
    }
}
