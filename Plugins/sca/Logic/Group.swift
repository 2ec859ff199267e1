// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A shared line: its appearances, and the telephones that are told of them.
///
/// It decides and does not act: what is to be sent, written and told is taken from it afterwards. Whoever uses it
/// holds the lock of its shard.
public final class Group: @unchecked Sendable {
    /// What happened to an appearance.
    public struct Change: Equatable, Sendable {
        public let before: AppearanceState
        public let after: Appearance
    }
    /// A NOTIFY that is the last of its subscription.
    struct Farewell {
        var subscription: Subscription
        let ending: Ending
    }
    /// The key of a row that is to go.
    public struct RowKey: Hashable, Sendable {
        public let contact, callID, fromTag, toTag: String
        public init(_ subscription: Subscription) {
            contact = subscription[.contact]
            callID = subscription[.callID]
            fromTag = subscription[.fromTag]
            toTag = subscription[.toTag]
        }
        /// Of the subscription that a SUBSCRIBE inside a dialog is about.
        public init(_ request: SubscribeRequest) {
            contact = request.contact
            callID = request.callID
            fromTag = request.fromTag
            toTag = request.toTag
        }
    }
    public struct Limits: Equatable, Sendable {
        /// Milliseconds that a call may ring, or an INVITE go unanswered.
        public var early: Int64 = 300_000
        /// Milliseconds that an appearance stays seized for an INVITE that was redirected.
        public var redirected: Int64 = 15_000
        /// RFC 3261, 17.1.1.2: longer than 64 * T1 nobody waits for an ACK.
        public var unacknowledged: Int64 = 35_000
        /// Milliseconds that a command seizes a line for.
        public var command: Int64 = 120_000
        public init() {}
    }

    /// A NOTIFY with all of them has to fit in a datagram.
    public static let mostAppearances = 128

    public let aor: String
    public let domain: String
    public let hash: UInt64
    public internal(set) var subscriptions: [Subscription] = []
    /// Those that are not idle, in ascending order.
    public internal(set) var appearances: [Appearance] = []
    /// How many appearances there may be at a time; 0: as many as can be told of.
    public var maximum = 0
    public var limits = Limits()

    /// What is still to be told to event routes.
    public internal(set) var changes: [Change] = []
    /// Appearances whose row is not what they are.
    public internal(set) var unsavedAppearances: Set<Int> = []
    public internal(set) var hasUnsavedSubscriptions = false
    public internal(set) var erasedRows: [RowKey] = []
    /// Of this server among several that share their lines; nil: it is alone.
    public let server: Int?
    /// What has to be true of a row in the database for an appearance to be ours, and what is being asked of it now.
    var claims: [Int: Claim] = [:]
    var claiming: [Int: [AnyObject]] = [:]
    /// What was asked of it without an answer: it may have been done.
    var unanswered: Set<Int> = []
    /// The times of the rows of appearances that are idle, which the database does not know yet.
    var released: [Int: Int64] = [:]
    /// Until when the line has telephones at other servers, and until when those know that it has some here, Unix time in
    /// milliseconds.
    var elsewhere: [Int: Int64] = [:]
    var announced: Int64 = 0
    /// When time is looked at, Unix time in milliseconds; 0: never.
    public var nextLook: Int64 = 0
    /// Used by `Deadlines` alone, behind its lock.
    var place: Deadlines.Place?
    /// It is no more in the table: look it up again.
    public internal(set) var isGone = false

    /// What has been counted of it.
    public var counted = (subscriptions: 0, appearances: 0)

    var farewells: [Farewell] = []
    private var body: String?
    private let calls: CallTable

    public init(_ name: LineName, _ calls: CallTable, server: Int? = nil) {
        self.server = server
        aor = name.aor
        domain = String(name.host)
        hash = name.hash
        self.calls = calls
    }

    public var isIdle: Bool {
        subscriptions.isEmpty && appearances.isEmpty && farewells.isEmpty && unsavedAppearances.isEmpty
            && erasedRows.isEmpty && changes.isEmpty && claiming.isEmpty && elsewhere.isEmpty
    }

