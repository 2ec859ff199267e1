// SPDX-License-Identifier: Apache-2.0

/// A line that several servers have on one database. What two of them may want at the same moment is claimed there, and
/// who does not get it takes the row as it is; all else is written, and the last one counts.
extension Group {
    /// What has to be true of the row.
    public enum Claim: Equatable, Sendable {
        /// There is none, or it is idle.
        case free
        /// Nobody has changed it since.
        case version(Int64)
    }

    /// An appearance comes to be in use.
    func claim(_ index: Int) {
        guard server != nil, claiming[index] == nil, !isInDoubt(index) else { return }
        // Its row is not idle yet.
        claims[index] = released[index].map { .version($0) } ?? .free
    }

    /// An appearance is taken from whom has it.
    func claim(_ index: Int, over version: Int64) {
        guard server != nil, claiming[index] == nil, claims[index] == nil else { return }
        claims[index] = .version(version)
    }

    /// It is to be asked for once more, and the first time may have done it.
    private func isInDoubt(_ index: Int) -> Bool { claims[index] != nil && unanswered.contains(index) }

    func unclaim(_ gone: Appearance) {
        guard server != nil, !isInDoubt(gone.index) else { return }
        let claim = claims.removeValue(forKey: gone.index)
        // What nobody has heard of need not be taken back.
        if claim == .free {
            unsavedAppearances.remove(gone.index)
        } else if claiming[gone.index] == nil {
            if case .version(let version)? = claim {
                released[gone.index] = version
            } else {
                released[gone.index] = gone.version
            }
        }
    }

    // MARK: - what the database says to it

    /// Appearances that are being claimed: whoever wants to know adds himself, and is told by the answer.
    public var isClaiming: Bool { !claiming.isEmpty }
    public func await(_ waiter: AnyObject) -> Int {
        for index in claiming.keys { claiming[index]?.append(waiter) }
        return claiming.count
    }

    /// It is ours. Who has waited for that, and whether it has changed meanwhile.
    public func won(_ index: Int) -> (waiters: [AnyObject], hasChanged: Bool) {
        let waiters = claiming.removeValue(forKey: index) ?? []
        unanswered.remove(index)
        return (waiters, unsavedAppearances.contains(index))
    }

    /// The database did not answer: until it does we have it. If it is idle meanwhile, so is the row, unless that is
    /// another server's by then.
    public func undecided(_ index: Int, _ claim: Claim) -> [AnyObject] {
        let waiters = claiming.removeValue(forKey: index) ?? []
        unsavedAppearances.insert(index)
        unanswered.insert(index)
        claims[index] = claim
        return waiters
    }

    /// The same of a row that was just written. That it is idle another server may have read, and have it now: no row
    /// has that version, so what is there is looked at.
    public func undecided(_ index: Int) {
        unsavedAppearances.insert(index)
        guard server != nil, claiming[index] == nil, position(index) == nil else { return }
        unanswered.insert(index)
        claims[index] = .version(0)
    }

    /// Another server was faster.
    /// - Parameter row: what is there; nil: nothing that can be read.
    /// - Returns: who has waited for it.
    public func lost(_ index: Int, to row: Appearance?, at now: Int64) -> [AnyObject] {
        let waiters = claiming.removeValue(forKey: index) ?? []
        unanswered.remove(index)
        claims[index] = nil
        guard let row else {
            // It is nobody's, or nobody can read it: ours takes its place.
            if position(index) == nil {
                unsavedAppearances.remove(index)
            } else {
                unsavedAppearances.insert(index)
            }
            return waiters
        }
        guard row.server != server else {
            keep(index, over: row)
            return waiters
        }
        unsavedAppearances.remove(index)
        guard let at = position(index) else {
            take(row, at: now)
            return waiters
        }
        var mine = appearances.remove(at: at)
        changes.append(
            Change(
                before: mine.state, after: row))
        leave(mine.call.callID, index)
        for before in mine.before { leave(before.call.callID, index) }
        quit(index)
        take(row, at: now)
        // A call that comes in rings under another number.
        if mine.isCallee, !mine.call.isEmpty, let free = free() {
            mine = Appearance(moving: mine, to: free)
            note(insert(mine), from: .idle, at: now)
            enter(mine.call.callID, free)
        }
        tellAll()
        return waiters
    }

    /// The row is ours: it was written, and we did not hear of it. What has changed since is written over it.
    private func keep(_ index: Int, over row: Appearance) {
        unsavedAppearances.remove(index)
        if let at = position(index) {
            appearances[at].version = row.version
            guard appearances[at] != row else { return }
        } else if row.state == .idle {
            return
        }
        unsavedAppearances.insert(index)
        claims[index] = .version(row.version)
    }

