// SPDX-License-Identifier: Apache-2.0

/// What becomes of a dialog: its states, its end, and the moments at which time alone changes it.
///
/// It decides and does not act: tell it what happened, then do what it answers. Times are Unix seconds. A dialog is
/// referred to by transactions; when it is over and the last of them is gone it is to be forgotten.
public struct Life: Equatable, Sendable {
    /// With the numbers that scripts and tables know.
    public enum State: UInt8, Sendable {
        case unconfirmed = 1
        case early
        /// A 2xx came, its ACK not yet.
        case unacknowledged
        case confirmed, deleted
    }

    /// Why it is over, as dialog.h numbers it.
    public enum Cause: UInt8, Sendable {
        case none, bye, refused, unanswered, expired, ended, unreachable, noACK
    }

    /// What is to be done, in the order of the names.
    public struct Actions: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static let early = Actions(rawValue: 1 << 0)
        public static let start = Actions(rawValue: 1 << 1)
        public static let confirm = Actions(rawValue: 1 << 2)
        public static let fail = Actions(rawValue: 1 << 3)
        public static let end = Actions(rawValue: 1 << 4)
        /// The row in the database is not what it should be.
        public static let save = Actions(rawValue: 1 << 5)
        public static let erase = Actions(rawValue: 1 << 6)
        /// `wakesAt` may be earlier than it was.
        public static let arm = Actions(rawValue: 1 << 7)
        public static let forget = Actions(rawValue: 1 << 8)
        /// A 2xx for a call that is over: both sides have to hear so once more.
        public static let late = Actions(rawValue: 1 << 9)
    }

    public private(set) var state = State.unconfirmed
    public private(set) var cause = Cause.none
    private var flags: UInt8 = 0
    /// Who set the lifetime: a number of dialog.h's own(), 0 nobody in particular.
    public private(set) var owner: UInt8 = 0
    public private(set) var transactions: UInt16 = 0
    public private(set) var created: UInt32
    /// The 2xx; 0: not yet.
    public private(set) var started: UInt32 = 0
    public private(set) var ended: UInt32 = 0
    /// In seconds.
    public private(set) var lifetime: UInt32
    /// When the lifetime is over; 0: it does not run.
    public private(set) var deadline: UInt32 = 0
    /// What nobody prolongs it beyond. Before the 2xx seconds from that on, then a time; 0 none.
    public private(set) var limit: UInt32 = 0
    /// The same, for owners only: what a script has set.
    public private(set) var wish: UInt32 = 0
    /// So many seconds before the deadline somebody wants to hear of it; 0 nobody.
    public private(set) var warning: UInt32 = 0

    private static let initial: UInt8 = 1
    private static let row: UInt8 = 2
    private static let warned: UInt8 = 4
    private static let cutFlag: UInt8 = 8

    public init(at now: UInt32, lifetime: UInt32) {
        created = now
        self.lifetime = lifetime
    }

    public var isOver: Bool { state == .deleted }
    public var isCall: Bool { state == .unacknowledged || state == .confirmed }
    public var isSettingUp: Bool { state == .unconfirmed || state == .early }
    /// The transaction of its INVITE is there.
    public var hasInvite: Bool { flags & Self.initial != 0 }
    /// Its row is in the database, or on its way there.
    public var hasRow: Bool { flags & Self.row != 0 }
}

// MARK: - what happens

extension Life {
    /// 101 to 199.
    public mutating func ringing() -> Actions {
        guard state == .unconfirmed else { return [] }
        state = .early
        return .early
    }

    /// A 2xx to its INVITE.
    public mutating func answered(at now: UInt32) -> Actions {
        switch state {
        case .unconfirmed, .early: break
        case .unacknowledged, .confirmed: return []
        case .deleted:
            // The callee was faster than the CANCEL; a call that has been is not begun again.
            guard started == 0 else { return [] }
            if cause == .ended || cause == .expired || cause == .unreachable {
                started = now
                return .late
            }
            cause = .none
            ended = 0
        }
        state = .unacknowledged
        started = now
        if limit != 0 { limit = now &+ limit }
        if wish != 0 { wish = now &+ wish }
        flags |= Self.row
        setDeadline(now &+ lifetime)
        return [.start, .save, .arm]
    }

    /// A final reply of 300 and more to its INVITE.
    public mutating func refused(at now: UInt32) -> Actions { fail(.refused, now) }

    public mutating func acknowledged() -> Actions {
        guard state == .unacknowledged else { return [] }
        state = .confirmed
        return [.confirm, .save]
    }

    /// A BYE. Before the 2xx it is not the end of anything (RFC 3261, 15).
    public mutating func bye(at now: UInt32) -> Actions { end(.bye, at: now) }

    /// A request inside it that is neither BYE nor ACK. `resets`: it starts the lifetime again, which counts for
    /// nothing when that has an owner.
    public mutating func request(at now: UInt32, resets: Bool) -> Actions {
        guard isCall, resets, owner == 0, deadline != 0 else { return [] }
        setDeadline(now &+ lifetime)
        return [.save, .arm]
    }

    /// Ends a call, or gives up one that is being set up.
    public mutating func end(_ cause: Cause, at now: UInt32) -> Actions {
        guard isCall else { return [] }
        finish(cause, now)
        return hasRow ? erased([.end, .arm]) : [.end, .arm]
    }

