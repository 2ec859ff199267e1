// SPDX-License-Identifier: Apache-2.0

/// What a proxy does with the final reply to a request that makes or refreshes a session (RFC 4028, 8.2, and 10).
public struct SessionReply: Equatable, Sendable {
    public let status: Int
    /// What its Session-Expires says, in seconds.
    public let expires: Expires
    /// The request makes the session, and does not refresh one.
    public let isInitial: Bool
    /// What the request asked for when it left here, in seconds; 0: nothing.
    public let asked: Int
    /// Its sender understands Session-Expires in the reply.
    public let isSupported: Bool

    public enum Expires: Equatable, Sendable {
        case absent, malformed
        case seconds(Int)
    }

    public init(status: Int, expires: Expires, isInitial: Bool, asked: Int, isSupported: Bool) {
        self.status = status
        self.expires = expires
        self.isInitial = isInitial
        self.asked = asked
        self.isSupported = isSupported
    }

    public enum Action: Equatable, Sendable {
        /// Nothing changes.
        case nothing
        /// The session ends that many seconds from now unless it is refreshed.
        case expire(interval: Int)
        /// The same, and the reply gets Session-Expires with `refresher=uac`, and `timer` in Require.
        case insert(interval: Int)
        /// No timer runs: neither side would refresh it.
        case untimed
        /// The other side knows nothing of this session, or is not there any more.
        case end
    }

    public var action: Action {
        switch status {
        case 200...299: accepted
        // RFC 4028, 10: who gets these to a refresh ends the session.
        case 408, 481: isInitial ? .nothing : .end
        // 422, 491, 500: the session goes on as it was.
        default: .nothing
        }
    }

    private var accepted: Action {
        switch expires {
        // "In all cases its value represents the session interval." None is 0 seconds long.
        case .seconds(let interval) where interval > 0: .expire(interval: interval)
        case .seconds, .malformed: asked > 0 ? .expire(interval: asked) : .nothing
        case .absent:
            asked == 0 ? .nothing : isSupported ? .insert(interval: asked) : .untimed
        }
    }
}
