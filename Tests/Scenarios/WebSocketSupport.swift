// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A WebSocket client on a socket, byte by byte, by means that have nothing in common with the server's.
final class WebSocket {
    enum Frame: Equatable {
        case text(String)
        case binary([UInt8])
        case ping(String)
        case pong(String)
        /// 0: without a code.
        case close(Int, String)

        /// "ping" or "pong"?
        func isKeepAlive(_ kind: String) -> Bool {
            switch self {
            case .ping: kind == "ping"
            case .pong: kind == "pong"
            case .text, .binary, .close: false
            }
        }
    }

    let stream: Connection
    /// What the handshake was answered with.
    let answer: Packet

    static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    /// The lines of a handshake; a change of one replaces the line of its name, and one that ends in a colon takes it out.
    static func handshake(_ changes: String..., start: String = "GET / HTTP/1.1") -> String {
        var lines = [
            "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: \(key)",
            "Sec-WebSocket-Protocol: sip", "Sec-WebSocket-Version: 13",
        ]
        for change in changes {
            let name = change.prefix { $0 != ":" } + ":"
            lines.removeAll { $0.hasPrefix(name) }
            if !change.hasSuffix(":") { lines.append(change) }
        }
        return ([start] + lines + ["", ""]).joined(separator: "\r\n")
    }

    /// - Parameter place: where to come from; nil: anywhere.
    convenience init(
        to server: Server.Socket, _ request: String = WebSocket.handshake(), from place: Place? = nil
    ) throws {
        try self.init(over: Connection(to: server, from: place), request)
    }

    /// On a connection that is there.
    init(over stream: Connection, _ request: String = WebSocket.handshake()) throws {
        self.stream = stream
        stream.send(request)
        answer = try stream.receive()
        guard answer.startLine == "HTTP/1.1 101 Switching Protocols" else {
            throw Refused(answer: answer)
        }
    }

    struct Refused: Error {
        let answer: Packet
    }

    /// As it stands in URIs: nobody has a name for a browser (RFC 7118, 5).
    let name = "\(UUID().uuidString.prefix(8).lowercased()).invalid"
    var port: UInt16 { stream.port }

    // MARK: - frames

    static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let mask: [UInt8] = [0x1a, 0x2b, 0x3c, 0x4d]
        var wire = [first]
        switch payload.count {
        case ..<126: wire.append(0x80 | UInt8(payload.count))
        case ..<65_536: wire += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            wire.append(0x80 | 127)
            wire += (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        return wire + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    func send(_ first: UInt8, _ payload: [UInt8]) { stream.send(WebSocket.frame(first, payload)) }
    func send(_ text: String) { send(0x81, Array(text.utf8)) }
    func send(_ message: [UInt8]) { send(0x81, message) }
    func close(_ code: Int = 1000) { send(0x88, [UInt8(code >> 8), UInt8(code & 255)]) }

    func receive() throws -> Frame {
        let head = try stream.receive(bytes: 2)
        #expect(head[1] & 0x80 == 0, "a server does not mask (RFC 6455, 5.1)")
        #expect(head[0] & 0xf0 == 0x80, "one frame, no reserved bits")
        var count = Int(head[1])
        if count == 126 { count = try stream.receive(bytes: 2).reduce(0) { $0 << 8 | Int($1) } }
        if count == 127 { count = try stream.receive(bytes: 8).reduce(0) { $0 << 8 | Int($1) } }
        let payload = try stream.receive(bytes: count)
        let text = String(decoding: payload, as: UTF8.self)
        switch head[0] & 15 {
        case 1: return .text(text)
        case 2: return .binary(payload)
        case 9: return .ping(text)
        case 10: return .pong(text)
        case 8 where payload.count < 2: return .close(0, "")
        case 8:
            return .close(
                Int(payload[0]) << 8 | Int(payload[1]), String(decoding: payload.dropFirst(2), as: UTF8.self))
        default: throw Refused(answer: answer)
        }
    }

    /// The next SIP message; other frames are not expected.
    func message() throws -> Packet {
        switch try receive() {
        case .text(let text): return Packet(Array(text.utf8))
        case .binary(let bytes): return Packet(bytes)
        case let other:
            Issue.record("\(other)")
            throw Silence()
        }
    }

    // MARK: - SIP

    func request(_ method: String, _ uri: String, _ change: (inout Request) -> Void = { _ in }) -> Request {
        var request = Request(method, uri, from: stream)
        request.via = ["SIP/2.0/WS \(name);branch=z9hG4bK\(UUID().uuidString)"]
        change(&request)
        return request
    }

    func ask(_ request: Request) throws -> Packet {
        send(request.bytes)
        return try message()
    }
}
