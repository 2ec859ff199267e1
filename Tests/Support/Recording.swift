// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What passes on loopback, in the eyes of somebody who had no part in it: dumpcap records it and tshark reads it.
package final class Recording {
    private let file: String
    private let folder: Scratch
    private let process: Spawned
    private let decoding: [String]
    private let udp: Server.Socket
    /// Where clients that are asked for it leave the keys of their TLS connections.
    package var keys: String { folder.file("keys") }

    /// Records what comes and goes by these sockets, one of which is for UDP. nil: nothing can be recorded here, and why
    /// has been printed.
    package init?(of sockets: [Server.Socket]) throws {
        guard let udp = sockets.first(where: { $0.transport == "udp" }) else {
            throw Problem("a recording needs a socket for UDP")
        }
        self.udp = udp
        let trial = try run(
            "timeout", "20", "dumpcap", "-q", "-i", "lo", "-a", "duration:1", "-w", "/dev/null")
        guard trial.status == 0, try run("sh", "-c", "command -v tshark").status == 0 else {
            print("skipped: dumpcap and tshark cannot record here: \(trial.err.prefix(300))")
            return nil
        }
        folder = try Scratch()
        file = folder.file("packets.pcapng")
        decoding = sockets.flatMap { socket in
            switch socket.transport {
            case "udp": ["udp.port==\(socket.port),sip"]
            case "tcp": ["tcp.port==\(socket.port),sip"]
            case "ws": ["tcp.port==\(socket.port),http"]
            case "tls": ["tcp.port==\(socket.port),tls", "tls.port==\(socket.port),sip"]
            default: ["tcp.port==\(socket.port),tls", "tls.port==\(socket.port),http"]
            }
        }
        let ports = Set(sockets.map(\.port)).map { "port \($0)" }.joined(separator: " or ")
        process = try Spawned(
            ["/usr/bin/env", "dumpcap", "-q", "-i", "lo", "-f", ports, "-w", file],
            environment: ProcessInfo.processInfo.environment, output: "/dev/null",
            errors: folder.file("errors"))
        try catchUp()
    }

    /// Asks the server something until the answer has been recorded, and so all that passed before.
    private func catchUp() throws {
        let client = try Client()
        let name = Request("OPTIONS", "sip:\(udp.text)", from: client).callID
        let end = Date(timeIntervalSinceNow: Server.patience)
        repeat {
            guard Date() < end else { throw Silence() }
            let request = Request("OPTIONS", "sip:\(udp.text)", from: client)
            _ = try client.ask(request.with { $0.callID = name }, udp)
        } while FileManager.default.contents(atPath: file)?.range(of: Data(name.utf8)) == nil
    }

    deinit {
        process.signal(SIGKILL)
        _ = process.wait()
    }

    /// All that has passed so far is recorded, and nothing more.
    package func finish() throws {
        try catchUp()
        process.signal(SIGINT)
        _ = process.wait()
    }

    /// A line with these fields for each packet that the filter lets pass.
    package func packets(_ filter: String, _ fields: String...) throws -> [String] {
        let output = try run(
            ["timeout", "60", "tshark", "-r", file, "-o", "tls.keylog_file:\(keys)"]
                + decoding.flatMap { ["-d", $0] } + ["-Y", filter, "-T", "fields"]
                + fields.flatMap { ["-e", $0] })
        guard output.status == 0 else { throw Problem("tshark: \(output.err)") }
        return output.out.split(separator: "\n").map(String.init)
    }
}
