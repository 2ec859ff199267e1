// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// One of the three things that have a budget, with the telephones that make the server do it.
///
/// All calls are alike but for their number, which always has the same length: so all of them cost the same.
final class Calls {
    enum Kind: String, CaseIterable {
        /// A request that the server answers itself.
        case options
        /// A request that it forwards, and the reply that it forwards.
        case forward
        /// A call through a stateful proxy that record-routes: INVITE, 100, 180, 200, ACK, BYE, 200.
        case call

        var configuration: String {
            get throws { try Repository.text("Tests/Fixtures/Budgets/\(rawValue).cfg") }
        }
    }

    /// The answer was another one.
    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    private let kind: Kind
    let server: Server.Socket
    let caller: Client
    let callee: Client
    var number = 10_000_000

    init(_ kind: Kind, to server: Server.Socket) throws {
        self.kind = kind
        self.server = server
        caller = try Client()
        callee = try Client()
    }

    /// So many calls at a time, one after the other: the next begin when these are over.
    func make(_ count: Int, atOnce: Int) throws {
        for _ in 0..<count / atOnce {
            guard kind != .call else {
                try talk(atOnce)
                continue
            }
            for _ in 0..<atOnce { caller.send(next(), to: server) }
            if kind == .forward {
                for _ in 0..<atOnce {
                    callee.send(Request.reply(200, "OK", to: try callee.receive()), to: server)
                }
            }
            for _ in 0..<atOnce {
                let answer = try caller.receive()
                guard answer.status == 200 else { throw Unexpected(description: "\(kind): \(answer)") }
            }
        }
    }

    private func next() -> String {
        number += 1
        let uri = kind == .options ? "sip:\(server.text)" : "sip:bob@\(callee.text)"
        return """
            OPTIONS \(uri) SIP/2.0\r
            Via: SIP/2.0/UDP \(caller.text);rport;branch=z9hG4bK\(number)a\r
            Max-Forwards: 70\r
            From: "Alice" <sip:alice@example.com>;tag=\(number)f\r
            To: <sip:bob@example.com>\r
            Call-ID: \(number)@client.example.com\r
            CSeq: 1 OPTIONS\r
            Contact: <sip:alice@\(caller.text)>\r
            Accept: application/sdp\r
            User-Agent: Telephone 1.0\r
            Content-Length: 0\r
            \r

            """
    }
}
