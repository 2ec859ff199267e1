// SPDX-License-Identifier: Apache-2.0

/// The server side of any other transaction (RFC 3261, 17.2.2, and RFC 4320).
///
/// It decides and does not act. Provisional answers but 100 are of no use to such a client, 408 is of less (it has
/// given up itself), and so is an answer that comes after it has: none of them is sent.
public struct PlainServer: Equatable {
    public enum State: UInt8, Sendable { case trying, proceeding, completed, terminated }

    public private(set) var state = State.trying
    private var tryingAt: UInt64
    /// Until when the client waits for an answer.
    private let deadline: UInt64
    private var endAt: UInt64 = 0

    public init(at now: UInt64, reliable: Bool, _ times: Times) {
        // RFC 4320, 4.1: 100 not before the client repeats itself at the longest interval, over UDP.
        var first: UInt64 = 0
        var interval = UInt64(times.t1)
        while interval < UInt64(times.t2), interval > 0 {
            first &+= interval
            interval &*= 2
        }
        tryingAt = reliable ? 0 : now &+ first
        deadline = now &+ UInt64(max(64 &* times.t1, times.answer &+ 1000))
    }

    public var wakeAt: UInt64 { tryingAt.earlier(endAt) }
    public var isOpen: Bool { state == .trying || state == .proceeding }

    /// Empty: this reply must not be sent.
    public mutating func replies(_ status: Int, at now: UInt64, _ times: Times) -> ServerActions {
        guard isOpen, now < deadline else { return [] }
        if status < 200 {
            guard status == 100 else { return [] }
            state = .proceeding
            tryingAt = 0
            return .send
        }
        tryingAt = 0
        state = .completed
        endAt = now &+ UInt64(times.linger)
        // RFC 4320, 4.2: 408 says nothing to a client that has waited as long itself.
        return status == 408 ? [] : .send
    }

    public func requestArrivedAgain() -> ServerActions {
        switch state {
        case .proceeding, .completed: .resend
        case .trying, .terminated: []
        }
    }

    public mutating func timePassed(_ now: UInt64, _ times: Times) -> ServerActions {
        if endAt.isDue(now) {
            terminate()
            return .end
        }
        guard tryingAt.isDue(now) else { return [] }
        tryingAt = 0
        return isOpen ? .trying : []
    }

    public mutating func terminate() {
        state = .terminated
        tryingAt = 0
        endAt = 0
    }
}
