// SPDX-License-Identifier: Apache-2.0

/// The client side of any other transaction (RFC 3261, 17.1.2).
///
/// It decides and does not act: tell it what happened, then do what it answers. A final answer that comes after the
/// time is out is of no use to anybody (RFC 4320, 4.2), so it is not handed on.
public struct PlainClient: Equatable {
    public enum State: UInt8, Sendable { case trying, proceeding, completed, terminated }

    public private(set) var state = State.trying
    private var interval: UInt32 = 0
    private var resendAt: UInt64 = 0
    private var endAt: UInt64 = 0

    /// The request has just been sent.
    public init(at now: UInt64, reliable: Bool, _ times: Times) {
        interval = times.t1
        resendAt = reliable ? 0 : now &+ UInt64(times.t1)
        endAt = now &+ UInt64(times.answer)
    }

    public var wakeAt: UInt64 { resendAt.earlier(endAt) }
    public var isOpen: Bool { state == .trying || state == .proceeding }

    public mutating func replyArrived(_ status: Int, at now: UInt64, _ times: Times) -> ClientActions {
        guard isOpen else { return [] }
        if status < 200 {
            state = .proceeding
            return .deliver
        }
        state = .completed
        resendAt = 0
        endAt = now &+ UInt64(times.linger)
        return .deliver
    }

    public mutating func timePassed(_ now: UInt64, _ times: Times) -> ClientActions {
        if endAt.isDue(now) {
            let wasOpen = isOpen
            let isOver = state == .terminated
            terminate()
            return isOver ? [] : wasOpen ? [.timeOut, .end] : .end
        }
        guard isOpen, resendAt.isDue(now) else { return [] }
        // RFC 3261, 17.1.2.2: doubled up to T2, and T2 at once when something was heard.
        interval = state == .proceeding ? times.t2 : min(interval &* 2, max(times.t2, times.t1))
        resendAt = now &+ UInt64(interval)
        return .resend
    }

    public mutating func transportFailed() -> ClientActions {
        guard isOpen else { return [] }
        terminate()
        return .end
    }

    public mutating func restart(at now: UInt64, _ times: Times) {
        if isOpen { endAt = now &+ UInt64(times.answer) }
    }

    public mutating func limit(to end: UInt64) {
        if isOpen { endAt = endAt.earlier(end) }
    }

    public mutating func terminate() {
        state = .terminated
        resendAt = 0
        endAt = 0
    }
}
