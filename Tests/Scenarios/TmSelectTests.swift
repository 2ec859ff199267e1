// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "xlog", "pv", "ctl"]

/// Selects of the transaction, flags of a branch, and what programs are told.
@Suite struct TmSelectTests {
    @Test func `selects say what is known of a transaction`() throws {
        let server = try tmServer(
            """
            xlog("L_WARN", "before $sel(tm.method) $sel(tm.uas.status)\\n");
            t_on_failure("F"); t_on_branch("B"); t_relay();
            """,
            """
            branch_route[B] { t_vbflag_set(3); t_vbflag_set(4); t_vbflag_reset(4); }
            failure_route[F] {
                if (@tm.method == "INVITE") xlog("L_WARN", "method\\n");
                if (@tm.uac[0].status == "486") xlog("L_WARN", "branch refused\\n");
                xlog("L_WARN", "count $sel(tm.uac.count) uas $sel(tm.uas.status) relayed $sel(tm.uac.relayed)\\n");
                xlog("L_WARN", "uri $sel(tm.uac[0].uri) last $sel(tm.uac.last_status) none <$sel(tm.uac[7].uri)>\\n");
                xlog("L_WARN", "from $sel(tm.uas.req.from.uri) to $sel(tm.uac[0].response.to.tag)\\n");
                xlog("L_WARN", "tag $sel(tm.uas.local_to_tag) copies $sel(tm.uac.response_retransmission)\\n");
                xlog("L_WARN", "first $(sel(tm.uas.request){s.substr,0,6}) $(sel(tm.uac[0].response){s.substr,0,7})\\n");
                if (t_vbflag_is_set(3) && !t_vbflag_is_set(4)) xlog("L_WARN", "flag kept\\n");
            }
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        bob.answer(486, "Busy Here", to: try bob.receive("INVITE"), server)
        #expect(try alice.receive("486").reason == "Busy Here")
        #expect(server.logs("before <null> <null>"))
        #expect(server.logs("method"))
        #expect(server.logs("branch refused"))
        #expect(server.logs("count 1 uas 100 relayed -1"))
        #expect(server.logs("uri sip:bob@\(bob.text) last 486 none <<null>>"))
        #expect(server.logs("to b1"))
        #expect(server.logs("first INVITE SIP/2.0"))
        #expect(server.logs("flag kept"))
        #expect(server.log.contains(/tag [0-9a-f]{32}-[0-9a-f]{8} copies 0/))
    }

    @Test func `a select of a plugin that is not loaded is undefined, and warned of`() throws {
        let server = try Server("request_route { if (@nosuch.thing == \"x\") exit; }")
        #expect(server.logs("unknown select @nosuch.thing"))
    }

    @Test(arguments: ["t_write_unix", "t_write_req"])
    func `a program that is handed a request answers it with tm.reply`(function: String) throws {
        let program = try ProgramEnd(isSocket: function == "t_write_unix")
        let server = try tmServer(
            "if (!\(function)(\"\(program.path)\", \"voicemail\")) sl_send_reply(\"500\", \"No program\");",
            plugins: plugins)
        let alice = try Client()
        let invite = Request("INVITE", "sip:bob@example.com:5070", from: alice).with {
            $0.lines = ["Record-Route: <sip:192.0.2.4;lr>"]
        }
        alice.send(invite, to: server.udp)
        _ = try alice.receive("100")
        let lines = try program.read().components(separatedBy: "\n")
        #expect(lines.count > 20)
        #expect(lines.prefix(5) == ["0.3", "sip_request.voicemail", "INVITE", "bob", "example.com"])
        #expect(lines[5] == "127.0.0.1" && lines[7] == "sip:bob@example.com:5070")
        #expect(lines[11] == invite.callID && lines[14] == "1")
        #expect(lines[16] == "<sip:192.0.2.4;lr>" && lines[17] == "sip:192.0.2.4;lr")
        #expect(lines[18] == "P-MsgFlags: 00" && lines[19] == ".")
        #expect(try server.rpc("tm.reply", "480", "Away", lines[15], "x1", "").status == 0)
        #expect(try alice.receive("480").reason == "Away")
    }

    @Test func `without the program the function is false, and says so`() throws {
        let server = try tmServer(
            "if (!t_write_unix(\"/nowhere/socket\", \"x\")) t_reply(\"503\", \"No program\");",
            plugins: plugins)
        let alice = try Client()
        #expect(try alice.ask(Request("OPTIONS", "sip:b@example.com", from: alice), server.udp).status == 503)
        #expect(server.logs("the program does not take the request"))
    }

    @Test func `callbacks of other languages are accepted, and it is said what to write instead`() throws {
        let server = try tmServer(
            "exit;", parameters: "debug=1\nmodparam(\"tm\", \"event_callback\", \"ksr_tm_event\")",
            plugins: plugins)
        #expect(server.logs("event_callback \"ksr_tm_event\" is called by nobody"))
    }
}

/// Where a program of the operator's waits for requests.
private final class ProgramEnd {
    let path: String
    private let descriptor: Int32

    init(isSocket: Bool) throws {
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("p\(UInt32.random(in: 0 ... .max))")
            .path
        if isSocket {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard bound == 0 else { throw Silence() }
        } else {
            guard mkfifo(path, 0o600) == 0 else { throw Silence() }
            descriptor = open(path, O_RDWR)
        }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// What it is told next.
    func read() throws -> String {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, Int32(Server.patience * 1000)) == 1 else { throw Silence() }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}
