// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Foundation

@testable import Message

/// Test texts are written with plain line ends; on the wire they have CRLF.
func wire(_ text: String) -> [UInt8] {
    Array(text.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\n", with: "\r\n").utf8)
}

/// A message from a pool of its own, for one test.
final class Received {
    let pool = MessagePool()
    let message: Message
    let fault: Fault?

    init(_ bytes: [UInt8], stream: Bool = false) {
        message = pool.take()
        let message = message
        fault = bytes.withUnsafeBytes { message.load($0, stream: stream) }
    }

    convenience init(_ text: String, stream: Bool = false) { self.init(wire(text), stream: stream) }

    /// One of Tests/Fixtures/Messages.
    convenience init(fixture name: String) throws {
        self.init([UInt8](try Data(contentsOf: fixtures.appendingPathComponent(name))))
    }

    deinit {
        message.release()
        pool.close()
    }
}

let fixtures = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/Messages")

extension Slice {
    /// A slice over bytes that live as long as the tests.
    init(forever text: String) {
        let bytes = Array(text.utf8)
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + 1)
        for (i, byte) in bytes.enumerated() { copy[i] = byte }
        // Not lost, so that a leak checker finds what is.
        Self.lock.withLock { Self.kept.append(UInt(bitPattern: copy)) }
        self.init(base: copy, count: bytes.count)
    }

    private static let lock = NSLock()
    nonisolated(unsafe) private static var kept: [UInt] = []
}

func slice(_ text: String) -> Slice { Slice(forever: text) }

/// nil for absent.
func text(_ slice: Slice) -> String? { slice.isAbsent ? nil : slice.string }

/// What a write function puts, in memory of just the size that it asked for.
func written(_ write: (UnsafeMutableRawPointer, Int) -> Int) -> [UInt8] {
    var small: UInt64 = 0
    let size = withUnsafeMutableBytes(of: &small) { write($0.baseAddress.unsafelyUnwrapped, 0) }
    var bytes = [UInt8](repeating: 0, count: size)
    let again = bytes.withUnsafeMutableBytes { $0.baseAddress.map { write($0, size) } ?? 0 }
    return again == size ? bytes : []
}

extension Message {
    var asItStands: String { String(decoding: written { write(into: $0, room: $1) }, as: UTF8.self) }

    func sentOn(via: String = "Via: SIP/2.0/UDP proxy.example;branch=z9hG4bKp\r\n") -> String {
        String(decoding: written { writeRequest(into: $0, room: $1, via: slice(via)) }, as: UTF8.self)
    }

    var sentBack: String { String(decoding: written { writeReply(into: $0, room: $1) }, as: UTF8.self) }

    /// As if it had come from there.
    func came(from address: String, port: UInt16 = 5060, over transport: Int = MT_UDP) {
        var flow = mt_flow()
        flow.protocol = UInt32(transport)
        flow.remote_port = port
        withUnsafeMutableBytes(of: &flow.remote) { _ = Literal.bytes(of: slice(address), into: $0) }
        self.flow = flow
    }

    /// All header fields, in order.
    var lines: [String] {
        var lines: [String] = []
        var ref = firstField
        while ref.exists {
            lines.append("\(name(of: ref).string): \(body(of: ref).string)")
            ref = next(after: ref)
        }
        return lines
    }
}

func request(
    _ method: String = "INVITE", uri: String = "sip:bob@biloxi.example", version: String = "SIP/2.0",
    via: String = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds",
    from: String = "From: Alice <sip:alice@atlanta.example>;tag=1928301774",
    to: String = "To: Bob <sip:bob@biloxi.example>", callID: String = "Call-ID: a84b4c76e66710",
    cseq: String? = nil,
    more: String = "", body: String = ""
) -> String {
    let lines = [
        "\(method) \(uri) \(version)", via, "Max-Forwards: 70", to, from, callID,
        cseq ?? "CSeq: 314159 \(method)", more,
        "Content-Length: \(body.utf8.count)",
    ]
    return lines.filter { !$0.isEmpty }.joined(separator: "\n") + "\n\n" + body
}
