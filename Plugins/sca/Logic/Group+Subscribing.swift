// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A SUBSCRIBE, as far as a line has to know it.
public struct SubscribeRequest: Sendable {
    public var package: Package
    public var contact: String
    public var callID: String
    public var fromTag: String
    /// Empty: it is outside of a dialog.
    public var toTag = ""
    /// For a dialog that it makes.
    public var newTag = ""
    public var routes = ""
    public var sequence: UInt32
    /// Seconds; 0: it ends.
    public var expires: Int
    public var index: CallInfo.Index?
    public var worker = 0
    public var socket: UInt16 = .max
    public var connection: UInt64 = 0

    public init(
        _ package: Package, contact: String, callID: String, fromTag: String, sequence: UInt32, expires: Int
    ) {
        self.package = package
        self.contact = contact
        self.callID = callID
        self.fromTag = fromTag
        self.sequence = sequence
        self.expires = expires
    }
}

public enum SubscribeAnswer: Equatable, Sendable {
    /// 202 or 200, with that tag and that many seconds.
    case accepted(toTag: String, expires: Int)
    /// It came again: the same answer, and nothing else.
    case repeated(toTag: String, expires: Int)
    /// 481.
    case unknown
    /// 500: an older CSeq than the last (RFC 3261, 12.2.2).
    case outOfOrder
    /// 480: the appearance is in use, or there may be no more.
    case busy
}

extension Group {
    /// - Parameter number: what a subscription that it makes is called.
    public func subscribe(_ request: SubscribeRequest, number: UInt32, at now: Int64) -> SubscribeAnswer {
        let known = subscriptions.firstIndex {
            $0.package == request.package && $0.has(.callID, request.callID)
                && $0.has(.fromTag, request.fromTag)
                && (request.toTag.isEmpty || $0.has(.toTag, request.toTag))
        }
        if !request.toTag.isEmpty {
            guard let known else { return .unknown }
            return refresh(known, request, at: now)
        }
        if let known, subscriptions[known].subscribeSequence == request.sequence {
            return .repeated(
                toTag: subscriptions[known][.toTag], expires: subscriptions[known].secondsLeft(at: now))
        }
        return begin(request, number, at: now)
    }

    private func refresh(_ at: Int, _ request: SubscribeRequest, at now: Int64) -> SubscribeAnswer {
        let tag = subscriptions[at][.toTag]
        let last = subscriptions[at].subscribeSequence
        if request.sequence == last {
            return .repeated(toTag: tag, expires: subscriptions[at].secondsLeft(at: now))
        }
        guard request.sequence > last else { return .outOfOrder }
        if request.expires == 0 {
            end(at, .unsubscribed, at: now)
            return .accepted(toTag: tag, expires: 0)
        }
        if !subscriptions[at].has(.contact, request.contact) {
            // RFC 6665, 4.4.1: a target refresh.
            erasedRows.append(RowKey(subscriptions[at]))
            subscriptions[at].isStored = false
            subscriptions[at].setRoutes(contact: request.contact, subscriptions[at][.routes])
        }
        subscriptions[at].subscribeSequence = request.sequence
        renew(at, request, now)
        return .accepted(toTag: tag, expires: request.expires)
    }

    private func renew(_ at: Int, _ request: SubscribeRequest, _ now: Int64) {
        subscriptions[at].expires = now + Int64(request.expires) * 1000
        subscriptions[at].worker = UInt16(truncatingIfNeeded: request.worker)
        subscriptions[at].socket = request.socket
        subscriptions[at].connection = request.connection
        subscriptions[at].isOwed = true
        subscriptions[at].isDirty = true
        hasUnsavedSubscriptions = true
    }

