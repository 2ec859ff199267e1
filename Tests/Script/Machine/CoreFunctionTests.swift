// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Testing

@testable import Script

/// Sections 10 and 11 of the language: flags, and the functions that need no plugin.
@Suite struct CoreFunctionTests {
    @Test(arguments: [
        ("setflag(3); note(\"$mf\");", ["8"]), ("setflag(3); resetflag(3); note(\"$mf\");", ["0"]),
        ("setflag(31); if (isflagset(31)) note(\"T\");", ["T"]), ("if (!isflagset(1)) note(\"F\");", ["F"]),
        ("setflag(\"4\"); note(\"$mf\");", ["16"]),
        ("forward();", ["forward 0 - 0"]), ("forward(\"a.example\", 5070);", ["forward 0 a.example 5070"]),
        ("forward_tcp(\"a.example\");", ["forward 2 a.example 0"]),
        ("forward(uri:host, uri:port);", ["forward 0 biloxi.example 0"]),
        ("forward(192.0.2.9, 5070);", ["forward 0 192.0.2.9 5070"]),
        ("forward_udp(uri:host, 5090);", ["forward 1 biloxi.example 5090"]),
        ("if (forward(\"bad.example\")) note(\"T\"); else note(\"F\");", ["forward 0 bad.example 0", "F"]),
        ("$var(r) = forward(\"bad.example\"); note(\"$var(r)\");", ["forward 0 bad.example 0", "-2"]),
        ("log(1, \"hello\");", ["log 2: hello"]), ("log(\"hello\");", ["log 0: hello"]),
        (
            "set_advertised_address(\"198.51.100.1\"); set_advertised_port(5080);",
            ["advertise 198.51.100.1 0", "advertise  5080"]
        ),
        ("sethost(\"x.example\"); note(\"$ru\");", ["sip:bob@x.example"]),
        ("setuser(\"carol\"); note(\"$ru\");", ["sip:carol@biloxi.example"]),
        ("rewriteuri(\"sip:z@z.example\"); note(\"$ru\");", ["sip:z@z.example"]),
        ("prefix(\"9\"); note(\"$rU\");", ["9bob"]),
        ("strip(1); note(\"$rU\");", ["ob"]), ("strip_tail(2); note(\"$rU\");", ["b"]),
        ("rewritehostport(\"x.example:5080\"); note(\"$ru\");", ["sip:bob@x.example:5080"]),
        ("setport(\"5090\"); note(\"$rp\");", ["5090"]),
        ("setuser(\"carol\"); revert_uri(); note(\"$ru\");", ["sip:bob@biloxi.example"]),
    ])
    func `each function of the language does its work`(source: String, expected: [String]) throws {
        #expect(try Stage().run(statements: source).lines == expected)
    }

    @Test func `options of the message are set`() throws {
        let story = try Stage().run(
            statements:
                "force_rport(); add_local_rport(); set_forward_no_connect(); set_forward_close(); set_reply_no_connect(); set_reply_close();"
        )
        let all =
            MT_O_FORCE_RPORT | MT_O_FORWARD_NO_CONNECT | MT_O_FORWARD_CLOSE | MT_O_REPLY_NO_CONNECT
            | MT_O_REPLY_CLOSE | MT_O_RPORT_IN_VIA
        #expect(story.message.options == UInt32(all))
    }

    @Test func `the socket to send from is found before start`() throws {
        let story = try Stage().run(statements: "force_send_socket(tcp:192.0.2.1:5060);")
        #expect(story.message.outSocket == 1)
    }

    @Test func `branches go one by one or all at once`() throws {
        let stage = Stage()
        let pool = try stage.load(
            "request_route { $br = \"sip:1@b.example\"; $br = \"sip:2@b.example\"; $br = \"sip:3@b.example\"; remove_branch(1); }\nroute[C] { clear_branches(); }"
        )
        let story = stage.play(pool.program.request)
        #expect(story.message.targetCount == 2)
        #expect(story.message.target(1).map { Slice($0.pointee.uri).string } == "sip:3@b.example")
        _ = pool.run(2, on: story.message)
        #expect(story.message.targetCount == 0)
    }

    @Test func `flags have names`() throws {
        let stage = Stage()
        let pool = try stage.load(
            "flags ACC:3, NAT;\nrequest_route { setflag(ACC); setflag(NAT); if (isflagset(ACC)) note(\"$mf\"); }"
        )
        #expect(stage.play(pool.program.request).lines == ["9"])
    }

    @Test func `a name that is set and asked for needs no declaration`() throws {
        let story = try Stage().run(
            statements:
                "setflag(SST_FLAG); if (isflagset(SST_FLAG)) note(\"T\"); if (isflagset(3)) note(\"3\");")
        #expect(story.lines == ["T"])
    }
}
