// SPDX-License-Identifier: Apache-2.0
import MaxfwdLogic
import PluginKit
import Testing

private func count(_ body: StaticString) -> HopCount { HopCount(Text(body)) }

/// What Max-Forwards becomes, as it stands in the message; nil when the request goes no further.
private func next(_ body: StaticString, limit: Int = 70) -> String? {
    let text = Text(body).trimmed
    guard case .number(let value) = HopCount(text), value > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: text.count)
    bytes.withUnsafeMutableBufferPointer {
        HopCount.write(HopCount.next(after: value, limit: limit), into: $0)
    }
    return String(decoding: bytes, as: UTF8.self)
}

@Suite struct HopCountTests {
    @Test func `each hop takes one off`() {
        #expect(next("70") == "69")
        #expect(next("5") == "4")
        #expect(next("1") == "0")
    }

    @Test func `the number is right-aligned where the old one was`() {
        #expect(next("10") == " 9")
        #expect(next("007") == "  6")
        #expect(next("100", limit: 255) == " 99")
    }

    @Test func `more than the limit becomes the limit`() {
        #expect(next("71") == "70")
        #expect(next("200") == " 70")
        #expect(next("300") == " 70")
    }

    @Test func `none left is none left, however it is written`() {
        #expect(count("0") == .number(0))
        #expect(count("00") == .number(0))
        #expect(count("") == .number(0))
        #expect(next("0") == nil)
    }

    @Test func `what is not a number is malformed`() {
        #expect(count("abc") == .malformed)
        #expect(count("12x") == .malformed)
        #expect(count("-1") == .malformed)
        #expect(count("6 (c)") == .malformed)
        #expect(count("1000000000000") == .malformed)
    }

    @Test func `blanks around the number do not matter`() {
        #expect(count(" 12 ") == .number(12))
    }
}
