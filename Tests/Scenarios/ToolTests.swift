// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The tools that everybody has, against a server with the configuration that comes with it.
@Suite struct ToolTests {
    /// Says which tool is missing, so that nobody takes silence for success.
    static func has(_ tool: String, of package: String) -> Bool {
        if let found = try? run("sh", "-c", "command -v \(tool)"), found.status == 0 { return true }
        print("\(tool) is not installed, so it is not tried: apt-get install \(package)")
        return false
    }

    @Test func `sipsak gets its answer`() throws {
        guard Self.has("sipsak", of: "sipsak") else { return }
        let server = try ModulesConfTests.server()
        // A message of ours, for its own has but four digits of the port in the Request-URI.
        let folder = try Scratch()
        let file = try folder.file("options.sip", with: Self.options(server.udp))
        let output = try run(
            "timeout", "30", "sipsak", "-vv", "-H", "127.0.0.1", "-f", file, "-s", "sip:\(server.udp.text)")
        #expect(output.status == 0, "\(output.out)\(output.err)")
        #expect(output.out.contains("SIP/2.0 200"), "\(output.out)")
    }

    /// What sipsak is to send.
    static func options(_ socket: Server.Socket) -> String {
        """
        OPTIONS sip:\(socket.text) SIP/2.0
        From: <sip:sipsak@127.0.0.1>;tag=1
        To: <sip:\(socket.text)>
        Call-ID: \(UUID().uuidString)
        CSeq: 1 OPTIONS
        Max-Forwards: 70
        Content-Length: 0


        """
    }

    @Test(arguments: ["udp", "tcp"]) func `sipp calls through the server`(transport: String) throws {
        guard Self.has("sipp", of: "sip-tester") else { return }
        let server = try ModulesConfTests.server()
        try Self.call(20, rate: 50, through: server, over: transport)
    }

    /// So many calls from one sipp to another.
    static func call(_ count: Int, rate: Int, through server: Server, over transport: String) throws {
        for _ in 0..<5 {
            // Somebody else may have taken the port meanwhile; then it begins anew with another one.
            if try call(count, rate: rate, through: server, over: transport, to: freePort()) { return }
        }
        Issue.record("the callee found no port")
    }

    /// False: the callee could not have that port, and nobody was called.
    private static func call(
        _ count: Int, rate: Int, through server: Server, over transport: String, to port: UInt16
    ) throws -> Bool {
        let folder = try Scratch()
        // The caller starts when the kernel knows the callee's socket: one that nobody is connected to.
        let command = """
            cd \(folder.path)
            sipp="timeout 60 sipp -i 127.0.0.1 -t \(transport.prefix(1))1 -m \(count) -nostdin"
            $sipp -sf "$1/uas.xml" -p \(port) >callee 2>&1 &
            callee=$!
            until grep -q ": 0100007F:\(String(format: "%04X", port)) 00000000:0000" /proc/net/\(transport); do
                kill -0 $callee 2>/dev/null || break
            done
            kill -0 $callee 2>/dev/null || { echo "no callee"; exit; }
            $sipp -sf "$1/uac.xml" -r \(rate) -key callee 127.0.0.1:\(port) \
                \(server.first(transport).text) >caller 2>&1
            caller=$?
            wait $callee
            echo "caller $caller, callee $?"
            """
        let output = try run("sh", "-c", command, "sh", Repository.path("Tests/Fixtures/sipp"))
        let said = try run("cat", folder.file("callee"), folder.file("caller")).out
        if output.out == "no callee\n" { return false }
        #expect(output.out == "caller 0, callee 0\n", "\(output.err)\(said)")
        return true
    }

    /// A port that was free a moment ago, for tools that cannot be told to find one.
    private static func freePort() throws -> UInt16 { try Client().port }

    @Test func `kamcmd asks and is answered`() throws {
        guard Self.has("kamcmd", of: "kamailio") else { return }
        let server = try ModulesConfTests.server()
        let client = try Client()
        _ = try client.ping(server.udp)
        func kamcmd(_ words: String...) throws -> Output {
            try run(["timeout", "30", "kamcmd", "-s", "unixs:\(server.runFolder)/kamailio_ctl"] + words)
        }

        let info = try kamcmd("core.info")
        #expect(
            info.status == 0 && info.out.contains("version: ") && info.out.contains("compiled: "), "\(info)")
        let version = try kamcmd("core.version")
        #expect(version.out.hasPrefix("martlet "), "\(version)")
        let plugins = try kamcmd("plugin.list")
        for name in ["kex", "corex", "sl", "ctl"] {
            #expect(plugins.out.contains("name: \(name)"), "\(plugins)")
        }
        let statistics = try kamcmd("stats.get_statistics", "all")
        #expect(statistics.out.contains("core:rcv_requests = 1"), "\(statistics)")
        let stateless = try kamcmd("sl.stats")
        #expect(stateless.out.contains("200: 1"), "\(stateless)")
        let methods = try kamcmd("system.listMethods")
        for name in ["core.uptime", "core.psx", "core.sockets_list", "htable.dump", "pv.shvGet", "ctl.who"] {
            #expect(methods.out.split(separator: "\n").contains { $0 == name }, "\(name)")
        }
        let unknown = try kamcmd("no.such")
        #expect((unknown.out + unknown.err).contains("500"), "\(unknown)")
        // Typed values and structures: what is in the table comes back.
        #expect(try kamcmd("htable.seti", "scanners", "192.0.2.9", "7").status == 0)
        let item = try kamcmd("htable.get", "scanners", "192.0.2.9")
        #expect(item.out.contains("value: 7"), "\(item)")
    }
}
