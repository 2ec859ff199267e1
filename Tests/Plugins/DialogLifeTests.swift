// SPDX-License-Identifier: Apache-2.0
import DialogLogic
import Testing

/// The life of a dialog, event by event (manual of dialog, "Life of a dialog"; RFC 3261, 12).
@Suite struct DialogLifeTests {
    private let patience = Patience()

    private func call(lifetime: UInt32 = 600, at now: UInt32 = 1000) -> Life {
        var life = Life(at: now, lifetime: lifetime)
        life.transactionBegan(isInitial: true)
        _ = life.ringing()
        _ = life.answered(at: now)
        _ = life.acknowledged()
        return life
    }

    @Test func `states follow 1xx, 2xx, ACK and BYE`() {
        var life = Life(at: 1000, lifetime: 600)
        life.transactionBegan(isInitial: true)
        #expect(life.state == .unconfirmed)
        #expect(life.ringing() == .early)
        #expect(life.ringing() == [])
        #expect(life.state == .early)
        #expect(life.answered(at: 1005) == [.start, .save, .arm])
        #expect(life.state == .unacknowledged)
        #expect(life.deadline == 1605)
        #expect(life.acknowledged() == [.confirm, .save])
        #expect(life.acknowledged() == [])
        #expect(life.state == .confirmed)
        #expect(life.transactionEnded(isInitial: true, at: 1010) == [])
        #expect(life.bye(at: 1100) == [.end, .erase, .arm])
        #expect(life.state == .deleted)
        #expect(life.cause == .bye)
        #expect(life.checked() == .forget)
    }

    @Test(arguments: [300, 404, 487, 603]) func `a final refusal fails what is being set up`(_ status: Int) {
        var life = Life(at: 1000, lifetime: 600)
        life.transactionBegan(isInitial: true)
        #expect(life.refused(at: 1001) == [.fail, .arm])
        #expect(life.cause == .refused)
        #expect(life.transactionEnded(isInitial: true, at: 1006) == .forget)
    }

    @Test func `a 2xx that comes late, after a CANCEL, still makes a call`() {
        var life = Life(at: 1000, lifetime: 600)
        life.transactionBegan(isInitial: true)
        _ = life.refused(at: 1001)
        #expect(life.answered(at: 1002).contains(.start))
        #expect(life.state == .unacknowledged)
        #expect(life.cause == .none)
    }

    @Test func `a 2xx for what was ended here is to be ended, too`() {
        var life = Life(at: 1000, lifetime: 600)
        life.transactionBegan(isInitial: true)
        _ = life.giveUp(.ended, at: 1001)
        #expect(life.answered(at: 1002) == .late)
        #expect(life.state == .deleted)
    }

    @Test func `nothing begins again after a BYE`() {
        var life = call()
        _ = life.bye(at: 1100)
        #expect(life.answered(at: 1101) == [])
        #expect(life.acknowledged() == [])
        #expect(life.bye(at: 1101) == [])
        #expect(life.state == .deleted)
    }

    @Test func `a BYE before the answer ends nothing`() {
        var life = Life(at: 1000, lifetime: 600)
        #expect(life.bye(at: 1001) == [])
        _ = life.ringing()
        #expect(life.bye(at: 1001) == [])
        #expect(life.state == .early)
    }

    @Test func `a transaction that goes without an answer takes the dialog along`() {
        var life = Life(at: 1000, lifetime: 600)
        life.transactionBegan(isInitial: true)
        _ = life.ringing()
        #expect(life.transactionEnded(isInitial: true, at: 1200) == [.fail, .arm, .forget])
        #expect(life.cause == .unanswered)
    }

    @Test func `requests start the lifetime again, unless told not to`() {
        var life = call()
        #expect(life.request(at: 1300, resets: true) == [.save, .arm])
        #expect(life.deadline == 1900)
        #expect(life.request(at: 1400, resets: false) == [])
        #expect(life.deadline == 1900)
    }

    @Test func `requests do not start it again before the 2xx`() {
        var life = Life(at: 1000, lifetime: 600)
        _ = life.ringing()
        #expect(life.request(at: 1010, resets: true) == [])
        #expect(life.deadline == 0)
    }

    @Test func `dlg_set_timeout counts from now`() {
        var life = call()
        #expect(life.set(lifetime: 50, at: 1200, isWish: true) == [.save, .arm])
        #expect(life.deadline == 1250)
        #expect(life.lifetime == 50)
    }