    public func subscribers(_ package: Package) -> Int {
        subscriptions.reduce(0) { $0 + ($1.package == package ? 1 : 0) }
    }

    public func appearance(_ index: Int) -> Appearance? { position(index).map { appearances[$0] } }

    func position(_ index: Int) -> Int? { appearances.firstIndex { $0.index == index } }

    /// What the members are told.
    public var callInfo: String {
        if let body { return body }
        let made = CallInfo.body(domain: domain, appearances)
        body = made
        return made
    }

    func forgetBody() { body = nil }

    // MARK: - changing appearances

    /// Every member of the group is to hear how things are.
    public func tellAll() {
        body = nil
        for at in subscriptions.indices where subscriptions[at].package == .callInfo {
            subscriptions[at].isOwed = true
        }
    }

    func note(_ at: Int, from before: AppearanceState, at now: Int64) {
        body = nil
        appearances[at].modified = now
        unsavedAppearances.insert(appearances[at].index)
        changes.append(Change(before: before, after: appearances[at]))
    }

    /// Enters a call of an appearance where messages look for it.
    func enter(_ callID: String, _ index: Int) {
        if !callID.isEmpty { calls.add(callID, CallTable.Place(group: self, index: index)) }
    }
    func leave(_ callID: String, _ index: Int) {
        if !callID.isEmpty { calls.remove(callID, CallTable.Place(group: self, index: index)) }
    }

    /// The lowest number that is free; nil: there may be no more.
    func free() -> Int? {
        guard mayGrow else { return nil }
        var index = 1
        for appearance in appearances {
            if appearance.index > index { break }
            index = appearance.index + 1
        }
        return index
    }

    var mayGrow: Bool {
        appearances.count < Self.mostAppearances && (maximum == 0 || appearances.count < maximum)
    }

    /// - Returns: where it stands now.
    func insert(_ appearance: Appearance) -> Int {
        claim(appearance.index)
        return place(appearance)
    }

    /// One that is another's to claim.
    func place(_ appearance: Appearance) -> Int {
        let at = appearances.firstIndex { $0.index > appearance.index } ?? appearances.count
        appearances.insert(appearance, at: at)
        return at
    }

    func take(_ at: Int, for call: CallName) {
        let old = appearances[at].call.callID
        if old != call.callID {
            if !appearances[at].before.contains(where: { $0.call.callID == old }) {
                leave(old, appearances[at].index)
            }
            enter(call.callID, appearances[at].index)
        }
        appearances[at].call = call
    }

    /// It is idle: nobody uses it, and whoever had seized it is told so.
    func release(_ at: Int, at now: Int64, tells: Bool = true) {
        var gone = appearances.remove(at: at)
        leave(gone.call.callID, gone.index)
        for before in gone.before { leave(before.call.callID, gone.index) }
        let before = gone.state
        gone.state = .idle
        gone.modified = now
        body = nil
        unsavedAppearances.insert(gone.index)
        unclaim(gone)
        changes.append(Change(before: before, after: gone))
        endSeizure(gone.index, .noResource, at: now)
        if tells { tellAll() }
    }

    /// The subscription that holds a seizure has done what it was for.
    func endSeizure(_ index: Int, _ ending: Ending, at now: Int64) {
        guard let at = subscriptions.firstIndex(where: { $0.package == .lineSeize && $0.index == index })
        else {
            return
        }
        drop(at, ending)
    }

    /// Takes a subscription off, with a last NOTIFY unless there is nobody to get it.
    func drop(_ at: Int, _ ending: Ending) {
        let gone = subscriptions.remove(at: at)
        erasedRows.append(RowKey(gone))
        if ending != .unanswered { farewells.append(Farewell(subscription: gone, ending: ending)) }
    }

    // MARK: - what is to be done

    public func takeChanges() -> [Change] {
        defer { changes = [] }
        return changes
    }

    /// It is taken out of the table, and used no more. Whoever still has it does not keep what it needed.
    func retire() {
        isGone = true
        subscriptions = []
        appearances = []
        farewells = []
        changes = []
        erasedRows = []
        body = nil
    }
}
