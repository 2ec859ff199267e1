// SPDX-License-Identifier: Apache-2.0

/// The client side of an INVITE transaction (RFC 3261, 17.1.1, as RFC 6026 has changed it).
///
/// It decides and does not act: tell it what happened, then do what it answers. What may surprise is that a 2xx
/// still counts after time ran out, for the callee believes that there is a call.
public struct InviteClient: Equatable {
    public enum State: UInt8, Sendable { case calling, proceeding, completed, accepted, timedOut, terminated }

    public private(set) var state = State.calling
    /// The last provisional status.
    private var provisional: UInt16 = 0
    private var interval: UInt32 = 0
    private var resendAt: UInt64 = 0
    private var endAt: UInt64 = 0

    /// The request has just been sent.
    public init(at now: UInt64, reliable: Bool, _ times: Times) {
        interval = times.t1
        resendAt = reliable ? 0 : now &+ UInt64(times.t1)
        endAt = now &+ UInt64(times.answer)
    }

    /// When `timePassed` has something to do; 0 is never.
    public var wakeAt: UInt64 { resendAt.earlier(endAt) }

    /// No final answer yet, and one may still come.
    public var isOpen: Bool { state == .calling || state == .proceeding }

    public mutating func replyArrived(_ status: Int, at now: UInt64, _ times: Times) -> ClientActions {
        switch state {
        case .calling, .proceeding:
            if status < 200 { return provisionalArrived(UInt16(clamping: status), now, times) }
            return finalArrived(status, now, times)
        case .completed:
            if status < 200 { return [] }
            // RFC 3261, 17.1.1.2: each copy is acknowledged, none is handed on.
            return status >= 300 ? .acknowledge : .deliver
        case .accepted:
            // RFC 6026, 8.4: every 2xx is handed on, and nothing else.
            return status >= 200 && status < 300 ? .deliver : []
        case .timedOut:
            guard status >= 200 else { return [] }
            let actions = finalArrived(status, now, times)
            return status < 300 ? actions : actions.subtracting(.deliver)
        case .terminated:
            return []
        }
    }

    private mutating func provisionalArrived(_ status: UInt16, _ now: UInt64, _ times: Times) -> ClientActions
    {
        let isFirst = state == .calling
        state = .proceeding
        resendAt = 0
        if isFirst || times.restartsOnEach || status >= 180 && status > provisional {
            endAt = now &+ UInt64(times.ringing)
        }
        provisional = max(provisional, status)
        return .deliver
    }

    private mutating func finalArrived(_ status: Int, _ now: UInt64, _ times: Times) -> ClientActions {
        resendAt = 0
        if status < 300 {
            state = .accepted
            endAt = now &+ UInt64(times.accepted)
            return .deliver
        }
        state = .completed
        endAt = now &+ UInt64(times.linger)
        return [.acknowledge, .deliver]
    }

    public mutating func timePassed(_ now: UInt64, _ times: Times) -> ClientActions {
        if endAt.isDue(now) {
            switch state {
            case .calling, .proceeding:
                let rang = state == .proceeding
                state = .timedOut
                resendAt = 0
                // As long as the callee may not know that nobody waits any more.
                endAt = now &+ UInt64(times.accepted)
                return rang ? [.timeOut, .cancel] : .timeOut
            case .completed, .accepted, .timedOut:
                terminate()
                return .end
            case .terminated:
                return []
            }
        }
        guard state == .calling, resendAt.isDue(now) else { return [] }
        interval = min(interval &* 2, max(times.t2, times.t1))
        resendAt = now &+ UInt64(interval)
        return .resend
    }

    /// It could not be sent, or not be sent again (RFC 3261, 17.1.4).
    public mutating func transportFailed() -> ClientActions {
        guard isOpen else { return [] }
        terminate()
        return .end
    }

    /// A CANCEL is out. It is waited for at most until then; what comes later is only acknowledged or, a 2xx, handed on.
    public mutating func cancelled(waitUntil limit: UInt64) {
        guard isOpen else { return }
        endAt = endAt.earlier(limit)
    }

    /// Other spans from now on.
    public mutating func restart(at now: UInt64, _ times: Times) {
        switch state {
        case .calling: endAt = now &+ UInt64(times.answer)
        case .proceeding: endAt = now &+ UInt64(times.ringing)
        case .completed, .accepted, .timedOut, .terminated: break
        }
    }

    /// However it stands, it has to be over by then.
    public mutating func limit(to end: UInt64) {
        guard isOpen else { return }
        endAt = endAt.earlier(end)
    }

    public mutating func terminate() {
        state = .terminated
        resendAt = 0
        endAt = 0
    }
}
