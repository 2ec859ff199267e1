// SPDX-License-Identifier: Apache-2.0
import Testing
import TmLogic

private let times = Times()

/// RFC 3261, figure 7, as RFC 6026, figure 4, has changed it.
@Suite struct InviteServerTests {
    @Test func `until there is an answer a copy of the INVITE gets the last reply`() {
        var server = InviteServer(reliable: false)
        #expect(server.requestArrivedAgain() == .resend)
        #expect(server.replies(180, isOurs: false, at: 1000, times) == .send)
        #expect(server.requestArrivedAgain() == .resend)
        #expect(server.wakeAt == 0)
    }

    @Test func `a refusal is repeated after T1, twice that, and so on up to T2, until its ACK or timer H`() {
        var server = InviteServer(reliable: false)
        #expect(server.replies(486, isOurs: false, at: 1000, times) == .send)
        #expect(server.state == .completed)
        var resent: [UInt64] = []
        var last: ServerActions = []
        while server.wakeAt != 0 {
            let at = server.wakeAt
            last = server.timePassed(at, times)
            if last == .resend { resent.append(at - 1000) }
        }
        #expect(resent == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500])
        #expect(last == [.unacknowledged, .end])
        #expect(server.state == .terminated)
    }

    @Test func `over TCP a refusal is not repeated`() {
        var server = InviteServer(reliable: true)
        _ = server.replies(486, isOurs: false, at: 1000, times)
        #expect(server.wakeAt == 31_000)
    }

    @Test func `the ACK ends the repeating, and copies of it are absorbed until timer I`() {
        var server = InviteServer(reliable: false)
        _ = server.replies(486, isOurs: false, at: 1000, times)
        #expect(server.requestArrivedAgain() == .resend)
        server.acknowledged(at: 1200, times)
        #expect(server.state == .confirmed)
        #expect(server.requestArrivedAgain() == [])
        #expect(server.wakeAt == 6200)
        server.acknowledged(at: 2000, times)
        #expect(server.wakeAt == 6200)
        #expect(server.timePassed(6200, times) == .end)
    }

    @Test func `after a 2xx every other 2xx goes out, the INVITE is absorbed, until timer L`() {
        var server = InviteServer(reliable: false)
        #expect(server.replies(200, isOurs: false, at: 1000, times) == .send)
        #expect(server.state == .accepted)
        #expect(server.requestArrivedAgain() == [])
        #expect(server.replies(200, isOurs: false, at: 1500, times) == .send)
        #expect(server.replies(180, isOurs: false, at: 1500, times) == [])
        #expect(server.replies(486, isOurs: false, at: 1500, times) == [])
        #expect(server.wakeAt == 33_000)
        #expect(server.timePassed(33_000, times) == .end)
        #expect(server.replies(200, isOurs: false, at: 33_100, times) == [])
    }

    @Test(arguments: [false, true])
    func `a 2xx of our own is repeated on every transport until its ACK`(reliable: Bool) {
        var server = InviteServer(reliable: reliable)
        _ = server.replies(200, isOurs: true, at: 1000, times)
        #expect(server.wakeAt == 1500)
        #expect(server.timePassed(1500, times) == .resend)
        #expect(server.wakeAt == 2500)
        server.acknowledged(at: 2000, times)
        #expect(server.wakeAt == 33_000)
    }

    @Test func `nobody acknowledged a 2xx of our own`() {
        var server = InviteServer(reliable: false)
        _ = server.replies(200, isOurs: true, at: 1000, times)
        var last: ServerActions = []
        while server.wakeAt != 0 { last = server.timePassed(server.wakeAt, times) }
        #expect(last == [.unacknowledged, .end])
    }

    @Test func `there is one final answer, but a callee who took the call after all is told of`() {
        var server = InviteServer(reliable: false)
        _ = server.replies(487, isOurs: true, at: 1000, times)
        #expect(server.replies(486, isOurs: false, at: 1100, times) == [])
        #expect(server.replies(180, isOurs: false, at: 1100, times) == [])
        #expect(server.replies(200, isOurs: true, at: 1100, times) == [])
        #expect(server.replies(200, isOurs: false, at: 1100, times) == .send)
    }
}

/// RFC 3261, figure 8, and RFC 4320.
@Suite struct PlainServerTests {
    @Test func `before any reply a copy is absorbed, after one it gets it again`() {
        var server = PlainServer(at: 1000, reliable: false, times)
        #expect(server.requestArrivedAgain() == [])
        #expect(server.replies(100, at: 1100, times) == .send)
        #expect(server.state == .proceeding)
        #expect(server.requestArrivedAgain() == .resend)
        #expect(server.replies(200, at: 1200, times) == .send)
        #expect(server.state == .completed)
        #expect(server.requestArrivedAgain() == .resend)
        #expect(server.replies(404, at: 1300, times) == [])
        #expect(server.wakeAt == 6200)
        #expect(server.timePassed(6200, times) == .end)
        #expect(server.requestArrivedAgain() == [])
    }

    @Test func `100 goes out by itself when the client repeats itself every T2, over UDP only`() {
        var server = PlainServer(at: 1000, reliable: false, times)
        #expect(server.wakeAt == 4500)
        #expect(server.timePassed(4500, times) == .trying)
        #expect(server.wakeAt == 0)
        #expect(PlainServer(at: 1000, reliable: true, times).wakeAt == 0)
    }

    @Test func `no provisional reply but 100 is sent`() {
        var server = PlainServer(at: 1000, reliable: false, times)
        #expect(server.replies(183, at: 1100, times) == [])
        #expect(server.state == .trying)
    }

    @Test func `408 is never sent, and ends it`() {
        var server = PlainServer(at: 1000, reliable: false, times)
        #expect(server.replies(408, at: 31_000, times) == [])
        #expect(server.state == .completed)
    }

    @Test func `an answer after the client gave up is not sent`() {
        var server = PlainServer(at: 1000, reliable: false, times)
        #expect(server.replies(200, at: 33_000, times) == [])
    }
}
