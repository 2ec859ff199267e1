// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// What two servers want at the same moment, one of them gets: the database has said who.
enum Claiming {
    static func answered(
        _ call: CallPointer, _ group: Group, _ index: Int, _ claim: Group.Claim, isOurs: Bool
    ) {
        guard !isOurs else {
            guard let won = lines.with(group, { Answer($0.won(index)) }) else { return }
            Settlement.decided(won.waiters)
            if won.hasChanged { settle(call, [group]) }
            return
        }
        // Whose it is, and what he does with it.
        let rows = StateRows { call, rows in
            guard rows.isRead else { return undecided(group, index, claim) }
            let now = Now.milliseconds
            let row = rows.rows.first?.appearance
            let lost = lines.with(group) { Answer(($0.lost(index, to: row, at: now), false)) }
            Settlement.decided(lost?.waiters ?? [])
            settle(call, [group])
        }
        guard let states = Storage.states else { return }
        let isAsked = group.aor.withRaw { aor in
            rows.ask(
                call, states,
                [
                    mt_match(
                        column: UInt32(StateColumn.aor.rawValue), op: UInt32(MT_EQ), value: mt_value(aor)),
                    Rows.match(StateColumn.index, index),
                ])
        }
        if !isAsked { undecided(group, index, claim) }
    }

    private static func undecided(_ group: Group, _ index: Int, _ claim: Group.Claim) {
        Storage.failed(Write(group, .claim(index, claim), nil))
    }

    private struct Answer: @unchecked Sendable {
        let waiters: [AnyObject]
        let hasChanged: Bool
        init(_ answer: (waiters: [AnyObject], hasChanged: Bool)) { (waiters, hasChanged) = answer }
    }
}
