// SPDX-License-Identifier: Apache-2.0
import StunLogic
import Testing

private let cookie: [UInt8] = [0x21, 0x12, 0xa4, 0x42]
private let transaction = [UInt8](1...12)
private let software = Array("martlet".utf8)
/// 192.0.2.7:40001
private let v4 = STUN.Source(address: (0, 0xffff_c000_0207), isV4: true, port: 40001)
private let v6 = STUN.Source(address: (0x2001_0db8_0000_0000, 9), isV4: false, port: 40001)

private func message(
    _ type: UInt16, _ attributes: [UInt8] = [], length: Int? = nil, cookie: [UInt8] = cookie
) -> [UInt8] {
    let length = length ?? attributes.count
    return [UInt8(type >> 8), UInt8(type & 255), UInt8(length >> 8), UInt8(length & 255)] + cookie
        + transaction
        + attributes
}

private func answer(_ bytes: [UInt8], from source: STUN.Source = v4) -> (STUN.Verdict, [UInt8]) {
    var out = [UInt8](repeating: 0xee, count: STUN.room(software: software.count))
    let verdict = bytes.withUnsafeBytes { bytes in
        software.withUnsafeBytes { software in
            out.withUnsafeMutableBytes { STUN.answer(bytes, from: source, software: software, into: $0) }
        }
    }
    if case .answer(let count, _) = verdict { return (verdict, Array(out[0..<count])) }
    return (verdict, [])
}

/// 0: it was answered well; nil: not at all.
private func refusal(_ bytes: [UInt8]) -> Int? {
    if case .answer(_, let refused) = answer(bytes).0 { return refused }
    return nil
}

@Suite struct STUNTests {
    @Test func `a binding request is answered with where it came from, under the cookie (RFC 5389, 15.2)`() {
        let (verdict, bytes) = answer(message(1))
        #expect(verdict == .answer(count: bytes.count, refused: 0))
        #expect(Array(bytes[0..<2]) == [0x01, 0x01])
        #expect(Int(bytes[2]) << 8 | Int(bytes[3]) == bytes.count - 20)
        #expect(Array(bytes[4..<20]) == cookie + transaction)
        let mapped: [UInt8] = [0, 0x20, 0, 8, 0, 1, 0xbd, 0x53, 0xe1, 0x12, 0xa6, 0x45]
        #expect(Array(bytes[20..<32]) == mapped)
        let name: [UInt8] = [0x80, 0x22, 0, 7] + software + [0]
        #expect(Array(bytes[32...]) == name, "SOFTWARE, padded")
    }

    @Test func `IPv6 is under the cookie and the transaction`() {
        let (_, bytes) = answer(message(1), from: v6)
        #expect(Array(bytes[20..<26]) == [0, 0x20, 0, 20, 0, 2])
        let mask = cookie + transaction
        let address = zip(bytes[28..<44], mask).map { $0 ^ $1 }
        #expect(address == [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9])
    }

    @Test func `an older client, without the cookie, gets the address in plain and nothing else (RFC 3489)`()
    {
        let (_, bytes) = answer(message(1, cookie: [9, 9, 9, 9]))
        #expect(Array(bytes[0..<8]) == [1, 1, 0, 12, 9, 9, 9, 9])
        #expect(Array(bytes[20...]) == [0, 1, 0, 8, 0, 1, 0x9c, 0x41, 192, 0, 2, 7])
    }

    @Test func `what has to be understood and is not, is named in a 420 of the right length`() {
        let odd: [UInt8] = [0x7f, 0xff, 0, 1, 0xaa, 0, 0, 0]
        let (verdict, bytes) = answer(message(1, odd))
        #expect(verdict == .answer(count: bytes.count, refused: 420))
        #expect(Array(bytes[0..<2]) == [0x01, 0x11])
        #expect(Array(bytes[20..<28]) == [0, 9, 0, 21, 0, 0, 4, 20])
        #expect(String(decoding: bytes[28..<45], as: UTF8.self) == "Unknown Attribute")
        #expect(Array(bytes[48..<56]) == [0, 10, 0, 2, 0x7f, 0xff, 0, 0])
        #expect(Int(bytes[2]) << 8 | Int(bytes[3]) == bytes.count - 20)
    }

    @Test func `USERNAME, FINGERPRINT and unknown optional attributes do no harm`() {
        for attribute in [[0, 6, 0, 3, 1, 2, 3, 0], [0x80, 0x28, 0, 4, 1, 2, 3, 4], [0xff, 0, 0, 0]]
            as [[UInt8]]
        {
            #expect(refusal(message(1, attribute)) == 0, "\(attribute)")
        }
    }

    @Test func `other methods are refused, and what is no request is not answered`() {
        #expect(refusal(message(3)) == 600)
        for type in [0x0011, 0x0101, 0x0111] as [UInt16] { #expect(answer(message(type)).0 == .silence) }
    }

    @Test func `a wrong length is refused when the cookie is there, and is nobody's otherwise`() {
        #expect(refusal(message(1, length: 8)) == 400)
        #expect(refusal(message(1, [0, 6, 0, 9, 1, 1, 1, 1])) == 400)
        #expect(answer(message(1, length: 8, cookie: [9, 9, 9, 9])).0 == .foreign)
        #expect(answer([0, 1, 0, 0]).0 == .foreign)
        #expect(answer(Array("OPTIONS sip:a@b.example SIP/2.0\r\n\r\n".utf8)).0 == .foreign)
        #expect(answer([]).0 == .foreign)
    }
}
