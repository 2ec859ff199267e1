// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct LanesTests {
    /// Where a byte of that kind first stands, as the finder says and as looking at each byte says.
    func agree(_ bytes: [UInt8], _ marks: (Lanes) -> Marks, _ isOne: (UInt8) -> Bool) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return true }
            let finder = Finder(Slice(base: base, count: buffer.count), base)
            return (0...bytes.count).allSatisfy { start in
                let expected = bytes[start...].firstIndex(where: isOne) ?? bytes.count
                return finder.first(from: base + start, marks) == base + expected
            }
        }
    }

    @Test func `what is sought is found at every place of texts of every length`() {
        for count in 1...50 {
            for place in 0..<count {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: count)
                bytes[place] = UInt8(ascii: ";")
                #expect(agree(bytes, { $0.are(UInt8(ascii: ";")) }, { $0 == UInt8(ascii: ";") }))
            }
        }
    }

    @Test(arguments: [3, 16, 21]) func `each of the 256 bytes is of the kinds that it is of`(count: Int) {
        let noURI: Set<UInt8> = Set(0...0x20).union([0x22, 0x3C, 0x3E, 0x7F])
        let marks = Set("-.!%*_+`'~".utf8)
        let host = Set("-._".utf8)
        func isName(_ byte: UInt8) -> Bool { byte.isAlpha || byte.isDigit }
        for byte in UInt8.min...UInt8.max {
            var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: count)
            bytes[count - 1] = byte
            #expect(agree(bytes, { ~$0.areToken }, { !isName($0) && !marks.contains($0) }))
            #expect(agree(bytes, { ~$0.areHost }, { !isName($0) && !host.contains($0) }))
            #expect(agree(bytes, { $0.areNoURI }, { noURI.contains($0) }))
            #expect(agree(bytes, { $0.areSpace }, { $0.isSpace }))
            #expect(agree(bytes, { ~$0.areAlpha }, { !$0.isAlpha }))
            let text = Slice(forever: String(decoding: bytes, as: UTF8.self))
            #expect(byte > 127 || text.isToken == (isName(byte) || marks.contains(byte)))
        }
    }

    @Test func `letter case is all that does not count`() {
        for count in 1...20 {
            for byte in UInt8.min..<128 {
                var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: count)
                bytes[count / 2] = byte
                var other = bytes
                other[count / 2] ^= 0x20
                let isLetter = byte.isAlpha
                let a = Slice(forever: String(decoding: bytes, as: UTF8.self))
                let b = Slice(forever: String(decoding: other, as: UTF8.self))
                #expect(a.equalsIgnoringCase(b) == isLetter)
                #expect(a.equalsIgnoringCase(a))
            }
        }
        #expect(slice("ReCeived").isWord("received") && !slice("receive").isWord("received"))
        #expect(slice("TAG").isWord("tag") && !slice("tab").isWord("tag") && !slice("ta").isWord("tag"))
    }
}
