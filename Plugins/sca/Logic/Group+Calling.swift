// SPDX-License-Identifier: Apache-2.0
import PluginKit

extension Group {
    /// A call that the line makes, or has taken up, under that number; nil: it is not that call's any more.
    private func place(_ index: Int, _ callID: String) -> Int? {
        guard let at = position(index), appearances[at].call.callID == callID else { return nil }
        return at
    }

    private func set(_ at: Int, _ state: AppearanceState, at now: Int64, tells: Bool = true) {
        let before = appearances[at].state
        appearances[at].state = state
        note(at, from: before, at: now)
        if tells { tellAll() }
    }

    // MARK: - the line calls

    /// An INVITE of a telephone of the line. The appearance that it names, or has seized, is for this call from now
    /// on. Nil: that is in use, or there may be no more, and nobody sees this call.
    public func dial(_ index: CallInfo.Index, owner: String, _ call: CallName, at now: Int64) -> Int? {
        let found: Int?
        switch index {
        case .number(let number): found = position(number)
        case .any:
            found =
                appearances.firstIndex { $0.call.callID == call.callID }
                ?? appearances.firstIndex {
                    $0.state == .seized && $0.call.isEmpty && isSamePhone($0.owner, owner)
                }
        }
        if let at = found {
            // It came again, by another way or with credentials.
            if appearances[at].call.callID == call.callID { return appearances[at].index }
            guard appearances[at].state == .seized, isSamePhone(appearances[at].owner, owner) else {
                return nil
            }
            return dial(at, owner, call, at: now)
        }
        guard mayGrow else { return nil }
        let number: Int
        switch index {
        case .number(let wanted): number = wanted
        case .any:
            guard let free = free() else { return nil }
            number = free
        }
        let at = insert(Appearance(index: number, state: .seized, at: now))
        return dial(at, owner, call, at: now)
    }

    private func dial(_ at: Int, _ owner: String, _ call: CallName, at now: Int64) -> Int {
        let before: AppearanceState = appearances[at].owner.isEmpty ? .idle : .seized
        take(at, for: call)
        appearances[at].owner = owner
        appearances[at].isCallee = false
        appearances[at].deadline = now + limits.early
        note(at, from: before, at: now)
        tellAll()
        return appearances[at].index
    }

    /// 18x: there is somebody who can be told.
    public func progress(_ index: Int, _ callID: String, at now: Int64) {
        guard let at = place(index, callID), !appearances[at].isCallee else { return }
        if !appearances[at].state.isAnswered { appearances[at].deadline = now + limits.early }
        guard appearances[at].state == .seized else { return }
        endSeizure(index, .noResource, at: now)
        set(at, .progressing, at: now)
    }

    /// 2xx.
    /// - Parameter tag: of the callee.
    /// - Returns: where the far end's own line has to hear that the call has another name: after a pick-up.
    public func answered(
        _ index: Int, _ callID: String, tag: String, farContact: String, display: String, at now: Int64
    ) -> (peer: Appearance.Peer?, old: CallName)? {
        guard let at = place(index, callID), !appearances[at].isCallee else { return nil }
        if appearances[at].isPickUp {
            let before = appearances[at].before[0]
            for one in appearances[at].before { leave(one.call.callID, index) }
            appearances[at].before = []
            appearances[at].call.toTag = tag
            appearances[at].farContact = farContact
            appearances[at].deadline = 0
            note(at, from: appearances[at].state, at: now)
            return (before.peer, before.call)
        }
        guard !appearances[at].state.isAnswered else { return nil }
        appearances[at].call.toTag = tag
        appearances[at].farContact = farContact
        appearances[at].display = display
        appearances[at].deadline = 0
        endSeizure(index, .noResource, at: now)
        set(at, .active, at: now)
        return nil
    }

    // MARK: - the line is called

    /// 18x from one of its telephones. Nil: there may be no more appearances.
    public func alert(_ call: CallName, farContact: String, display: String, at now: Int64) -> Int? {
        if let at = appearances.firstIndex(where: { $0.isCallee && $0.call.callID == call.callID }) {
            if appearances[at].state == .alerting { appearances[at].deadline = now + limits.early }
            return appearances[at].index
        }
        guard let index = free() else { return nil }
        let at = insert(Appearance(index: index, state: .alerting, at: now))
        called(at, call, farContact, display)
        appearances[at].deadline = now + limits.early
        note(at, from: .idle, at: now)
        tellAll()
        return index
    }

    private func called(_ at: Int, _ call: CallName, _ farContact: String, _ display: String) {
        take(at, for: call)
        appearances[at].isCallee = true
        appearances[at].farContact = farContact
        appearances[at].display = display
    }

