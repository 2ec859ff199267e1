// SPDX-License-Identifier: Apache-2.0

/// A command that somebody wants run, taken from a packet.
public struct Request: Equatable, Sendable {
    public enum Argument: Equatable, Sendable {
        case int(Int32)
        case text([UInt8])
    }

    public var name: [UInt8]
    public var arguments: [Argument]
    public var cookie: [UInt8]
}

/// What the bytes that a client has sent so far amount to.
///
/// It decides and does not act: the listener carries the bytes in and the answers out.
public enum Intake: Equatable, Sendable {
    /// Not a whole packet yet.
    case more
    /// Run this; it took so many bytes.
    case run(Request, taken: Int)
    /// Answer with this fault. When `close`, nothing that follows on the stream can be trusted.
    case refuse([UInt8], taken: Int, close: Bool)

    /// No command needs arguments as long as this. More is refused instead of being collected.
    public static let largest = 65536

    /// Looks at the bytes of a stream. For a datagram `.more` means that it is cut short.
    public static func of(_ bytes: [UInt8]) -> Intake {
        let head: PacketHead
        do {
            guard let parsed = try PacketHead.parse(bytes) else { return .more }
            head = parsed
        } catch {
            return bad("bad request: \(error.text)", error.cookie, bytes.count)
        }
        guard head.kind == PacketKind.request.rawValue else {
            return bad("bad request: corrupted packet", head.cookie, bytes.count)
        }
        guard head.size + head.bodyCount <= largest else {
            return bad("bad request: packet too long", head.cookie, bytes.count)
        }
        let end = head.size + head.bodyCount
        guard bytes.count >= end else { return .more }

        var reader = RecordReader(bytes, in: head.size..<end)
        let name: [UInt8]
        do { name = try reader.text() } catch {
            return bad("bad request method: \(error.text)", head.cookie, bytes.count)
        }
        var arguments: [Request.Argument] = []
        while !reader.atEnd {
            let at = "error at parameter \(arguments.count): "
            do {
                switch try reader.next() {
                case .int(let value): arguments.append(.int(value))
                case .text(let text), .bytes(let text): arguments.append(.text(text))
                case .double(let thousandths): arguments.append(.text(Array(decimal(thousandths).utf8)))
                case .structure, .list:
                    return .refuse(
                        fault(400, (at + "a number or text is expected").utf8, cookie: head.cookie),
                        taken: end, close: false)
                }
            } catch {
                // The packet's own length still holds, so the next one is where it should be.
                return .refuse(
                    fault(400, (at + error.text).utf8, cookie: head.cookie), taken: end, close: false)
            }
        }
        return .run(Request(name: name, arguments: arguments, cookie: head.cookie), taken: end)
    }

    private static func bad(_ text: String, _ cookie: [UInt8], _ count: Int) -> Intake {
        .refuse(fault(400, text.utf8, cookie: cookie), taken: count, close: true)
    }
}
