// SPDX-License-Identifier: Apache-2.0
import Testing
import TmLogic

private let times = Times()

private func invite(reliable: Bool = false) -> InviteClient {
    InviteClient(at: 1000, reliable: reliable, times)
}
private func plain(reliable: Bool = false) -> PlainClient { PlainClient(at: 1000, reliable: reliable, times) }

extension InviteClient {
    /// When it asks to be sent again, until it stops to, and what it says then.
    fileprivate mutating func wakes(_ times: Times = times) -> (
        resent: [UInt64], last: ClientActions, at: UInt64
    ) {
        var resent: [UInt64] = []
        while wakeAt != 0 {
            let at = wakeAt
            let actions = timePassed(at, times)
            if actions == .resend { resent.append(at - 1000) } else { return (resent, actions, at - 1000) }
        }
        return (resent, [], 0)
    }
}

extension PlainClient {
    fileprivate mutating func wakes() -> (resent: [UInt64], last: ClientActions, at: UInt64) {
        var resent: [UInt64] = []
        while wakeAt != 0 {
            let at = wakeAt
            let actions = timePassed(at, times)
            if actions == .resend { resent.append(at - 1000) } else { return (resent, actions, at - 1000) }
        }
        return (resent, [], 0)
    }
}

/// RFC 3261, figure 5, as RFC 6026, figure 1, has changed it.
@Suite struct InviteClientTests {
    @Test func `an INVITE is repeated after T1, twice that, and so on up to T2, until timer B`() {
        var client = invite()
        let (resent, last, at) = client.wakes()
        #expect(resent == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500])
        #expect(last == .timeOut)
        #expect(at == 30_000)
        #expect(client.state == .timedOut)
    }

    @Test func `over TCP it is not repeated, and timer B runs`() {
        var client = invite(reliable: true)
        let (resent, last, at) = client.wakes()
        #expect(resent == [])
        #expect(last == .timeOut)
        #expect(at == 30_000)
    }

    @Test func `a provisional reply is handed on, ends the repeating and starts timer C`() {
        var client = invite()
        #expect(client.replyArrived(180, at: 1200, times) == .deliver)
        #expect(client.state == .proceeding)
        #expect(client.wakeAt == 121_200)
        #expect(client.timePassed(121_200, times) == [.timeOut, .cancel])
    }

    @Test func `each provisional reply starts timer C anew, or only those that tell more`() {
        var client = invite()
        _ = client.replyArrived(183, at: 1000, times)
        _ = client.replyArrived(183, at: 5000, times)
        #expect(client.wakeAt == 125_000)

        var strict = times
        strict.restartsOnEach = false
        var other = InviteClient(at: 1000, reliable: false, strict)
        _ = other.replyArrived(100, at: 1000, strict)
        _ = other.replyArrived(100, at: 3000, strict)
        #expect(other.wakeAt == 121_000)
        _ = other.replyArrived(180, at: 4000, strict)
        #expect(other.wakeAt == 124_000)
        _ = other.replyArrived(180, at: 6000, strict)
        #expect(other.wakeAt == 124_000)
        _ = other.replyArrived(183, at: 7000, strict)
        #expect(other.wakeAt == 127_000)
    }

    @Test(arguments: [false, true])
    func `a refusal is acknowledged and handed on, its copies are only acknowledged`(rang: Bool) {
        var client = invite()
        if rang { _ = client.replyArrived(180, at: 1100, times) }
        #expect(client.replyArrived(486, at: 1200, times) == [.acknowledge, .deliver])
        #expect(client.state == .completed)
        #expect(client.replyArrived(486, at: 1700, times) == .acknowledge)
        #expect(client.replyArrived(180, at: 1800, times) == [])
        #expect(client.wakeAt == 6200)
        #expect(client.timePassed(6200, times) == .end)
        #expect(client.state == .terminated)
        #expect(client.replyArrived(486, at: 6300, times) == [])
    }

