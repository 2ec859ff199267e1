// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// How a server begins, goes on and ends.
@Suite struct LifeTests {
    static let answering = """
        loadmodule "sl.so"
        loadmodule "xlog.so"
        loadmodule "ctl.so"
        request_route {
            xlog("L_WARN", "asked by $si\\n");
            sl_send_reply("200", "OK");
        }
        """

    private func answers(_ server: Server) throws -> Bool {
        let client = try Client()
        return try client.ping(server.udp).status == 200
    }

    @Test func `SIGTERM ends it with status 0, and it tells so`() throws {
        let server = try Server(Self.answering)
        #expect(try answers(server))
        server.signal(SIGTERM)
        #expect(server.tells("STOPPING=1"))
        #expect(server.end() == 0)
    }

    @Test func `SIGINT ends it as well`() throws {
        let server = try Server(Self.answering)
        server.signal(SIGINT)
        #expect(server.end() == 0)
    }

    @Test func `who waits when it is asked to stop gets his answer first`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "\(try ThirdParty.file("slowly")).so"
            request_route {
                if ($rU == $null) { sl_send_reply("200", "Here"); exit; }
                slowly(500);
                sl_send_reply("200", "In the end");
            }
            """)
        let client = try Client()
        let stream = try Connection(to: server.tcp)
        client.send(Request("OPTIONS", "sip:x@\(server.udp.text)", from: client), to: server.udp)
        stream.send(Request("OPTIONS", "sip:x@\(server.tcp.text)", from: stream))
        // In order: when these are answered, the other two wait.
        #expect(try client.ping(server.udp).reason == "Here")
        #expect(try stream.ask(Request("OPTIONS", "sip:\(server.tcp.text)", from: stream)).reason == "Here")
        server.signal(SIGTERM)
        #expect(try client.receive().reason == "In the end")
        #expect(try stream.receive().reason == "In the end")
        #expect(server.end() == 0)
    }

    @Test func `killed, it can be started again at once, with the same addresses and sockets`() throws {
        let folder = try Scratch()
        let first = try Server(Self.answering, in: folder)
        let addresses = first.sockets.map { "\($0.transport):\($0.text)" }
        let connection = try Connection(to: first.tcp)
        #expect(
            try connection.ask(Request("OPTIONS", "sip:\(first.tcp.text)", from: connection)).status == 200)
        first.signal(SIGKILL)
        #expect(first.end() == -SIGKILL)
        let second = try Server(Self.answering, listen: addresses, in: folder)
        #expect(second.sockets == first.sockets)
        #expect(try answers(second))
        #expect(try second.rpc("core.version").out.hasPrefix("martlet "))
        #expect(second.stop() == 0)
    }

    @Test func `a second one does not take the first one's place`() throws {
        let folder = try Scratch()
        let first = try Server(Self.answering, in: folder)
        let other = try folder.file("second.cfg", with: Self.answering)
        let output = try martlet(
            "run", other, "-E", "-Y", folder.path, "-l", "udp:127.0.0.1:0")
        #expect(output.status == 1, "\(output.err)")
        #expect(output.err.contains("kamailio_ctl"), "\(output.err)")
        #expect(try answers(first))
        #expect(try first.rpc("core.version").status == 0)
    }

    @Test func `SIGHUP changes nothing for those who call`() throws {
        let server = try Server(Self.answering)
        #expect(try answers(server))
        server.signal(SIGHUP)
        for _ in 0..<10 { #expect(try answers(server)) }
        #expect(server.stop() == 0)
        #expect(server.log.components(separatedBy: "asked by 127.0.0.1").count == 12)
    }

    @Test func `the pid file tells the process while it runs`() throws {
        let folder = try Scratch()
        let server = try Server(Self.answering, "-P", folder.file("pid"), in: folder)
        let pid = try String(contentsOfFile: folder.file("pid"), encoding: .utf8)
        #expect(pid == "\(server.pid)\n")
        #expect(server.greeting.contains("\nMAINPID=\(server.pid)"))
        #expect(server.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: folder.file("pid")))
    }

    @Test func `its sockets lie in the run folder, and go with it`() throws {
        let folder = try Scratch()
        let server = try Server(Self.answering, in: folder)
        #expect(FileManager.default.fileExists(atPath: folder.file("kamailio_ctl")))
        #expect(server.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: folder.file("kamailio_ctl")))
    }

    @Test func `a run folder that is not there yet is made`() throws {
        let folder = try Scratch()
        let server = try Server(Self.answering, "-Y", folder.file("run"), in: folder)
        #expect(FileManager.default.fileExists(atPath: folder.file("run/kamailio_ctl")))
        #expect(server.stop() == 0)
    }

    @Test func `a line of the log has time, level, plugin, text, worker and Call-ID`() throws {
        let server = try Server(Self.answering)
        let client = try Client()
        let request = Request("OPTIONS", "sip:\(server.udp.text)", from: client)
        _ = try client.ask(request, server.udp)
        #expect(server.logs("asked by"))
        let line = try #require(server.log.split(separator: "\n").first { $0.contains("asked by") })
        #expect(
            String(line.dropFirst("2026-11-21 02:30:00.123 ".count))
                == "WARNING: xlog: <script>: asked by 127.0.0.1 "
                + "[\(server.folder.file("martlet.cfg")):5, worker 0, Call-ID \(request.callID)]")
    }

    @Test func `a log in JSON is one object per line`() throws {
        let server = try Server(Self.answering, "--json")
        let client = try Client()
        let request = Request("OPTIONS", "sip:\(server.udp.text)", from: client).with {
            $0.callID = "odd-\"\\-\u{e9}"
        }
        _ = try client.ask(request, server.udp)
        #expect(server.stop() == 0)
        let lines = server.log.split(separator: "\n")
        let objects = try lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
        let asked = try #require(objects.first { ($0["text"] as? String)?.contains("asked by") == true })
        #expect(asked["level"] as? String == "warning")
        #expect(asked["plugin"] as? String == "xlog")
        #expect(asked["worker"] as? Int == 0)
        #expect(asked["call_id"] as? String == request.callID)
        #expect((asked["time"] as? String)?.count == "2026-11-21 02:30:00.123".count)
    }

    @Test func `a daemon is there when the command returns, and has left the terminal`() throws {
        let folder = try Scratch()
        let file = try folder.file("martlet.cfg", with: Self.answering)
        let output = try martlet(
            "-DDD", "-f", file, "-P", folder.file("pid"), "-Y", folder.path, "-l", "udp:127.0.0.1:0")
        #expect(output.status == 0, "\(output.err)")
        let text = try String(contentsOfFile: folder.file("pid"), encoding: .utf8)
        let pid = try #require(pid_t(text.trimmingCharacters(in: .newlines)))
        defer { kill(pid, SIGKILL) }
        #expect(getsid(pid) != getsid(0))
        let sockets = try martlet("rpc", "-Y", folder.path, "core.sockets_list")
        #expect(sockets.status == 0 && sockets.out.contains("127.0.0.1"), "\(sockets)")
        kill(pid, SIGTERM)
        // It is nobody's child here, so its end is seen by what it takes along.
        let until = Date(timeIntervalSinceNow: Server.patience)
        while FileManager.default.fileExists(atPath: folder.file("pid")), Date() < until { sched_yield() }
        #expect(!FileManager.default.fileExists(atPath: folder.file("pid")))
        #expect(!FileManager.default.fileExists(atPath: folder.file("kamailio_ctl")))
    }

    @Test func `a daemon that cannot start says why, and the command fails`() throws {
        let folder = try Scratch()
        let taken = try Client()
        let file = try folder.file("martlet.cfg", with: Self.answering)
        let output = try martlet(
            "-DDD", "-f", file, "-P", folder.file("pid"), "-Y", folder.path, "-l", "udp:\(taken.text)")
        #expect(output.status == 1)
        #expect(output.err.contains(taken.text), "\(output.err)")
    }

    @Test(.enabled(if: getuid() == 0)) func `it gives up the rights of root once its sockets are open`()
        throws
    {
        let folder = try Scratch()
        chmod(folder.path, 0o777)
        let server = try Server(Self.answering, "-u", "nobody", in: folder)
        let status = try String(contentsOfFile: "/proc/\(server.pid)/status", encoding: .utf8)
        let ids = status.split(separator: "\n").filter { $0.hasPrefix("Uid:") || $0.hasPrefix("Gid:") }
        #expect(
            ids.count == 2
                && ids.allSatisfy { $0.split(separator: "\t").dropFirst().allSatisfy { $0 == "65534" } })
        #expect(try answers(server))
        #expect(try server.rpc("core.version").status == 0)
        #expect(server.stop() == 0)
    }

    @Test func `blocks that run at the start and again and again do so`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "xlog.so"
            loadmodule "htable.so"
            modparam("htable", "htable", "t=>size=4;initval=0;")
            startup_route { $sht(t=>start) = "yes"; }
            event_route[core:worker-one-init] { $var(n) = $shtinc(t=>once); }
            timer_route[tick, 1] { xlog("L_WARN", "tick $shtinc(t=>ticks)\\n"); }
            request_route { sl_send_reply("200", "$sht(t=>start) $sht(t=>once)"); }
            """, "-n", "2")
        let client = try Client()
        // The first worker may still be at it while another answers.
        try server.comes { try client.ping(server.udp).reason == "yes 1" }
        #expect(server.logs("tick 2"))
    }
}
