// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// A server with the plugin tm whose request route ends in `script`, with further blocks behind it.
func tmServer(
    _ script: String, _ blocks: String = "", global: String = "", parameters: String = "",
    plugins: [String] = ["sl", "rr", "pv", "ctl"], workers: Int = 1
) throws -> Server {
    // The order is that of the plugins' needs; sl and tm find each other late.
    let lines = (["tm"] + plugins).map { "loadmodule \"\($0).so\"" }.joined(separator: "\n")
    return try Server(
        """
        \(global)
        \(lines)
        modparam("tm", "retr_timer1", 100)
        modparam("tm", "retr_timer2", 400)
        modparam("tm", "wt_timer", 500)
        \(parameters)
        request_route {
            \(script)
        }
        \(blocks)
        """, "--strict", "-n", "\(workers)")
}

extension Server {
    /// How many transactions there are, those included that are over and only wait for late copies.
    func transactions() throws -> Int {
        let workers = try json("tm.hash_stats")
        let rows = workers as? [[String: Any]] ?? [workers as? [String: Any] ?? [:]]
        return rows.reduce(0) { $0 + ($1["transactions"] as? Int ?? 0) }
    }

    /// Asks until it is so.
    func comes(_ isSo: () throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: Self.patience)
        while try !isSo() {
            guard Date() < end else { throw Silence() }
        }
    }
}

extension Packet {
    var branch: String? {
        self["Via"].flatMap { via in
            via.components(separatedBy: "branch=").dropFirst().first?
                .components(separatedBy: CharacterSet(charactersIn: ";, ")).first
        }
    }
}

extension Client {
    /// The next message with that method or status; copies and others before it are passed over.
    func receive(_ wanted: String) throws -> Packet {
        while true {
            let packet = try receive()
            if packet.method == wanted || "\(packet.status)" == wanted { return packet }
        }
    }

    func answer(_ status: Int, _ reason: String, to request: Packet, _ server: Server, tag: String = "b1") {
        send(Request.reply(status, reason, to: request, tag: tag), to: server.udp)
    }

    /// Whether nothing comes for so long.
    func isSilent(for seconds: Double) -> Bool { receive(within: seconds) == nil }

    /// Whether, after what is on its way, nothing comes for so long.
    func fallsSilent(for seconds: Double) -> Bool {
        let end = Date(timeIntervalSinceNow: Server.patience)
        while Date() < end { if isSilent(for: seconds) { return true } }
        return false
    }
}

extension Request {
    /// The request for another method that belongs to this one: its ACK or CANCEL.
    func follower(_ method: String, to: String? = nil) -> Request {
        with {
            $0.method = method
            if let to { $0.to = to }
            $0.lines = []
        }
    }
}
