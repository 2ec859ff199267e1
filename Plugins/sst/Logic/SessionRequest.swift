// SPDX-License-Identifier: Apache-2.0

/// What a proxy does with a request that makes or refreshes a session (RFC 4028, 8.1).
///
/// It decides and does not act: whoever asks edits the message.
public struct SessionRequest: Equatable, Sendable {
    /// In seconds; nil when there is no such header.
    public let expires: Int?
    public let minimum: Int?
    /// "timer" is in Supported: the sender understands 422, and 2xx with Session-Expires.
    public let isSupported: Bool

    public init(expires: Int?, minimum: Int?, isSupported: Bool) {
        self.expires = expires
        self.minimum = minimum
        self.isSupported = isSupported
    }

    public enum Action: Equatable, Sendable {
        /// 422 with Min-SE of so many seconds, and the request goes no further.
        case refuse(minimum: Int)
        /// As it is; so long a session it asks for.
        case pass(interval: Int)
        /// With a Session-Expires of so many seconds, and no refresher.
        case insert(interval: Int)
        /// With the number in its Session-Expires raised, and nothing else touched.
        case raise(interval: Int)
        /// With its Min-SE, and the number in its Session-Expires, of so many seconds.
        case raiseBoth(interval: Int)

        /// What the request asks for when it leaves, in seconds; nil: it does not leave.
        public var interval: Int? {
            switch self {
            case .refuse: nil
            case .pass(let interval), .insert(let interval), .raise(let interval), .raiseBoth(let interval):
                interval
            }
        }
    }

    public func action(_ policy: Policy) -> Action {
        // "It may contain any desired expiration time, but not lower than Min-SE in the request."
        guard let expires else { return .insert(interval: max(policy.wanted, minimum ?? 0)) }
        if expires < policy.minimum {
            if isSupported, policy.refuses { return .refuse(minimum: policy.minimum) }
            // Who does not know of timers cannot be refused: "it would result in a call failure". Who does is
            // spared a Min-SE of ours: "to protect against certain denial of service attacks".
            if !isSupported { return .raiseBoth(interval: max(policy.minimum, minimum ?? 0)) }
        }
        // "If Session-Expires is lower than Min-SE, the proxy MUST increase it to make it equal." Without a Min-SE
        // that is 90.
        let floor = max(minimum ?? Policy.least, Policy.least)
        return expires < floor ? .raise(interval: floor) : .pass(interval: expires)
    }

    /// `sstCheckMin()`: is what the message says below the minimum? A header that is not there says nothing.
    public func isTooSmall(_ policy: Policy) -> Bool {
        if let expires, expires < policy.minimum { return true }
        if let minimum, minimum < policy.minimum { return true }
        return false
    }
}
