// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What the server holds for peers that have said something and are quiet now.
@Suite(.serialized, .unsanitized) struct ConnectionTests {
    private static let count = 10_000
    private static let most = 100 << 20

    @Test func `ten thousand idle connections cost less than 100 MB in all`() throws {
        try allow(files: Self.count + 1_000)
        let release = try ReleaseBuild()
        let server = try Server(
            """
            loadmodule "sl"
            tcp_max_connections = \(Self.count + 100)
            tcp_connection_lifetime = 3600
            open_files_limit = \(Self.count + 1_000)
            request_route { sl_send_reply("200", "Alive"); }
            """, command: [release.folder + "/martlet"], listen: ["tcp:127.0.0.1:0"])
        let before = try memory(of: server.pid)
        var streams: [Connection] = []
        for _ in 0..<Self.count {
            let stream = try Connection(to: server.tcp)
            try ask(server, on: stream)
            streams.append(stream)
        }
        let all = try memory(of: server.pid)
        // They are all still there.
        for stream in streams { try ask(server, on: stream) }
        let each = (all - before) / Self.count
        #expect(all < Self.most, "\(all >> 10) KiB in all, \(each) bytes for each connection")
        streams = []
        #expect(server.stop() == 0)
    }

    private func ask(_ server: Server, on stream: Connection) throws {
        let request = Request("OPTIONS", "sip:\(server.tcp.text)", from: stream).with {
            $0.lines = ["User-Agent: Telephone 1.0", "X-Padding: \(String(repeating: "x", count: 500))"]
        }
        try #require(try stream.ask(request).status == 200)
    }

    /// Its share of what is resident, in bytes.
    private func memory(of pid: pid_t) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Pss:") })
        return try #require(Int(line.filter(\.isNumber))) << 10
    }

    private func allow(files: Int) throws {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        getrlimit(resource, &limit)
        guard limit.rlim_cur < files else { return }
        try #require(
            limit.rlim_max >= files, "ulimit -n allows for \(limit.rlim_max) files; this takes \(files)")
        limit.rlim_cur = rlim_t(files)
        try #require(setrlimit(resource, &limit) == 0)
    }
}