    private func begin(_ request: SubscribeRequest, _ number: UInt32, at now: Int64) -> SubscribeAnswer {
        var new = Subscription(
            number: number, request.package, contact: request.contact, callID: request.callID,
            fromTag: request.fromTag, toTag: request.newTag, routes: request.routes,
            sequence: request.sequence,
            expires: now + Int64(request.expires) * 1000, worker: request.worker)
        new.socket = request.socket
        new.connection = request.connection
        new.server = server ?? 0
        new.isOwed = true
        if request.package == .lineSeize {
            guard let index = mayUse(request.index ?? .any) else { return .busy }
            new.index = Int32(index)
        }
        // The telephone has forgotten the dialog that it had.
        let old = subscriptions.first { $0.package == request.package && $0.has(.contact, request.contact) }
        if let old {
            if request.package == .callInfo { restarted(request.contact, at: now) }
            if let at = subscriptions.firstIndex(where: { $0.number == old.number }) {
                end(at, .unanswered, at: now)
            }
        }
        guard request.expires > 0 else {
            farewells.append(Farewell(subscription: new, ending: .timeout))
            return .accepted(toTag: request.newTag, expires: 0)
        }
        if request.package == .lineSeize {
            seize(Int(new.index), owner: request.contact, deadline: 0, at: now)
        }
        subscriptions.append(new)
        hasUnsavedSubscriptions = true
        return .accepted(toTag: request.newTag, expires: request.expires)
    }

    /// A telephone that subscribes anew has started anew: what it did before, nobody does any more.
    private func restarted(_ contact: String, at now: Int64) {
        while let at = appearances.firstIndex(where: { isSamePhone($0.owner, contact) }) {
            release(at, at: now)
        }
    }

    // MARK: - seizing

    private func mayUse(_ index: CallInfo.Index) -> Int? {
        switch index {
        case .any: return free()
        case .number(let number): return mayGrow && position(number) == nil ? number : nil
        }
    }

    private func seize(_ index: Int, owner: String, deadline: Int64, at now: Int64) {
        var new = Appearance(index: index, state: .seized, at: now)
        new.owner = owner
        new.deadline = deadline
        note(insert(new), from: .idle, at: now)
        tellAll()
    }

    /// By command. Nil: there may be no more.
    public func seize(owner: String, at now: Int64) -> Int? {
        guard let index = free() else { return nil }
        seize(index, owner: owner, deadline: now + limits.command, at: now)
        return index
    }

    // MARK: - ending

    /// A subscription is over; what it had seized and did not use goes with it.
    func end(_ at: Int, _ ending: Ending, at now: Int64) {
        let gone = subscriptions[at]
        drop(at, ending)
        guard gone.package == .lineSeize, let place = position(Int(gone.index)),
            appearances[place].state == .seized, appearances[place].call.isEmpty,
            isSamePhone(appearances[place].owner, gone[.contact])
        else { return }
        release(place, at: now)
    }

    /// By command. How many it were.
    public func deactivate(at now: Int64, where fits: (Subscription) -> Bool = { _ in true }) -> Int {
        var count = 0
        while let at = subscriptions.firstIndex(where: fits) {
            end(at, .deactivated, at: now)
            count += 1
        }
        return count
    }

    /// What has had its time goes. The next moment that something will, Unix time in milliseconds; 0: none.
    public func expire(at now: Int64) -> Int64 {
        if !elsewhere.isEmpty { elsewhere = elsewhere.filter { $0.value > now } }
        while let at = subscriptions.firstIndex(where: { $0.expires <= now }) { end(at, .timeout, at: now) }
        while let at = appearances.firstIndex(where: { $0.deadline != 0 && $0.deadline <= now }) {
            if appearances[at].isPickUp { restore(at, at: now) } else { release(at, at: now) }
        }
        return firstDeadline
    }

    /// 0: nothing will have its time.
    public var firstDeadline: Int64 {
        var first = Int64.max
        for one in subscriptions { first = min(first, one.expires) }
        for one in appearances where one.deadline != 0 { first = min(first, one.deadline) }
        for until in elsewhere.values { first = min(first, until) }
        return first == .max ? 0 : first
    }
}
