// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// `--strict`: the first offence of a plugin is told with its name, and ends the server.
@Suite struct StrictTests {
    private func desk(_ line: String, _ source: String? = nil) throws -> Desk {
        let desk = try Desk(
            """
            listen=udp:127.0.0.1:0
            loadmodule "sl.so"
            loadmodule "manners.so"
            \(source == nil ? "" : "loadmodule \"odd.so\"")
            request_route {
                \(line)
                $var(rc) = $rc;
                sl_send_reply("299", "It was $var(rc)");
            }
            """, plugins: ["manners"])
        if let source { try Fixtures.compile(source, to: desk.scratch.file("plugins/odd.so")) }
        return desk
    }

    private func expectEnd(_ desk: Desk, _ offence: String, at location: SourceLocation = #_sourceLocation)
        throws
    {
        let server = try desk.serve(["--strict"])
        let client = try Client()
        client.send(
            Request("OPTIONS", "sip:odd@127.0.0.1", from: client).with { $0.callID = "offence" },
            to: server.udp)
        #expect(server.end() == 1, sourceLocation: location)
        let file = desk.scratch.file("modules.conf")
        let line = server.complaints.first { $0.contains("--strict") }.map { String($0.drop { $0 != "E" }) }
        #expect(
            line?.replacingOccurrences(of: file, with: "modules.conf") == "ERROR: " + offence,
            sourceLocation: location)
    }

    /// A line of the script, and what is told of it.
    static let offences: [(line: String, offence: String)] = [
        (
            "wrong_thread();",
            "manners: wrong_thread: set_text of martlet.message was called on a thread that does not have the message; "
                + "--strict ends here [modules.conf:6, worker 0, Call-ID offence]"
        ),
        (
            "waits_undeclared();",
            "manners: waits_undeclared: it answered MT_SUSPEND, and its table does not say MT_SUSPENDS; "
                + "--strict ends here [modules.conf:6, worker 0, Call-ID offence]"
        ),
    ]

    @Test(arguments: offences) func `an offence`(line: String, offence: String) throws {
        try expectEnd(desk(line), offence)
    }

    /// Code of a plugin's function or variable, and what is told of it. `kept` is what it keeps between two
    /// calls.
    static let functions: [(code: String, offence: String)] = [
        (
            "message->set_text(call->msg, MT_F_URI, (mt_str){ NULL, 5 }); return MT_OK;",
            "set_text of martlet.message got a text of 5 bytes that is nowhere"
        ),
        (
            "sip->token(\"X-New\"); return MT_OK;",
            "token of martlet.sip may be called while the server starts, and by commands"
        ),
        (
            "mt_msg *copy = message->copy(call->msg); message->release(copy); message->number(copy, MT_F_CSEQ);"
                + "return MT_OK;",
            "number of martlet.message got a message that was given back"
        ),
        ("return MT_SUSPEND;", "it answered MT_SUSPEND, and its table does not say MT_SUSPENDS"),
    ]

    @Test(arguments: functions) func `an offence of a function`(code: String, offence: String) throws {
        let source = """
            #include <martlet.h>
            static const mt_message_api *message;
            static const mt_sip_api *sip;
            static mt_result odd(mt_call *call) { \(code) }
            static const mt_function functions[] = { { "be_odd", odd, NULL, { NULL, 0, 0 }, MT_IN_ANY } };
            static const mt_need needs[] = {
                { "martlet.message", 1, 0, 0, (const void **)&message }, { "martlet.sip", 1, 0, 0, (const void **)&sip },
            };
            static const mt_plugin plugin = {
                MT_PLUGIN("odd", "1.0.0", "Is odd."), .needs = MT_LIST(needs), .functions = MT_LIST(functions),
            };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """
        try expectEnd(
            desk("be_odd();", source),
            "odd: be_odd: \(offence); --strict ends here [modules.conf:6, worker 0, Call-ID offence]")
    }

    @Test(arguments: [
        ("return 77;", "it answered 77, which is no mt_result that fits here"),
        ("return MT_SUSPEND;", "it answered MT_SUSPEND, which is no mt_result that fits here"),
        (
            "call->out->type = MT_REGEX; return MT_OK;",
            "it answered a value of type 8, which is none for a variable"
        ),
        ("call->out->type = MT_STR; return MT_OK;", "it answered a text that is nowhere"),
    ])
    func `an offence of a variable`(code: String, offence: String) throws {
        let source = """
            #include <martlet.h>
            static mt_result get(mt_call *call) { \(code) }
            static const mt_variable variables[] = { { "odd", get } };
            static const mt_plugin plugin = { MT_PLUGIN("odd", "1.0.0", "Is odd."), .variables = MT_LIST(variables) };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """
        let server = try desk("$var(x) = $odd;", source).serve(["--strict"])
        let client = try Client()
        client.send(Request("OPTIONS", "sip:odd@127.0.0.1", from: client), to: server.udp)
        #expect(server.end() == 1)
        #expect(server.complaints.contains { $0.contains("\(offence); --strict ends here") })
    }

    @Test func `an offence of a hook`() throws {
        let source = """
            #include <martlet.h>
            static mt_result odd(mt_call *call) { return 5; }
            static const mt_hook hooks[] = { { "core.request", odd } };
            static const mt_plugin plugin = { MT_PLUGIN("odd", "1.0.0", "Is odd."), .hooks = MT_LIST(hooks) };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """
        try expectEnd(
            desk("", source),
            "odd: the hook on core.request: it answered 5, which is no mt_result that fits here; --strict ends here "
                + "[worker 0, Call-ID offence]")
    }

    @Test func `what was lent is overwritten when it is over`() throws {
        let source = """
            #include <martlet.h>
            static const mt_message_api *message;
            static mt_str argument, call_id;
            static bool first = true;
            static mt_result keep(mt_call *call) {
                mt_result result = MT_OK;
                if (!first && argument.ptr[0] == 'k') result = 5;
                if (!first && call_id.ptr[0] == 'o') result = 6;
                first = false;
                argument = call->args[0].str;
                call_id = message->text(call->msg, MT_F_CALL_ID);
                return result;
            }
            static const mt_field args[] = { { "text", MT_STR } };
            static const mt_function functions[] = { { "keep_it", keep, NULL, MT_LIST(args), MT_IN_ANY } };
            static const mt_need needs[] = { { "martlet.message", 1, 0, 0, (const void **)&message } };
            static const mt_plugin plugin = {
                MT_PLUGIN("odd", "1.0.0", "Is odd."), .needs = MT_LIST(needs), .functions = MT_LIST(functions),
            };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """
        for (options, second) in [([], "299 It was 5"), (["--strict"], "299 It was 1")] {
            // Two messages at a time keep the second from lying where the first has been.
            let server = try desk("keep_it(\"kept\");", source).serve(options)
            #expect(try server.answer(to: "odd", callID: "one") == "299 It was 1")
            #expect(try server.answer(to: "odd", callID: "two") == second)
            #expect(server.stop() == 0)
        }
    }

    @Test func `our own plugins commit none`() throws {
        let folder = try Scratch()
        let server = try Server(
            file: Repository.path("modules.conf"), listen: ["udp:127.0.0.1:0"], ["--strict", "-n", "1"],
            in: folder)
        let client = try Client()
        let reply = try client.ask(Request("OPTIONS", "sip:\(server.udp.text)", from: client), server.udp)
        #expect(reply.status == 200)
        #expect(try server.rpc("plugin.list").status == 0)
        #expect(server.stop() == 0)
        #expect(server.complaints.filter { !$0.contains("held up its worker") } == [])
    }
}
