// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A request as a telephone would send it, with what a test is about set otherwise.
package struct Request {
    package var method, uri: String
    /// Each one line, the topmost first.
    package var via: [String]
    package var from = "<sip:alice@example.com>;tag=a1"
    package var to = "<sip:bob@example.com>"
    package var callID = UUID().uuidString
    package var sequence = 1
    package var maxForwards: String? = "70"
    /// Further lines, without their ends.
    package var lines: [String] = []
    package var body: [UInt8] = []

    package init(_ method: String, _ uri: String, from client: Client) {
        self.init(method, uri, via: "SIP/2.0/UDP \(client.text)")
    }

    package init(_ method: String, _ uri: String, from stream: Connection) {
        self.init(method, uri, via: "SIP/2.0/TCP 127.0.0.1:\(stream.port)")
    }

    private init(_ method: String, _ uri: String, via: String) {
        self.method = method
        self.uri = uri
        self.via = ["\(via);branch=z9hG4bK\(UUID().uuidString)"]
    }

    /// The same, with some of it changed.
    package func with(_ change: (inout Request) -> Void) -> Request {
        var copy = self
        change(&copy)
        return copy
    }

    package var bytes: [UInt8] {
        var head = ["\(method) \(uri) SIP/2.0"]
        head += via.map { "Via: \($0)" }
        if let maxForwards { head.append("Max-Forwards: \(maxForwards)") }
        head += [
            "From: \(from)", "To: \(to)", "Call-ID: \(callID)", "CSeq: \(sequence) \(method)",
        ]
        head += lines + ["Content-Length: \(body.count)", "", ""]
        return Array(head.joined(separator: "\r\n").utf8) + body
    }

    /// What a telephone answers to a request that it got.
    package static func reply(
        _ status: Int, _ reason: String, to request: Packet, _ lines: String..., tag: String = "b1"
    ) -> [UInt8] {
        var head = ["SIP/2.0 \(status) \(reason)"]
        for (name, value) in request.headers {
            switch name.lowercased() {
            case "via", "v", "from", "f", "call-id", "i", "cseq", "record-route":
                head.append("\(name): \(value)")
            case "to", "t": head.append("\(name): \(value)\(value.contains(";tag=") ? "" : ";tag=\(tag)")")
            default: break
            }
        }
        head += lines + ["Content-Length: 0", "", ""]
        return Array(head.joined(separator: "\r\n").utf8)
    }
}

extension Client {
    package func send(_ request: Request, to server: Server.Socket) { send(request.bytes, to: server) }

    /// Sends a request and answers what comes back.
    package func ask(_ request: Request, _ server: Server.Socket) throws -> Packet {
        send(request, to: server)
        return try receive()
    }

    /// Asks a server whether it is there. After whatever was sent before, where there is one worker.
    @discardableResult package func ping(_ server: Server.Socket) throws -> Packet {
        try ask(Request("OPTIONS", "sip:\(server.text)", from: self), server)
    }
}

extension Connection {
    @discardableResult package func send(_ request: Request) -> Bool { send(request.bytes) }

    package func ask(_ request: Request) throws -> Packet {
        send(request)
        return try receive()
    }
}
