// SPDX-License-Identifier: Apache-2.0

/// What becomes of an INVITE of a line to itself that names an appearance.
public enum PickUp: Equatable, Sendable {
    /// It is a call like any other.
    case none
    /// To that Contact, with that Replaces (RFC 3891).
    case goes(to: String, replaces: String)
    /// 403: its holder wants it for himself.
    case isPrivate
    /// 480: there is nothing to be picked up, or somebody was faster.
    case isTaken
}

extension Group {
    public func pickUp(_ index: Int, owner: String, _ call: CallName, at now: Int64) -> PickUp {
        guard let at = position(index) else { return .none }
        let here = appearances[at]
        if here.isPickUp, here.call.callID == call.callID, let before = here.before.last {
            return way(before)
        }
        switch here.state {
        case .idle: return .none
        case .seized: return isSamePhone(here.owner, owner) ? .none : .isTaken
        case .progressing, .alerting, .activePending, .active: return .isTaken
        case .held: break
        case .heldPrivate: guard isSamePhone(here.owner, owner) else { return .isPrivate }
        }
        guard !here.farContact.isEmpty, !here.call.isEmpty, !here.farTag.isEmpty else { return .isTaken }
        let before = Appearance.Before(
            owner: here.owner, farContact: here.farContact, display: here.display, call: here.call,
            isCallee: here.isCallee, state: here.state, peer: here.peer)
        claim(index, over: here.version)
        appearances[at].before.append(before)
        appearances[at].undo = nil
        take(at, for: call)
        appearances[at].owner = owner
        appearances[at].isCallee = false
        appearances[at].state = .active
        appearances[at].deadline = now + limits.early
        note(at, from: here.state, at: now)
        tellAll()
        return way(before)
    }

    /// RFC 3891, 3: the tags as the far end sees them, its own being the to-tag.
    private func way(_ before: Appearance.Before) -> PickUp {
        let own = before.isCallee ? before.call.toTag : before.call.fromTag
        let far = before.isCallee ? before.call.fromTag : before.call.toTag
        return .goes(
            to: before.farContact, replaces: "\(before.call.callID);to-tag=\(far);from-tag=\(own)")
    }

    /// A pick-up that failed: the holder has it again, unless the far end has hung up meanwhile.
    func restore(_ at: Int, at now: Int64) {
        guard let before = appearances[at].before.popLast() else { return }
        let index = appearances[at].index
        leave(appearances[at].call.callID, index)
        appearances[at].call = before.call
        if before.isOver { return release(at, at: now) }
        let state = appearances[at].state
        appearances[at].owner = before.owner
        appearances[at].farContact = before.farContact
        appearances[at].display = before.display
        appearances[at].isCallee = before.isCallee
        appearances[at].state = before.state
        appearances[at].peer = before.peer
        appearances[at].deadline = 0
        note(at, from: state, at: now)
        tellAll()
    }

    /// The far end's own line: its call goes on under another name, with somebody else.
    public func replaced(_ index: Int, _ old: CallName, by new: CallName, farContact: String, at now: Int64) {
        guard let at = position(index), appearances[at].call.callID == old.callID else { return }
        take(at, for: new)
        appearances[at].isCallee = true
        appearances[at].farContact = farContact
        note(at, from: appearances[at].state, at: now)
    }

    /// The other side of the call is another shared line.
    public func join(_ index: Int, _ callID: String, with peer: Appearance.Peer) {
        guard let at = position(index), appearances[at].call.callID == callID, appearances[at].peer != peer
        else {
            return
        }
        appearances[at].peer = peer
        unsavedAppearances.insert(index)
    }

    // MARK: - by command

    /// False: that number is in use by nobody.
    public func update(_ index: Int, to state: AppearanceState, display: String?, at now: Int64) -> Bool {
        guard let at = position(index) else { return false }
        if state == .idle {
            release(at, at: now)
            return true
        }
        let before = appearances[at].state
        appearances[at].state = state
        if let display { appearances[at].display = display }
        if state.isAnswered { appearances[at].deadline = 0 }
        note(at, from: before, at: now)
        tellAll()
        return true
    }

    public func letGo(_ index: Int, at now: Int64) -> Bool {
        guard let at = position(index) else { return false }
        release(at, at: now)
        return true
    }
}
