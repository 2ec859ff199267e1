// SPDX-License-Identifier: Apache-2.0

/// What a database has to know of a line.
extension Group {
    public struct Unsaved {
        public let erased: [RowKey]
        public let appearances: [Int]
        /// Those of them that others may want as well.
        public let claims: [Int: Claim]
        /// Each with the server whose its row has to be, until this one's is written over it.
        public let subscriptions: [Subscription]
    }

    /// Rows that are not what they should be; from here on they are.
    public func takeUnsaved() -> Unsaved {
        var changed: [Subscription] = []
        if hasUnsavedSubscriptions {
            for at in subscriptions.indices where subscriptions[at].isDirty {
                subscriptions[at].isDirty = false
                subscriptions[at].savedSequence = subscriptions[at].notifySequence
                changed.append(subscriptions[at])
                if let server { subscriptions[at].server = server }
            }
        }
        // What is being asked for is written when there is an answer.
        let due = claiming.isEmpty ? unsavedAppearances : unsavedAppearances.filter { claiming[$0] == nil }
        let wanted = claims.isEmpty ? claims : claims.filter { due.contains($0.key) }
        for index in wanted.keys { claiming[index] = [] }
        defer {
            hasUnsavedSubscriptions = false
            if !erasedRows.isEmpty { erasedRows = [] }
            if !unsavedAppearances.isEmpty { unsavedAppearances.subtract(due) }
            if !claims.isEmpty { claims = claims.filter { !due.contains($0.key) } }
            if !released.isEmpty { released = [:] }
        }
        return Unsaved(
            erased: erasedRows, appearances: due.sorted(), claims: wanted, subscriptions: changed)
    }

    public func markUnsaved(appearance index: Int) { unsavedAppearances.insert(index) }

    /// - Parameter server: whose its row is still; nil: that is known.
    public func markUnsaved(subscription number: UInt32, of server: Int? = nil) {
        guard let at = subscriptions.firstIndex(where: { $0.number == number }) else { return }
        if let server { subscriptions[at].server = server }
        subscriptions[at].isDirty = true
        hasUnsavedSubscriptions = true
    }

    /// It is written. What has not been cannot be missed.
    public func markStored(subscription number: UInt32) {
        guard let at = subscriptions.firstIndex(where: { $0.number == number }) else { return }
        subscriptions[at].isStored = true
    }

    /// Unless there is one like that again.
    public func markErased(_ key: RowKey) {
        if !subscriptions.contains(where: { RowKey($0) == key }) { erasedRows.append(key) }
    }

    /// NOTIFYs have gone out since their CSeq was written. False: none.
    public func markSequences() -> Bool {
        for at in subscriptions.indices
        where subscriptions[at].notifySequence != subscriptions[at].savedSequence {
            subscriptions[at].isDirty = true
            hasUnsavedSubscriptions = true
        }
        return hasUnsavedSubscriptions
    }

    // MARK: - as it was

    /// False: it is there already.
    public func restore(_ subscription: Subscription) -> Bool {
        var subscription = subscription
        subscription.isDirty = false
        subscription.isStored = server == nil || subscription.server == server
        guard !subscriptions.contains(where: { RowKey($0) == RowKey(subscription) }) else { return false }
        subscriptions.append(subscription)
        return true
    }

    /// As a row says: also one that has changed since it was read. False: what is there is newer.
    public func restore(_ appearance: Appearance) -> Bool {
        if let at = position(appearance.index) {
            guard appearances[at].modified < appearance.modified else { return false }
            leave(appearances[at].call.callID, appearance.index)
            appearances.remove(at: at)
        }
        _ = place(appearance)
        enter(appearance.call.callID, appearance.index)
        tellAll()
        return true
    }

    /// After a restart: what was being set up cannot come about any more, and everybody is told how things are.
    /// - Parameter dead: of several servers, only what this one had is meant.
    public func resume(of dead: Int? = nil, at now: Int64) {
        while let at = appearances.firstIndex(where: { isLost($0) && (dead == nil || $0.server == dead) }) {
            release(at, at: now)
        }
        tellAll()
    }

    /// Its INVITE went with the process. What is seized stays, as long as its time is.
    private func isLost(_ appearance: Appearance) -> Bool {
        switch appearance.state {
        case .progressing, .alerting: return true
        case .seized:
            if !appearance.call.isEmpty { return true }
            return appearance.deadline == 0
                && !subscriptions.contains { $0.package == .lineSeize && $0.index == appearance.index }
        // A pick-up without its answer: whether it came nobody knows. The BYE will.
        case .activePending, .active, .held, .heldPrivate, .idle: return false
        }
    }
}

extension Appearance {
    /// As a row has it.
    public init(
        restored index: Int, state: AppearanceState, owner: String, farContact: String, display: String,
        call: CallName, isCallee: Bool, created: Int64, modified: Int64, deadline: Int64, peer: Peer?,
        server: Int = 0
    ) {
        self.init(index: index, state: state, at: created)
        self.owner = owner
        self.farContact = farContact
        self.display = display
        self.call = call
        self.isCallee = isCallee
        self.modified = modified
        self.deadline = deadline
        self.peer = peer
        self.server = server
        version = modified
    }
}
