// SPDX-License-Identifier: Apache-2.0

/// The server side of an INVITE transaction (RFC 3261, 17.2.1, as RFC 6026 has changed it).
///
/// It decides and does not act. An answer of our own that is a 2xx is repeated here, on every transport and until
/// its ACK, for we are its user agent (RFC 3261, 13.3.1.4); that of somebody else is repeated by them.
public struct InviteServer: Equatable {
    public enum State: UInt8, Sendable { case proceeding, completed, confirmed, accepted, terminated }

    public private(set) var state = State.proceeding
    private let isReliable: Bool
    private var interval: UInt32 = 0
    private var resendAt: UInt64 = 0
    private var endAt: UInt64 = 0

    public init(reliable: Bool) { isReliable = reliable }

    public var wakeAt: UInt64 { resendAt.earlier(endAt) }
    /// No final answer has been sent.
    public var isOpen: Bool { state == .proceeding }

    /// Empty: this reply must not be sent.
    public mutating func replies(_ status: Int, isOurs: Bool, at now: UInt64, _ times: Times) -> ServerActions
    {
        switch state {
        case .proceeding:
            if status < 200 { return .send }
            if status < 300 {
                state = .accepted
                endAt = now &+ UInt64(times.accepted)
                if isOurs { startResending(now, times) }
            } else {
                state = .completed
                endAt = now &+ UInt64(times.answer)
                if !isReliable { startResending(now, times) }
            }
            return .send
        case .accepted:
            // RFC 6026, 8.5: every 2xx goes out, each once.
            return status >= 200 && status < 300 ? .send : []
        case .completed, .confirmed:
            // A callee took the call although it ends here: the caller has to know, to hang up.
            return status >= 200 && status < 300 && !isOurs ? .send : []
        case .terminated:
            return []
        }
    }

    private mutating func startResending(_ now: UInt64, _ times: Times) {
        interval = times.t1
        resendAt = now &+ UInt64(times.t1)
    }

    /// The INVITE came again.
    public func requestArrivedAgain() -> ServerActions {
        switch state {
        case .proceeding, .completed: .resend
        // RFC 6026, 8.5: absorbed in accepted; the 2xx is on its way.
        case .confirmed, .accepted, .terminated: []
        }
    }

    /// Its ACK came: that of this transaction for a refusal, that of the dialog for a 2xx of ours.
    public mutating func acknowledged(at now: UInt64, _ times: Times) {
        switch state {
        case .completed:
            state = .confirmed
            resendAt = 0
            endAt = now &+ UInt64(times.linger)
        case .accepted:
            resendAt = 0
        case .proceeding, .confirmed, .terminated:
            break
        }
    }

    public mutating func timePassed(_ now: UInt64, _ times: Times) -> ServerActions {
        if endAt.isDue(now) {
            let wasWaiting = state == .completed || state == .accepted && resendAt != 0
            terminate()
            return wasWaiting ? [.unacknowledged, .end] : .end
        }
        guard resendAt.isDue(now) else { return [] }
        interval = min(interval &* 2, max(times.t2, times.t1))
        resendAt = now &+ UInt64(interval)
        return .resend
    }

    public mutating func terminate() {
        state = .terminated
        resendAt = 0
        endAt = 0
    }
}