    /// 2xx of one of its telephones, which names an appearance or not. The group hears of it with the ACK.
    public func picked(
        _ wanted: CallInfo.Index?, owner: String, _ call: CallName, farContact: String, display: String,
        at now: Int64
    ) -> Int? {
        var found = appearances.firstIndex { $0.isCallee && $0.call.callID == call.callID }
        // It came again, or another telephone was late.
        if let at = found, appearances[at].state != .alerting { return appearances[at].index }
        if case .number(let number)? = wanted, found.map({ appearances[$0].index }) != number,
            let index = makeRoom(number, owner, instead: found, at: now)
        {
            found = position(index)
        }
        if found == nil {
            guard let index = free() else { return nil }
            found = insert(Appearance(index: index, state: .idle, at: now))
        }
        guard let at = found else { return nil }
        let before = appearances[at].state
        called(at, call, farContact, display)
        appearances[at].owner = owner
        appearances[at].state = .activePending
        appearances[at].deadline = now + limits.unacknowledged
        note(at, from: before, at: now)
        endSeizure(appearances[at].index, .noResource, at: now)
        return appearances[at].index
    }

    /// The telephone counts otherwise than we do: its number is taken where that is free, or its own.
    private func makeRoom(_ number: Int, _ owner: String, instead old: Int?, at now: Int64) -> Int? {
        if let at = position(number) {
            guard appearances[at].state == .seized, appearances[at].call.isEmpty,
                isSamePhone(appearances[at].owner, owner)
            else { return nil }
            if let old { release(old, at: now, tells: false) }
            return number
        }
        if let old { release(old, at: now, tells: false) }
        guard mayGrow else { return nil }
        return appearances[insert(Appearance(index: number, state: .idle, at: now))].index
    }

    /// ACK to the 2xx.
    /// - Parameter isHeld: what its session description says, if it has one.
    public func acknowledged(_ index: Int, _ callID: String, fromTag: String, isHeld: Bool, at now: Int64) {
        guard let at = place(index, callID) else { return }
        if appearances[at].isCallee {
            guard appearances[at].state == .activePending else { return }
            appearances[at].deadline = 0
            set(at, .active, at: now)
        } else if isHeld, appearances[at].state == .active, fromTag == appearances[at].call.fromTag,
            !appearances[at].isPickUp
        {
            set(at, .held, at: now)
        }
    }

    // MARK: - inside the call

    /// A re-INVITE: only what the line's own telephone wants changes what it does.
    /// - Parameters:
    ///   - isHeld: nil: it does not say.
    ///   - wish: the state in its Call-Info.
    public func reinvited(
        _ index: Int, _ callID: String, fromTag: String, toTag: String, sequence: UInt32, isHeld: Bool?,
        wish: AppearanceState?, at now: Int64
    ) {
        guard let at = place(index, callID), appearances[at].call.fits(fromTag, toTag),
            fromTag == appearances[at].ownTag, appearances[at].state.isAnswered, !appearances[at].isPickUp
        else { return }
        let state = appearances[at].state
        let isPrivate = wish == .heldPrivate || (wish != .held && state == .heldPrivate)
        let wanted: AppearanceState
        switch isHeld {
        case true?: wanted = isPrivate ? .heldPrivate : .held
        case false?: wanted = state == .activePending ? .activePending : .active
        case nil:
            guard state.isHeld, let wish, wish.isHeld else { return }
            wanted = wish
        }
        guard wanted != state else { return }
        appearances[at].undo = (sequence, state)
        set(at, wanted, at: now)
    }

    /// It was refused: everything is as it was (RFC 3261, 14.1).
    public func reinviteFailed(_ index: Int, _ callID: String, sequence: UInt32, at now: Int64) {
        guard let at = place(index, callID), let undo = appearances[at].undo, undo.sequence == sequence else {
            return
        }
        appearances[at].undo = nil
        guard appearances[at].state != undo.state else { return }
        set(at, undo.state, at: now)
    }

    // MARK: - ends

    /// The INVITE has got its final answer, and that is no 2xx.
    public func failed(_ index: Int, _ callID: String, status: Int, at now: Int64) {
        guard let at = place(index, callID) else { return }
        if appearances[at].isPickUp { return restore(at, at: now) }
        guard !appearances[at].state.isAnswered else { return }
        guard !appearances[at].isCallee, status < 400 || status == 401 || status == 407 else {
            return release(at, at: now)
        }
        // Its telephone will try again: with credentials, or elsewhere.
        leave(callID, index)
        appearances[at].call = CallName()
        let isHeldBySubscription = subscriptions.contains { $0.package == .lineSeize && $0.index == index }
        appearances[at].deadline = isHeldBySubscription ? 0 : now + limits.redirected
        let state = appearances[at].state
        appearances[at].state = .seized
        note(at, from: state, at: now)
        if state != .seized { tellAll() }
    }

    /// CANCEL. A pick-up that is cancelled is over with its final answer.
    public func cancelled(_ index: Int, _ callID: String, at now: Int64) {
        guard let at = place(index, callID), !appearances[at].state.isAnswered else { return }
        release(at, at: now)
    }

    /// BYE, or whatever else ends a call, with the tags of both sides in either order.
    public func ended(_ index: Int, _ callID: String, _ one: String, _ other: String, at now: Int64) {
        guard let at = position(index) else { return }
        if appearances[at].call.callID == callID {
            guard appearances[at].call.fits(one, other) else { return }
            return release(at, at: now)
        }
        for step in appearances[at].before.indices
        where appearances[at].before[step].call.callID == callID
            && appearances[at].before[step].call.fits(one, other)
        {
            appearances[at].before[step].isOver = true
        }
    }
}