    @Test(arguments: [false, true])
    func `every 2xx is handed on, those of other callees too, until timer M`(rang: Bool) {
        var client = invite()
        if rang { _ = client.replyArrived(180, at: 1100, times) }
        #expect(client.replyArrived(200, at: 1200, times) == .deliver)
        #expect(client.state == .accepted)
        #expect(client.replyArrived(200, at: 1700, times) == .deliver)
        #expect(client.replyArrived(486, at: 1800, times) == [])
        #expect(client.replyArrived(180, at: 1800, times) == [])
        #expect(client.wakeAt == 33_200)
        #expect(client.timePassed(33_200, times) == .end)
        #expect(client.replyArrived(200, at: 33_300, times) == [])
    }

    @Test func `after timer B a 2xx still counts, and a refusal is only acknowledged`() {
        var client = invite()
        _ = client.wakes()
        #expect(client.replyArrived(180, at: 32_000, times) == [])
        var other = client
        #expect(client.replyArrived(200, at: 32_000, times) == .deliver)
        #expect(client.state == .accepted)
        #expect(other.replyArrived(486, at: 32_000, times) == .acknowledge)
        #expect(other.state == .completed)
    }

    @Test func `when it cannot be sent it is over`() {
        var client = invite()
        #expect(client.transportFailed() == .end)
        #expect(client.state == .terminated)
        #expect(client.transportFailed() == [])
        #expect(client.wakeAt == 0)
    }

    @Test func `a CANCEL is waited for only so long`() {
        var client = invite()
        _ = client.replyArrived(180, at: 1100, times)
        client.cancelled(waitUntil: 6000)
        #expect(client.wakeAt == 6000)
        #expect(client.replyArrived(487, at: 2000, times) == [.acknowledge, .deliver])
    }

    @Test func `a limit ends it early, other spans start it anew`() {
        var client = invite(reliable: true)
        client.limit(to: 5000)
        #expect(client.wakeAt == 5000)
        var longer = times
        longer.answer = 60_000
        client.restart(at: 2000, longer)
        #expect(client.wakeAt == 62_000)
    }
}

/// RFC 3261, figure 6.
@Suite struct PlainClientTests {
    @Test func `a request is repeated after T1, twice that, and so on up to T2, until timer F`() {
        var client = plain()
        let (resent, last, at) = client.wakes()
        #expect(resent == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500])
        #expect(last == [.timeOut, .end])
        #expect(at == 30_000)
    }

    @Test func `after a provisional reply it is repeated every T2, and timer F goes on`() {
        var client = plain()
        #expect(client.replyArrived(100, at: 1100, times) == .deliver)
        #expect(client.state == .proceeding)
        let (resent, last, at) = client.wakes()
        #expect(resent == [500, 4500, 8500, 12500, 16500, 20500, 24500, 28500])
        #expect(last == [.timeOut, .end])
        #expect(at == 30_000)
    }

    @Test(arguments: [200, 302, 404, 500, 603])
    func `a final reply is handed on once, and copies of it are absorbed until timer K`(status: Int) {
        var client = plain()
        #expect(client.replyArrived(status, at: 1200, times) == .deliver)
        #expect(client.state == .completed)
        #expect(client.replyArrived(status, at: 1300, times) == [])
        #expect(client.wakeAt == 6200)
        #expect(client.timePassed(6200, times) == .end)
        #expect(client.state == .terminated)
    }

    @Test func `a reply after timer F is of no use`() {
        var client = plain()
        _ = client.wakes()
        #expect(client.replyArrived(200, at: 32_000, times) == [])
    }

    @Test func `over TCP it is not repeated`() {
        var client = plain(reliable: true)
        #expect(client.wakes().resent == [])
    }

    @Test func `when it cannot be sent it is over`() {
        var client = plain()
        #expect(client.transportFailed() == .end)
        #expect(client.wakeAt == 0)
    }
}
