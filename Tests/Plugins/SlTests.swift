// SPDX-License-Identifier: Apache-2.0
import PluginKit
import SlLogic
import Testing

private let life = ReplyTag(life: 0x6dc8_a115_72a1_f3e3, 0xcae9_f338_bda7_ca0f, key: 42)

private func tag(
    _ scheme: ReplyTag = life, _ callID: StaticString = "c1@h", _ branch: StaticString = "z9hG4bK1",
    _ cseq: Int = 1
) -> String {
    var bytes = [UInt8](repeating: 0, count: ReplyTag.length)
    bytes.withUnsafeMutableBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return }
        scheme.write(callID: Text(callID), branch: Text(branch), cseq: cseq, into: start)
    }
    return String(decoding: bytes, as: UTF8.self)
}

private func isOurs(
    _ tag: String, _ callID: StaticString = "c1@h", _ branch: StaticString = "z9hG4bK1", _ cseq: Int = 1
) -> Bool {
    tag.withRaw {
        life.answers(Text(unchecked: $0), callID: Text(callID), branch: Text(branch), cseq: cseq)
    }
}

@Suite struct ReplyTagTests {
    @Test func `a tag is 32 hexadecimal digits, a full stop, and 8 more`() {
        let tag = tag()
        #expect(tag.hasPrefix("6dc8a11572a1f3e3cae9f338bda7ca0f."))
        #expect(tag.utf8.count == 41)
        #expect(tag.dropFirst(33).allSatisfy { $0.isHexDigit && !$0.isUppercase })
    }

    @Test func `the same request gets the same tag again`() {
        #expect(tag() == tag())
    }

    @Test func `another Call-ID, branch or CSeq gets another tag`() {
        #expect(tag(life, "c2@h") != tag())
        #expect(tag(life, "c1@h", "z9hG4bK2") != tag())
        #expect(tag(life, "c1@h", "z9hG4bK1", 2) != tag())
        #expect(tag(life, "c1@h-long-enough-for-two-words") != tag(life, "c1@h-long-enough-for-two-wordS"))
    }

    @Test func `the ACK of a reply is recognised by what it has in common with its INVITE`() {
        #expect(isOurs(tag()))
        #expect(!isOurs(tag(), "other@h"))
        #expect(!isOurs(tag(), "c1@h", "z9hG4bKother"))
        #expect(!isOurs(tag(), "c1@h", "z9hG4bK1", 2))
    }

    @Test func `a tag of another server, of tm, or none is not ours`() {
        #expect(!isOurs(tag(ReplyTag(life: 1, 2, key: 42))))
        #expect(!isOurs(tag().replacing(".", with: "-")))
        #expect(!isOurs("1928301774"))
        #expect(!isOurs(""))
    }

    @Test func `two starts have two lives`() {
        #expect(tag(.random()) != tag(.random()))
    }
}

@Suite struct ReplyCountTests {
    private func name(_ status: Int) -> String { "\(ReplyCount.names[ReplyCount.index(of: status)])" }

    @Test func `a status with a counter of its own is not counted under its class`() {
        #expect(name(200) == "200_replies")
        #expect(name(202) == "202_replies")
        #expect(name(404) == "404_replies")
        #expect(name(483) == "483_replies")
        #expect(name(500) == "500_replies")
    }

    @Test func `other statuses are counted under their class`() {
        #expect(name(100) == "1xx_replies")
        #expect(name(199) == "1xx_replies")
        #expect(name(201) == "2xx_replies")
        #expect(name(299) == "2xx_replies")
        #expect(name(305) == "3xx_replies")
        #expect(name(402) == "4xx_replies")
        #expect(name(422) == "4xx_replies")
        #expect(name(503) == "5xx_replies")
        #expect(name(603) == "6xx_replies")
    }

    @Test func `what is in no class has a counter too`() {
        #expect(name(700) == "xxx_replies")
        #expect(name(99) == "xxx_replies")
    }

    @Test func `each counter has one name`() {
        let names = ReplyCount.names.map { "\($0)" }
        #expect(Set(names).count == names.count)
        #expect(names.count == ReplyCount.count)
    }
}

@Suite struct AckWindowTests {
    @Test func `it is shut until a reply was sent`() {
        let window = AckWindow()
        #expect(!window.wasOpened)
        #expect(!window.isOpen(at: 0))
    }

    @Test func `it stays open for 64 times T1 after the last reply`() {
        var window = AckWindow()
        window.open(at: 1_000_000_000)
        #expect(window.isOpen(at: 1_000_000_000))
        #expect(window.isOpen(at: 32_999_999_999))
        #expect(!window.isOpen(at: 33_000_000_000))
        window.open(at: 30_000_000_000)
        #expect(window.isOpen(at: 61_000_000_000))
    }
}

@Suite struct EscapeTests {
    private func escaped(_ text: StaticString) -> String {
        let text = Text(text)
        var bytes = [UInt8](repeating: 0, count: Escape.room(for: text) + 1)
        let count = bytes.withUnsafeMutableBufferPointer { bytes in
            bytes.baseAddress.map { Escape.write(text, into: $0) } ?? 0
        }
        return String(decoding: bytes[0..<count], as: UTF8.self)
    }

    @Test func `a Route in a URI is escaped`() {
        #expect(escaped("<sip:192.0.2.1;lr>") == "%3Csip:192.0.2.1%3Blr%3E")
        #expect(escaped("<sip:a@b?c=d>") == "%3Csip:a%40b%3Fc%3Dd%3E")
    }
}
