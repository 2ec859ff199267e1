// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// The calls of `Calls.Kind.call`: a caller and a callee who take turns, many calls at a time.
extension Calls {
    func talk(_ count: Int) throws {
        for _ in 0..<count { caller.send(next(.invite), to: server) }
        for _ in 0..<count {
            let invite = try receive("INVITE")
            callee.send(Request.reply(180, "Ringing", to: invite), to: server)
            callee.send(Request.reply(200, "OK", to: invite, "Contact: <sip:bob@\(callee.text)>"), to: server)
        }
        for _ in 0..<count {
            let answer = try receive(200)
            for method in ["ACK", "BYE"] { caller.send(next(.within(method, answer)), to: server) }
        }
        for _ in 0..<count { callee.send(Request.reply(200, "OK", to: try receive("BYE")), to: server) }
        for _ in 0..<count { _ = try receive(200) }
    }

    /// What the callee gets: an ACK and a BYE may change places with those of other calls.
    private func receive(_ method: String) throws -> Packet {
        while true {
            let packet = try callee.receive()
            if packet.method == method { return packet }
            guard packet.method == "ACK" else { throw Unexpected(description: "\(method): \(packet)") }
        }
    }

    private func receive(_ status: Int) throws -> Packet {
        while true {
            let packet = try caller.receive()
            if packet.status == status { return packet }
            guard packet.status < 200 else { throw Unexpected(description: "\(status): \(packet)") }
        }
    }

    enum Step {
        case invite
        /// Along the route of the answer.
        case within(String, Packet)
    }

    private func next(_ step: Step) -> String {
        number += 1
        var (method, uri, lines) = ("INVITE", "sip:bob@\(callee.text)", "")
        var (to, name) = ("<sip:bob@example.com>", "\(number)@client.example.com")
        var from = "\"Alice\" <sip:alice@example.com>;tag=\(number)f"
        if case .within(let later, let answer) = step {
            method = later
            to = answer["To"] ?? ""
            from = answer["From"] ?? ""
            name = answer["Call-ID"] ?? ""
            uri = "sip:bob@\(callee.text)"
            lines = answer.all("Record-Route").reversed().map { "Route: \($0)\r\n" }.joined()
        }
        return """
            \(method) \(uri) SIP/2.0\r
            Via: SIP/2.0/UDP \(caller.text);rport;branch=z9hG4bK\(number)a\r
            \(lines)Max-Forwards: 70\r
            From: \(from)\r
            To: \(to)\r
            Call-ID: \(name)\r
            CSeq: \(method == "BYE" ? 2 : 1) \(method)\r
            Contact: <sip:alice@\(caller.text)>\r
            User-Agent: Telephone 1.0\r
            Content-Length: 0\r
            \r

            """
    }
}
