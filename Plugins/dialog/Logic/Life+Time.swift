// SPDX-License-Identifier: Apache-2.0

/// How long what is stuck may stay, in seconds.
public struct Patience: Equatable, Sendable {
    /// Without an answer, from the INVITE on.
    public var early: UInt32 = 300
    /// Without the ACK, from the 2xx on.
    public var noACK: UInt32 = 60
    /// Over, with transactions whose end nobody has told.
    public var end: UInt32 = 300
    /// What a call has left whose ACK never came.
    public static let last: UInt32 = 10

    public init() {}
}

extension Life {
    /// What time has brought, all of it at once.
    public struct Due: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The lifetime is over: `end` it, unless somebody sets another.
        public static let expired = Due(rawValue: 1)
        public static let warning = Due(rawValue: 2)
        /// Nobody has answered for too long: `giveUp`.
        public static let silent = Due(rawValue: 4)
        public static let forget = Due(rawValue: 8)
        /// The ACK is missing: its lifetime was cut short.
        public static let cut = Due(rawValue: 16)
    }

    /// When time changes it next.
    public func wakesAt(_ patience: Patience) -> UInt32 {
        switch state {
        case .unconfirmed, .early: return created &+ patience.early
        case .deleted: return ended &+ patience.end
        case .unacknowledged, .confirmed:
            var next = deadline
            if warning != 0, !isWarned, deadline > warning { next = deadline - warning }
            if state == .unacknowledged, !isCut { next = min(next, started &+ patience.noACK) }
            return next
        }
    }

    public mutating func wake(at now: UInt32, _ patience: Patience) -> Due {
        guard now >= wakesAt(patience) else { return [] }
        switch state {
        case .unconfirmed, .early: return .silent
        case .deleted: return .forget
        case .unacknowledged, .confirmed: break
        }
        var due: Due = []
        if state == .unacknowledged, now >= started &+ patience.noACK, !isCut {
            cutShort(at: now)
            due.insert(.cut)
        }
        if now >= deadline {
            due.insert(.expired)
        } else if warning != 0, !isWarned, now >= deadline - min(warning, deadline) {
            markWarned()
            due.insert(.warning)
        }
        return due
    }
}
