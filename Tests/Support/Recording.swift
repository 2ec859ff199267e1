// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What passes on loopback, in the eyes of somebody who had no part in it: dumpcap records it and tshark reads it.
package final class Recording {
    private let file: String
    private let folder: Scratch
    private let process: Spawned
    private let decoding: [String]
    /// Where clients that are asked for it leave the keys of their TLS connections.
    package var keys: String { folder.file("keys") }

    /// Records what comes and goes by these sockets, one of which is for UDP. nil: nothing can be recorded here, and why
    /// has been printed.
    package init?(of sockets: [Server.Socket]) throws {
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
        // It has begun when it has recorded something.
        guard let udp = sockets.first(where: { $0.transport == "udp" }) else {
            throw Problem("a recording needs a socket for UDP")
        }
        let client = try Client()
        let end = Date(timeIntervalSinceNow: Server.patience)
        while !hasPackets {
            guard Date() < end else { throw Silence() }
            try client.ping(udp)
        }
    }

    deinit {
        process.signal(SIGKILL)
        _ = process.wait()
    }

    /// Nothing more is recorded.
    package func finish() {
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

    /// A pcapng file is made of blocks, each with its kind and its length in front; packets are of the sixth kind.
    private var hasPackets: Bool {
        guard let bytes = FileManager.default.contents(atPath: file).map([UInt8].init) else { return false }
        func word(_ at: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
        }
        var at = 0
        while at + 8 <= bytes.count {
            if word(at) == 6 { return true }
            at += max(word(at + 4), 8)
        }
        return false
    }
}
