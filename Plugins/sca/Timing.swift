// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic
import Synchronization

/// What has had its time ends at its time, to a tenth of a second.
enum Timing {
    /// So many lines are looked at in one turn; the others in the next.
    private static let portion = 200

    /// On the first worker.
    static func start() {
        Loop.every(Milliseconds(Int(Deadlines.step)), on: 0) { call in
            Count.noteLines()
            let due = lines.deadlines.take(at: Now.milliseconds)
            for (at, group) in due.enumerated() {
                if at < portion { expire(call.raw, group) } else { lines.deadlines.set(group, at: 0) }
            }
            return .yes
        }
        Loop.every(.seconds(purgeInterval.value), on: 0) { call in
            for group in lines.all { lines.deadlines.set(group, at: 0) }
            Storage.purge(call.raw)
            return .yes
        }
        Loop.every(.seconds(1), on: 0) { call in
            Storage.catchUp(call.raw)
            return .yes
        }
        Loop.every(.seconds(updateInterval.value), on: 0) { call in
            Storage.saveSequences(call.raw)
            return .yes
        }
        Loop.post(to: 0) { call in
            Loading.announce(call.raw)
            return .yes
        }
    }

    private static func expire(_ call: CallPointer, _ group: Group) {
        let done: (gone: Int, changes: Bool)? = lines.with(group) { group in
            let before = group.subscriptions.count
            group.nextLook = 0
            let appearances = group.appearances.count
            _ = group.expire(at: Now.milliseconds)
            let gone = before - group.subscriptions.count
            return (gone, gone > 0 || appearances != group.appearances.count || !group.changes.isEmpty)
        }
        guard let done else { return }
        if done.gone > 0 { Count.expired.add(done.gone) }
        guard done.changes else {
            lines.with(group) { schedule($0) }
            lines.tidy(group)
            return
        }
        settle(call, [group])
    }

    /// The lock of the line is held.
    static func schedule(_ group: Group) {
        Count.note(group)
        let first = group.firstDeadline
        guard first != 0, group.nextLook == 0 || first < group.nextLook else { return }
        group.nextLook = first
        lines.deadlines.set(group, at: first)
    }
}

extension Count {
    private static let known = Atomic<Int>(0)

    /// How many lines there are, in its gauge: looked at ten times a second.
    static func noteLines() {
        let now = ScaPlugin.lines.count
        let before = known.exchange(now, ordering: .relaxed)
        if now != before { Self.lines.add(now - before) }
    }

    /// What is in a line now, in the gauges. The lock of the line is held.
    static func note(_ group: Group) {
        let (subscribers, calls) = (group.subscriptions.count, group.appearances.count)
        if subscribers != group.counted.subscriptions {
            subscriptions.add(subscribers - group.counted.subscriptions)
        }
        if calls != group.counted.appearances { appearances.add(calls - group.counted.appearances) }
        group.counted = (subscribers, calls)
    }
}