    @Test func `an owner drives the lifetime alone`() {
        var life = call()
        #expect(life.set(lifetime: 90, owner: 1, standard: 600, at: 1100) == [.save, .arm])
        #expect(life.deadline == 1190)
        #expect(life.request(at: 1150, resets: true) == [])
        #expect(life.deadline == 1190)
        _ = life.set(lifetime: 90, owner: 1, standard: 600, at: 1180)
        #expect(life.deadline == 1270)
        _ = life.set(lifetime: 0, owner: 1, standard: 600, at: 1200)
        #expect(life.deadline == 1800)
        #expect(life.owner == 0)
    }

    @Test func `an owner cannot prolong what a script has set`() {
        var life = Life(at: 1000, lifetime: 43_200)
        _ = life.set(lifetime: 100, at: 1000, isWish: true)
        _ = life.set(lifetime: 1800, owner: 1, standard: 43_200, at: 1000)
        #expect(life.lifetime == 100)
        _ = life.answered(at: 1010)
        #expect(life.deadline == 1110)
        _ = life.set(lifetime: 1800, owner: 1, standard: 43_200, at: 1100)
        #expect(life.deadline == 1110)
    }

    @Test func `nobody prolongs it beyond its limit`() {
        var life = Life(at: 1000, lifetime: 43_200)
        _ = life.set(limit: 300, at: 1000)
        _ = life.answered(at: 1010)
        #expect(life.deadline == 1310)
        _ = life.set(lifetime: 5000, at: 1100, isWish: true)
        #expect(life.deadline == 1310)
        _ = life.set(lifetime: 5000, owner: 1, standard: 600, at: 1100)
        #expect(life.deadline == 1310)
        _ = life.set(limit: 1000, at: 1100)
        #expect(life.limit == 1310)
        _ = life.set(limit: 50, at: 1200)
        #expect(life.deadline == 1250)
    }

    @Test func `time wakes it at its end and not before`() {
        var life = call()
        #expect(life.wakesAt(patience) == 1600)
        #expect(life.wake(at: 1599, patience) == [])
        #expect(life.wake(at: 1600, patience) == .expired)
        #expect(life.end(.expired, at: 1600) == [.end, .erase, .arm])
    }

    @Test func `a warning comes once before the end, and again after a refresh`() {
        var life = call()
        _ = life.warn(before: 30)
        #expect(life.wakesAt(patience) == 1570)
        #expect(life.wake(at: 1570, patience) == .warning)
        #expect(life.wakesAt(patience) == 1600)
        #expect(life.wake(at: 1571, patience) == [])
        _ = life.set(lifetime: 90, owner: 1, standard: 600, at: 1580)
        #expect(life.wakesAt(patience) == 1640)
    }

    @Test func `a call without an ACK has ten seconds left after noack_timeout`() {
        var life = Life(at: 1000, lifetime: 600)
        _ = life.answered(at: 1000)
        #expect(life.wakesAt(patience) == 1060)
        #expect(life.wake(at: 1060, patience) == .cut)
        #expect(life.deadline == 1070)
        #expect(life.wakesAt(patience) == 1070)
        #expect(life.wake(at: 1070, patience) == .expired)
    }

    @Test func `what nobody answers is given up after early_timeout`() {
        var life = Life(at: 1000, lifetime: 600)
        #expect(life.wakesAt(patience) == 1300)
        #expect(life.wake(at: 1300, patience) == .silent)
    }

    @Test func `a record whose transactions nobody ended goes after end_timeout`() {
        var life = call()
        _ = life.bye(at: 2000)
        #expect(life.checked() == [])
        #expect(life.wakesAt(patience) == 2300)
        #expect(life.wake(at: 2300, patience) == .forget)
    }

    @Test func `another callee who answers has a life of his own`() {
        var life = call()
        _ = life.set(limit: 400, at: 1000)
        var other = life.forked(at: 1002)
        #expect(other.state == .unacknowledged)
        #expect(other.deadline == 1400)
        #expect(other.transactions == 0)
        _ = life.bye(at: 1100)
        #expect(other.isCall)
        #expect(other.bye(at: 1101) == [.end, .erase, .arm])
        #expect(other.checked() == .forget)
    }

    @Test func `a lifetime that ran out while the server was down is over at once`() {
        var life = Life(
            restored: .confirmed, created: 100, started: 100, lifetime: 60, deadline: 160, limit: 0, wish: 0,
            warning: 30, owner: 1)
        #expect(life.wakesAt(patience) <= 5000)
        #expect(life.wake(at: 5000, patience) == .expired)
        #expect(life.end(.expired, at: 5000).contains(.erase))
    }
}