    /// Whoever has seized it in vain. Nobody is told who has not been told that he has it.
    private func quit(_ index: Int) {
        guard let at = subscriptions.firstIndex(where: { $0.package == .lineSeize && $0.index == index })
        else { return }
        drop(at, subscriptions[at].notifySequence == 0 ? .unanswered : .noResource)
    }

    /// Does that subscription go on?
    public func has(_ number: UInt32) -> Bool { subscriptions.contains { $0.number == number } }

    /// Is that appearance in this call, by this server?
    public func isOurs(_ index: Int, _ callID: String) -> Bool {
        appearance(index).map { $0.call.callID == callID } ?? false
    }

    public func setVersion(_ index: Int, _ version: Int64) {
        guard let at = position(index), let server else { return }
        appearances[at].version = version
        appearances[at].server = server
    }

    // MARK: - what others have written

    /// Is something of it on its way to the database, which is newer than what was read there?
    public func isWriting(_ index: Int) -> Bool {
        unsavedAppearances.contains(index) || claiming[index] != nil
    }

    /// A row of another server. False: nothing is other than it was.
    @discardableResult
    public func take(_ row: Appearance, at now: Int64) -> Bool {
        let shown = callInfo
        var row = row
        if let at = position(row.index) {
            let old = appearances[at]
            if old.call.callID == row.call.callID, row.state != .idle {
                // What an INVITE that came by us does when it fails.
                row.before = old.before
                row.undo = old.undo
            } else {
                for before in old.before { leave(before.call.callID, old.index) }
            }
            leave(old.call.callID, old.index)
            appearances.remove(at: at)
        } else if row.state == .idle {
            return false
        }
        if row.state != .idle {
            _ = place(row)
            enter(row.call.callID, row.index)
        }
        // What was seized by us has been used, or is somebody else's.
        if let seizure = subscriptions.first(where: { $0.package == .lineSeize && $0.index == row.index }),
            row.state != .seized || !isSamePhone(row.owner, seizure[.contact])
        {
            endSeizure(row.index, .noResource, at: now)
        }
        forgetBody()
        if callInfo != shown { tellAll() }
        return true
    }

    /// Milliseconds that pass before we end what has had its time at another server, which is to do so itself.
    public static let grace: Int64 = 5000

    /// Appearances of other servers whose rows are not there any more.
    public func forget(unless isThere: (Int) -> Bool, at now: Int64) -> Bool {
        let gone = appearances.filter { $0.server != server && !isWriting($0.index) && !isThere($0.index) }
        for one in gone { take(Appearance(index: one.index, state: .idle, at: now), at: now) }
        return !gone.isEmpty
    }

    // MARK: - where its telephones are

    /// The line has telephones at another server; calls that come by us concern them.
    public func isKnown(at server: Int, until moment: Int64, now: Int64) {
        elsewhere[server] = moment > now ? moment : nil
    }

    /// Until when others have to know that it has telephones here, when that is not what they know; 0: it has none.
    public func takeAnnouncement() -> Int64? {
        guard server != nil else { return nil }
        var last: Int64 = 0
        for one in subscriptions where one.package == .callInfo { last = max(last, one.expires) }
        if last == 0 ? announced == 0 : last <= announced { return nil }
        // Not with each SUBSCRIBE.
        announced = last == 0 ? 0 : last + Self.announcement
        return announced
    }

    public func announcementFailed() { announced = -1 }

    static let announcement: Int64 = 3_600_000

    /// The other servers are to hear of it in any case: they look whether what they have is still theirs then.
    public func announceAnew() { announced = -1 }

    /// Another server has that subscription now, and nobody is told. False: it is gone already.
    public func disown(_ number: UInt32) -> Bool {
        guard let at = subscriptions.firstIndex(where: { $0.number == number }) else { return false }
        subscriptions.remove(at: at)
        return true
    }

    /// Subscriptions that another server has taken over: nobody is told, and nothing written.
    /// - Parameter last: later ones cannot be in question.
    public func disown(upTo last: UInt32, unless isOurs: (RowKey) -> Bool) -> Int {
        let before = subscriptions.count
        subscriptions.removeAll {
            $0.number <= last && $0.isStored && !$0.isDirty && !isOurs(RowKey($0))
        }
        return before - subscriptions.count
    }
}

extension Appearance {
    init(moving old: Appearance, to index: Int) {
        self.init(
            restored: index, state: old.state, owner: old.owner, farContact: old.farContact,
            display: old.display, call: old.call, isCallee: old.isCallee, created: old.created,
            modified: old.modified, deadline: old.deadline, peer: old.peer)
        version = 0
    }
}
