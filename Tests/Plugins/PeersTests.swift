// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Peers
import SQLLogic
import Testing

@Suite struct PeersTests {
    private func server(_ number: Int, seen: Int = 1) -> Peer {
        Peer(server: number, boot: "b\(number)", seen: seen)
    }

    @Test func `a server whose row stays the same for too long is dead, whatever its clock says`() {
        var liveness = Liveness(own: 1, patience: 5000)
        liveness.heard([server(1), server(2, seen: 9_000_000), server(3)], at: 1000)
        #expect(liveness.others(at: 1000) == [2, 3])
        liveness.heard([server(1), server(2, seen: 9_000_001), server(3)], at: 4000)
        #expect(liveness.lost(at: 5999) == [])
        #expect(liveness.lost(at: 6000) == [server(3)])
        #expect(liveness.runs(2, at: 6000) && !liveness.runs(3, at: 6000) && liveness.runs(1, at: 99_999))
        // It is there again, with a clock that was set back.
        liveness.heard([server(2, seen: 9_000_002), server(3, seen: 0)], at: 6500)
        #expect(liveness.lost(at: 6500) == [])
        #expect(liveness.known == [2, 3])
    }

    @Test func `nobody dies while the rows cannot be read`() {
        var liveness = Liveness(own: 1, patience: 5000)
        liveness.heard([server(2)], at: 0)
        liveness.missed(at: 60_000)
        liveness.heard([server(2)], at: 61_000)
        #expect(liveness.lost(at: 64_999) == [])
        #expect(liveness.lost(at: 65_000) == [server(2)])
    }

    @Test func `a dead server has one heir, and another one when that dies before he is done`() {
        var liveness = Liveness(own: 1, patience: 5000)
        let dead = server(3).inherited(by: 2)
        liveness.heard([server(2), dead], at: 0)
        liveness.heard([server(2, seen: 2), dead], at: 4000)
        #expect(liveness.lost(at: 6000) == [])
        #expect(liveness.lost(at: 9000) == [server(2, seen: 2), dead])
        // What is over is left alone.
        liveness.heard([server(2, seen: 3), dead.over], at: 9000)
        #expect(liveness.lost(at: 13_000) == [])
        // An earlier process of our own did not finish.
        liveness.heard([server(3).inherited(by: 1)], at: 20_000)
        #expect(liveness.lost(at: 25_000) == [server(3).inherited(by: 1)])
    }

    @Test func `a claim puts a row unless the one that is there is not as expected`() {
        let layout = TableLayout(
            "t", revision: 1,
            [
                TableLayout.Column("id", .number, isSerial: true),
                TableLayout.Column("k", .text, isKey: true), TableLayout.Column("a", .number),
                TableLayout.Column("b", .number),
            ])
        let conditions = [
            Statement.Condition(column: 2, comparison: UInt32(MT_EQ), isNull: false),
            Statement.Condition(column: 3, comparison: UInt32(MT_LT), isNull: false),
        ]
        #expect(
            Statement.claim(layout, conditions)
                == #"INSERT INTO "t" ("k", "a", "b") VALUES (?, ?, ?) ON CONFLICT ("k") DO UPDATE SET "a" = excluded."a", "b" = excluded."b" WHERE "t"."a" = ? AND "t"."b" < ?"#
        )
        #expect(
            Statement.claim(layout, conditions, .postgres)?.hasSuffix(#""t"."b" < $5 RETURNING 1"#) == true)
        #expect(
            Statement.claim(layout, conditions, .mysql)
                == "INSERT INTO `t` (`k`, `a`, `b`) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE `a` = IF((@martlet_claim := (`t`.`a` = ? AND `t`.`b` < ?)), VALUES(`a`), `a`), `b` = IF(@martlet_claim, VALUES(`b`), `b`)"
        )
        let keyless = TableLayout("t", revision: 1, [TableLayout.Column("a", .number)])
        #expect(Statement.claim(keyless, []) == nil)
    }
}
