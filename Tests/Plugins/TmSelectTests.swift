// SPDX-License-Identifier: Apache-2.0
import PluginKit
import Testing
import TmLogic

@Suite struct SelectPathTests {
    private func path(_ text: StaticString) -> SelectPath? { SelectPath(Text(text)) }

    @Test func `what stands behind @tm names one thing, or none`() {
        #expect(path("method") == .method)
        #expect(path("uas.status") == .server(.status))
        #expect(path("uas.local_to_tag") == .server(.localToTag))
        #expect(path("uas.response") == .server(.response))
        #expect(path("uas.request.neg_ack_retransmission") == .server(.negativeACK))
        #expect(path("uac.count") == .branchCount)
        #expect(path("uac.relayed") == .relayed)
        #expect(path("uac[2].uri") == .branch(2, .uri, rest: 10))
        #expect(path("uac.last_status") == .branch(nil, .status, rest: 15))
        #expect(path("uac.response_retransmission") == .branch(nil, .copies, rest: 27))
        for odd: StaticString in [
            "", "uas", "uac", "uac[", "uac[x].uri", "uac[1].count", "method.x", "uas.nothing", "uac[-1].uri",
        ] {
            #expect(path(odd) == nil)
        }
    }

    @Test func `behind a message another select may follow`() {
        #expect(path("uas.req") == .request(rest: 7))
        #expect(path("uas.request.from.uri") == .request(rest: 12))
        #expect(path("uac[0].request.via[1].host") == .branch(0, .request, rest: 15))
        #expect(path("uac[10].response") == .branch(10, .response, rest: 16))
    }
}

@Suite struct StatusSetTests {
    private func set(_ text: StaticString) -> StatusSet? { StatusSet(Text(text)) }

    @Test func `single answers, from one to another, and hundreds`() throws {
        let set = try #require(self.set("code=480; code=500-504 ;class=6,302"))
        let members = (300...699).filter { set.contains($0) }
        #expect(members == [302, 480] + Array(500...504) + Array(600...699))
        #expect(!set.contains(200) && !set.contains(700))
    }

    @Test func `what is no list of answers is none`() {
        for odd: StaticString in [
            "x", "code=", "code=200", "code=504-500", "class=2", "class=7", "code=480-", "699-700",
        ] {
            #expect(self.set(odd) == nil)
        }
        #expect(self.set(" ; ") == StatusSet())
    }
}

@Suite struct PenaltyTests {
    private let usual = Penalty(otherwise: 0, least: 0, most: 3600)

    @Test func `a place that says when is left alone until then`() {
        #expect(usual.time(asked: 30) == 30)
        #expect(usual.time(asked: 100_000) == 3600)
        #expect(usual.time(asked: nil) == 0)
        #expect(usual.time(asked: 0) == 0)
    }

    @Test func `one that does not say gets the time for that, within the limits`() {
        #expect(Penalty(otherwise: 20, least: 60, most: 3600).time(asked: nil) == 60)
        #expect(Penalty(otherwise: 20, least: 0, most: 10).time(asked: nil) == 10)
        #expect(Penalty(otherwise: 0, least: 60, most: 3600).time(asked: nil) == 0)
        #expect(Penalty(otherwise: 0, least: 60, most: 3600).time(asked: 1) == 60)
    }

    @Test func `methods are bits as the manual has them`() {
        // INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER as the server numbers them.
        #expect([1, 2, 3, 4, 5, 6].map { MethodBits.bit($0) } == [1, 4, 8, 2, 256, 32])
        #expect([12, 9, 10, 0].map { MethodBits.bit($0) } == [16, 64, 128, 256])
    }
}
