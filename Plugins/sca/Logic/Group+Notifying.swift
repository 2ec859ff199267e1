// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A NOTIFY that is to be sent.
public struct Notice: Sendable {
    /// Of the subscription; 0: it is over, and nobody waits for the answer.
    public let number: UInt32
    public let package: Package
    public let contact, callID, fromTag, toTag, routes: String
    public let sequence: UInt32
    public let callInfo: String
    /// Subscription-State.
    public let state: String
    public let socket: UInt16
    public let connection: UInt64
}

extension Group {
    /// So many NOTIFYs may be on their way to a telephone at a time. What happens meanwhile, the next one tells.
    static let window = 4

    /// The workers that have something to send.
    public func workersOwing() -> [Int] {
        var workers: [Int] = []
        func add(_ worker: UInt16) {
            if !workers.contains(Int(worker)) { workers.append(Int(worker)) }
        }
        for farewell in farewells { add(farewell.subscription.worker) }
        for one in subscriptions where one.isOwed && one.unanswered < Self.window { add(one.worker) }
        return workers
    }

    /// What a worker has to send now: on its way from here on.
    public func takeNotices(for worker: Int, at now: Int64) -> [Notice] {
        var notices: [Notice] = []
        for at in farewells.indices where Int(farewells[at].subscription.worker) == worker {
            farewells[at].subscription.notifySequence &+= 1
            notices.append(
                notice(farewells[at].subscription, state: "\(farewells[at].ending.state)", isLast: true))
        }
        farewells.removeAll { Int($0.subscription.worker) == worker }
        for at in subscriptions.indices
        where subscriptions[at].isOwed && Int(subscriptions[at].worker) == worker
            && subscriptions[at].unanswered < Self.window
        {
            subscriptions[at].isOwed = false
            subscriptions[at].unanswered += 1
            subscriptions[at].notifySequence &+= 1
            let left = subscriptions[at].secondsLeft(at: now)
            notices.append(notice(subscriptions[at], state: "active;expires=\(left)", isLast: false))
        }
        return notices
    }

    private func notice(_ one: Subscription, state: String, isLast: Bool) -> Notice {
        Notice(
            number: isLast ? 0 : one.number, package: one.package, contact: one[.contact],
            callID: one[.callID], fromTag: one[.fromTag], toTag: one[.toTag], routes: one[.routes],
            sequence: one.notifySequence,
            callInfo: one.package == .callInfo
                ? callInfo : CallInfo.seizure(domain: domain, index: Int(one.index)),
            state: state, socket: one.socket, connection: one.connection)
    }

    /// Answers after which a subscription is over (RFC 6665, 4.2.2; RFC 5057, 5.1).
    public static func ends(_ status: Int) -> Bool {
        switch status {
        case 404, 405, 408, 410, 416, 480...485, 489, 501, 604: true
        default: false
        }
    }

    /// A NOTIFY has been answered, or 408 stands for that. False: the subscription is over with it.
    public func notified(_ number: UInt32, status: Int, at now: Int64) -> Bool {
        guard let at = subscriptions.firstIndex(where: { $0.number == number }) else { return true }
        if subscriptions[at].unanswered > 0 { subscriptions[at].unanswered -= 1 }
        guard Self.ends(status) else { return true }
        end(at, .unanswered, at: now)
        return false
    }
}
