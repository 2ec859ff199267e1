// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing

@testable import Script

/// The operands that only stand in comparisons: method, uri, src_ip, proto ... Measured on Kamailio 5.6.3.
@Suite struct OperandTests {
    @Test(arguments: [
        ("method == OPTIONS", true), ("method == \"options\"", true), ("method != \"INVITE\"", true),
        ("method == INVITE", false), ("method =~ \"^opt\"", true), ("method == $rm", true),
        ("method == \"FOO\"", false),
        ("uri == \"SIP:BOB@biloxi.example\"", true), ("uri != \"sip:bob@biloxi.example\"", false),
        ("uri =~ \"^sip:bob\"", true), ("uri =~ \"^sip:alice\"", false), ("uri == $ru", true),
        ("from_uri == \"sip:ALICE@atlanta.example\"", true), ("to_uri =~ \"biloxi\"", true),
        ("uri == myself", true), ("!uri == myself", false), ("uri != myself", false), ("myself == uri", true),
        ("from_uri == myself", false), ("to_uri == myself", true),
        ("src_ip == 192.0.2.7", true), ("src_ip == 192.0.2.0/24", true), ("src_ip == 10.0.0.0/8", false),
        ("src_ip != 10.0.0.1", true), ("src_ip == 192.0.2.0/255.255.255.0", true),
        ("src_ip == \"192.0.2.7\"", true),
        ("src_ip == \"192.0.2.0/24\"", true), ("src_ip == $si", true), ("src_ip == $var(x)", false),
        ("src_ip =~ \"^192\"", true), ("src_ip == myself", false), ("dst_ip == myself", true),
        ("dst_ip == 192.0.2.1", true),
        ("src_ip == ::1", false), ("src_port == 5070", true), ("src_port > 5000", true),
        ("src_port <= 5000", false),
        ("dst_port == 5060 && msg:len > 10", true), ("proto == UDP", true), ("proto != TCP", true),
        ("proto == 1", true),
        ("proto == TLS", false), ("af == INET", true), ("af == INET6", false),
        ("status == \"sip:bob@biloxi.example\"", true),
    ])
    func `in a request`(source: String, expected: Bool) throws {
        let story = try Stage().run(statements: "if (\(source)) { note(\"T\"); } else { note(\"F\"); }")
        #expect(story.lines == [expected ? "T" : "F"])
    }

    @Test(arguments: [
        ("status == \"180\"", true), ("status =~ \"1[0-9][0-9]\"", true),
        ("status =~ \"[456][0-9][0-9]\"", false),
        ("method == INVITE", true), ("uri == \"180\"", true), ("uri == myself", false),
    ])
    func `in a reply`(source: String, expected: Bool) throws {
        let stage = Stage()
        let pool = try stage.load("reply_route { if (\(source)) { note(\"T\"); } else { note(\"F\"); } }")
        #expect(stage.play(pool.program.reply, on: Stage.ringing).lines == [expected ? "T" : "F"])
    }

    @Test func `myself takes the port that is written, or 5060, or 5061 with TLS`() throws {
        func isMyself(_ uri: String) throws -> Bool {
            try Stage().run(
                statements: "if (uri == myself) { note(\"T\"); }",
                on: Stage.options.replacing("sip:bob@biloxi.example SIP", with: "\(uri) SIP")
            ).lines == ["T"]
        }
        #expect(try isMyself("sip:u@192.0.2.1"))
        #expect(try isMyself("sip:u@192.0.2.1:5060"))
        #expect(try !isMyself("sip:u@192.0.2.1:5998"))
        #expect(try !isMyself("sips:u@192.0.2.1"))
        #expect(try !isMyself("sip:u@192.0.2.1;transport=tls"))
        #expect(try isMyself("sip:u@ALIAS.example:9"))
        #expect(try !isMyself("tel:+1212"))
    }
}
