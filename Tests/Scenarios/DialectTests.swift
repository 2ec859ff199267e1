// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// Files that were written for OpenSIPS, whose modules are cut otherwise.
@Suite struct DialectTests {
    private func serve(_ lines: String, _ route: String) throws -> Server {
        try Server("\(lines)\nroute {\n\(route)\n}", "--strict")
    }

    @Test func `three modules bring what a file calls (OpenSIPS: proto_udp, signaling, sipmsgops)`() throws {
        let server = try serve(
            """
            loadmodule "proto_udp.so"
            loadmodule "signaling.so"
            loadmodule "sipmsgops.so"
            """,
            """
            if (has_totag() || !is_method("OPTIONS")) exit;
            setflag(SEEN);
            if (!isflagset(SEEN)) exit;
            xlog("L_WARN", "here is $rm\\n");
            append_to_reply("X-Seen: yes\\r\\n");
            send_reply(404, "Not Here");
            """)
        let reply = try Client().ping(server.udp)
        #expect(reply.startLine == "SIP/2.0 404 Not Here")
        #expect(reply["X-Seen"] == "yes")
        #expect(server.logs("here is OPTIONS"))
    }

    @Test func `lines of their own may stand anywhere, with parameters`() throws {
        let server = try serve(
            """
            loadmodule "xlog.so"
            loadmodule "sipmsgops.so"
            loadmodule "proto_udp.so"
            loadmodule "tm.so"
            loadmodule "signaling.so"
            loadmodule "siputils.so"
            loadmodule "textops.so"
            loadmodule "sl.so"
            modparam("sl", "default_code", 488)
            modparam("proto_udp", "udp_port", 5060)
            """, "send_reply(\"488\", \"No\");")
        #expect(try Client().ping(server.udp).status == 488)
    }

    @Test func `another udp_port is an error that says what to write`() throws {
        let output = try check("loadmodule \"proto_udp.so\"\nmodparam(\"proto_udp\", \"udp_port\", 5070)")
        #expect(output.status == 1)
        #expect(output.err.contains("error: proto_udp: udp_port must be 5060, not 5070"))
        #expect(output.err.contains("help: write the port behind each address: socket=udp:192.0.2.1:5070"))
    }

    @Test func `options are found in, added to and taken out of lists (OpenSIPS: sipmsgops)`() throws {
        let server = try serve(
            "loadmodule \"sipmsgops.so\"",
            """
            if (!list_hdr_has_option("Supported", "timer") || list_hdr_has_option("Supported", "time")) exit;
            if (list_hdr_add_option("Require", "timer")) exit;
            if (!list_hdr_add_option("k", "path") || !list_hdr_add_option("Supported", "TIMER")) exit;
            if (!list_hdr_remove_option("Supported", "100rel")) exit;
            if (list_hdr_remove_option("Require", "100rel")) exit;
            if (list_hdr_has_option("Supported", "100rel")) exit;
            if (!ruri_has_param("a", "b") || ruri_has_param("a")) exit;
            ruri_add_param("c=d");
            ruri_del_param("a");
            append_to_reply("X-Supported: $hdr(Supported); $(hdr(Supported)[1])\\r\\nX-URI: $ru\\r\\n");
            sl_send_reply(200, "OK");
            """)
        let client = try Client()
        let reply = try client.ask(
            Request("OPTIONS", "sip:x@y;a=b", from: client).with {
                $0.lines = ["Supported: 100rel", "Supported: replaces,\ttimer , 100REL"]
            }, server.udp)
        #expect(reply.status == 200)
        #expect(reply["X-Supported"] == "path; replaces, timer")
        #expect(reply["X-URI"] == "sip:x@y;c=d")
    }

    private func check(_ text: String) throws -> Output {
        let scratch = try Scratch()
        return try martlet("check", scratch.file("modules.conf", with: text + "\nroute { exit; }\n"))
    }
}