    /// Its INVITE is answered or cancelled by ourselves.
    public mutating func giveUp(_ cause: Cause, at now: UInt32) -> Actions { fail(cause, now) }

    private mutating func fail(_ cause: Cause, _ now: UInt32) -> Actions {
        guard isSettingUp else { return [] }
        finish(cause, now)
        return [.fail, .arm]
    }

    private mutating func finish(_ cause: Cause, _ now: UInt32) {
        state = .deleted
        self.cause = cause
        ended = now
        deadline = 0
    }

    private mutating func erased(_ more: Actions) -> Actions {
        flags &= ~Self.row
        return more.union(.erase)
    }

    // MARK: - transactions

    public mutating func transactionBegan(isInitial: Bool) {
        transactions &+= 1
        if isInitial { flags |= Self.initial }
    }

    public mutating func transactionEnded(isInitial: Bool, at now: UInt32) -> Actions {
        if transactions > 0 { transactions &-= 1 }
        var actions: Actions = []
        if isInitial {
            flags &= ~Self.initial
            actions = fail(.unanswered, now)
        }
        return actions.union(checked())
    }

    /// What is over and nobody refers to can go.
    public func checked() -> Actions { isOver && transactions == 0 ? .forget : [] }

    // MARK: - its lifetime

    /// From the script or a parameter. It is from now on, or from the 2xx on.
    public mutating func set(lifetime seconds: UInt32, at now: UInt32, isWish: Bool) -> Actions {
        guard !isOver, seconds > 0 else { return [] }
        lifetime = seconds
        if isWish { wish = isSettingUp ? seconds : now &+ seconds }
        owner = 0
        guard isCall else { return [] }
        setDeadline(now &+ seconds)
        return [.save, .arm]
    }

    /// From its owner; 0 seconds: it has none any more, and `standard` counts.
    public mutating func set(
        lifetime seconds: UInt32, owner: UInt8, standard: UInt32, at now: UInt32
    ) -> Actions {
        guard !isOver else { return [] }
        self.owner = seconds == 0 ? 0 : owner
        lifetime = seconds == 0 ? standard : seconds
        if isSettingUp {
            if wish != 0, self.owner != 0 { lifetime = min(lifetime, wish) }
            if limit != 0 { lifetime = min(lifetime, limit) }
            return []
        }
        setDeadline(now &+ lifetime)
        return [.save, .arm]
    }

    /// 0: there is none.
    public mutating func set(limit seconds: UInt32, at now: UInt32) -> Actions {
        guard !isOver else { return [] }
        guard seconds > 0 else {
            limit = 0
            return isCall ? .save : []
        }
        let new = isSettingUp ? seconds : now &+ seconds
        limit = limit == 0 ? new : min(limit, new)
        guard isCall else { return [] }
        setDeadline(deadline)
        return [.save, .arm]
    }

    /// 0: not.
    public mutating func warn(before seconds: UInt32) -> Actions {
        warning = seconds
        flags &= ~Self.warned
        return isCall ? .arm : []
    }

    private mutating func setDeadline(_ wanted: UInt32) {
        var end = wanted
        if limit != 0 { end = min(end, limit) }
        if wish != 0, owner != 0 { end = min(end, wish) }
        deadline = max(end, 1)
        flags &= ~Self.warned
    }

    var isWarned: Bool { flags & Self.warned != 0 }
    mutating func markWarned() { flags |= Self.warned }

    var isCut: Bool { flags & Self.cutFlag != 0 }

    /// The ACK never came: it has a few seconds left.
    mutating func cutShort(at now: UInt32) {
        flags |= Self.cutFlag
        deadline = min(deadline, now &+ Patience.last)
        limit = limit == 0 ? deadline : min(limit, deadline)
    }

    /// Pings are not answered any more.
    public mutating func cut(to seconds: UInt32, at now: UInt32) -> Actions {
        guard isCall else { return [] }
        deadline = min(deadline, now &+ seconds)
        return [.save, .arm]
    }

    /// From the database: a call that goes on.
    public init(
        restored state: State, created: UInt32, started: UInt32, lifetime: UInt32, deadline: UInt32,
        limit: UInt32, wish: UInt32, warning: UInt32, owner: UInt8
    ) {
        self.init(at: created, lifetime: lifetime)
        self.state = state
        self.started = started
        self.deadline = deadline
        self.limit = limit
        self.wish = wish
        self.warning = warning
        self.owner = owner
        flags = Self.row
    }

    /// The lifetime and all that bounds it.
    mutating func take(_ other: Life) {
        let isMoved = deadline != other.deadline || warning != other.warning
        lifetime = other.lifetime
        deadline = other.deadline
        limit = other.limit
        wish = other.wish
        warning = other.warning
        owner = other.owner
        if isMoved { flags &= ~Self.warned }
    }

    /// Another callee has answered: the same call once more, in a record of its own.
    public func forked(at now: UInt32) -> Life {
        var other = self
        other.state = .unacknowledged
        other.cause = .none
        other.started = now
        other.ended = 0
        other.transactions = 0
        other.flags = Self.row
        other.setDeadline(now &+ lifetime)
        return other
    }
}
