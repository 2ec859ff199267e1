// SPDX-License-Identifier: Apache-2.0

/// What is remembered of a session for as long as it lasts, in one word, so that it can be kept with its dialog.
public struct SessionState: Equatable, Sendable {
    /// Who is meant by a number, as lists show it.
    public struct Parties: OptionSet, Equatable, Sendable {
        public let rawValue: UInt64
        public init(rawValue: UInt64) { self.rawValue = rawValue }
        public static let caller = Parties(rawValue: 1)
        public static let callee = Parties(rawValue: 2)
        /// This server.
        public static let proxy = Parties(rawValue: 4)
        /// Nobody: it was asked for, and is not supported.
        public static let nobody = Parties(rawValue: 8)
    }

    public enum Side: UInt64, Equatable, Sendable { case unknown, caller, callee }

    /// In seconds; 0: no timer runs.
    public var interval = 0
    /// Whether session timers are looked after in this dialog at all.
    public var isManaged = false
    /// Who asked for the timer, and who has shown to know of timers.
    public var requester: Parties = []
    public var supporters: Parties = []
    public var refresher: Side = .unknown
    /// Who has answered the last ping before the end.
    public var alive: Parties = []

    public init() {}

    public init(word: UInt64) {
        interval = Int(word & 0xffff_ffff)
        isManaged = word & 1 << 32 != 0
        requester = Parties(rawValue: word >> 36 & 15)
        supporters = Parties(rawValue: word >> 40 & 15)
        refresher = Side(rawValue: word >> 44 & 3) ?? .unknown
        alive = Parties(rawValue: word >> 48 & 15)
    }

    public var word: UInt64 {
        UInt64(UInt32(clamping: interval)) | (isManaged ? 1 << 32 : 0) | requester.rawValue << 36
            | supporters.rawValue << 40 | refresher.rawValue << 44 | alive.rawValue << 48
    }

    /// How long before its end a session is told to have missed its refresh, in seconds: what the operator says,
    /// but no more than a third of the interval (RFC 4028, 10). 0: not at all.
    public func grace(_ most: Int) -> Int { max(0, min(most, interval / 3)) }
}

/// What is remembered of a request until it has been answered, in one word that goes with the message.
public struct RequestMemory: Equatable, Sendable {
    /// What it asked for when it left, in seconds; 0: nothing.
    public let asked: Int
    public let isSupported: Bool
    /// Its 2xx has been here: another one is a copy.
    public private(set) var isAnswered = false

    public init(asked: Int, isSupported: Bool) {
        self.asked = asked
        self.isSupported = isSupported
    }

    public var answered: RequestMemory {
        var copy = self
        copy.isAnswered = true
        return copy
    }

    /// Nil: nobody has looked at the request.
    public init?(word: UInt64) {
        guard word & 1 << 32 != 0 else { return nil }
        asked = Int(word & 0xffff_ffff)
        isSupported = word & 1 << 33 != 0
        isAnswered = word & 1 << 34 != 0
    }

    public var word: UInt64 {
        UInt64(UInt32(clamping: asked)) | 1 << 32 | (isSupported ? 1 << 33 : 0) | (isAnswered ? 1 << 34 : 0)
    }
}
