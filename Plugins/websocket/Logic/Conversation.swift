// SPDX-License-Identifier: Apache-2.0

/// A WebSocket from the handshake's end to its own (RFC 6455, 5 to 7). Tell it what has arrived; do what it answers.
public struct Conversation: ~Copyable {
    public enum Phase: Sendable {
        case open
        /// We have sent a Close and wait for the peer's.
        case closing
        case closed
    }

    /// Bytes in here are valid until the next call.
    public enum Action {
        /// All was taken in.
        case nothing
        case deliver(UnsafeRawBufferPointer)
        /// Answer with the same data.
        case pong(UnsafeRawBufferPointer)
        /// The peer closes: send a Close with this code, nil for none, then end the connection.
        case closedByPeer(CloseCode?, reason: UnsafeRawBufferPointer)
        /// The peer does what it must not: send this Close, then end the connection.
        case fail(CloseCode, StaticString)
        /// The peer has answered our Close: end the connection.
        case finished
    }

    public private(set) var phase = Phase.open
    public var keepAlive: KeepAlive
    private var reader: FrameReader

    public var frames: UInt64 { reader.frames }

    /// - Parameters:
    ///   - limit: the most bytes of a message.
    ///   - now: milliseconds.
    public init(limit: Int, at now: UInt64) {
        reader = FrameReader(limit: limit)
        keepAlive = KeepAlive(at: now)
    }

    /// Call it until it says `.nothing`, or the phase is `.closed`.
    public mutating func next(
        _ input: inout UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer, at now: UInt64
    ) -> Action {
        while phase != .closed {
            switch reader.next(&input, scratch: scratch) {
            case .more: return .nothing
            case .message(let bytes, _):
                keepAlive.heard(at: now)
                // After our Close nothing is worked on any more (RFC 6455, 1.4).
                if phase == .open { return .deliver(bytes) }
            case .ping(let data):
                keepAlive.heard(at: now)
                if phase == .open { return .pong(data) }
            case .pong: keepAlive.heard(at: now)
            case .close(let code, let reason):
                let wasAsked = phase == .closing
                phase = .closed
                return wasAsked ? .finished : .closedByPeer(code, reason: reason)
            case .failure(let code, let text):
                let wasAsked = phase == .closing
                phase = .closed
                return wasAsked ? .finished : .fail(code, text)
            }
        }
        return .nothing
    }

    /// We want to end it. True: send a Close, and wait a while for the answer.
    public mutating func close() -> Bool {
        guard phase == .open else { return false }
        phase = .closing
        return true
    }
}
