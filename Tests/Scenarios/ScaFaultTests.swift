// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Telephones that do not do what they should.
@Suite struct ScaFaultTests {
    @Test(arguments: [481, 0]) func `who does not know its subscription, or does not answer, is forgotten`(
        status: Int
    )
        throws
    {
        let server = try scaServer("modparam(\"tm\", \"fr_timer\", 400)")
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        try b.subscribe()
        try b.hears("idle")
        a.noticeStatus = status
        try a.subscribe()
        try server.comes { try server.sca("sca.subscription_count", "call-info") == ["1 call-info"] }
        try b.seize("1")
        try b.hears("1 seized")
        a.listen()
        #expect(!a.heard.contains { DeskPhone.summary($0) == "1 seized" })
        #expect(try server.statistic("sca.failed_notifies") == 1)
        #expect(try server.statistic("sca.subscriptions") == 2)
    }

    @Test func `hostile Call-Info changes nothing, and is told in the log`() throws {
        let server = try scaServer(update: "if (!sca_call_info_update()) append_hf(\"X-Shared: no\\r\\n\");")
        let a = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try a.subscribe()
        let values = [
            "<sip:x>;appearance-index=99999999999999999999", "<sip:x>;appearance-index=\"1",
            "<sip:x>;appearance-index=1;appearance-state=on", ";;;;",
            "<sip:x>;appearance-index=1;appearance-index=2",
            "<sip:x>;appearance-index=" + String(repeating: "1", count: 4000),
            String(repeating: "<", count: 2000),
        ]
        for value in values {
            a.call(carol.contact, "Call-Info: \(value)").send()
            #expect(try carol.receive("INVITE")["X-Shared"] == "no", "\(value.prefix(50))")
        }
        #expect(try server.sca("sca.all_appearances") == [])
        #expect(try server.statistic("sca.bad_call_info") == values.count)
    }

    @Test func `a flood of SUBSCRIBEs for lines that nobody needs leaves nothing behind`() throws {
        let server = try scaServer("modparam(\"tm\", \"fr_timer\", 300)")
        let client = try Client()
        for number in 0..<2000 {
            client.send(
                Request("SUBSCRIBE", "sip:l\(number)@sca.example", from: client).with {
                    $0.to = "<sip:l\(number)@sca.example>"
                    $0.lines = [
                        "Contact: <sip:x@127.0.0.1:9>", "Event: call-info",
                        "Expires: \(number % 2 == 0 ? 0 : 1)",
                    ]
                }, to: server.udp)
            if number % 50 == 49 { try client.ping(server.udp) }
            while client.pending() != nil {}
        }
        try server.comes {
            try server.statistic("sca.lines") == 0 && server.statistic("sca.subscriptions") == 0
        }
        #expect(try server.sca("sca.all_subscriptions") == [])
    }

    @Test func `a BYE of somebody else's does not end the call`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try a.subscribe()
        let call = a.call(carol.contact, index: "1")
        call.send()
        carol.reply(200, to: try carol.receive("INVITE"))
        call.connected(try a.receive("200"))
        try a.hears("1 active")
        let stranger = try Client()
        stranger.send(
            Request("BYE", carol.contact, from: stranger).with {
                $0.callID = call.invite.callID
                $0.from = "<\(DeskPhone.line)>;tag=guessed"
                $0.to = "<sip:carol@far.example>;tag=guessed"
            }, to: server.udp)
        _ = try carol.receive("BYE")
        #expect(try server.sca("sca.all_appearances").count == 1)
    }

    @Test func `many lines on several workers, all refreshed at once, are all told`() throws {
        let server = try scaServer("modparam(\"tm\", \"fr_timer\", 30000)", workers: 4)
        let lines = try (0..<40).map { line in
            try (0..<5).map { _ in try DeskPhone(server, aor: "sip:line\(line)@sca.example") }
        }
        for _ in 0..<2 {
            for line in lines { for phone in line { try phone.subscribe() } }
        }
        for line in lines { for phone in line { try phone.hears("idle") } }
        for line in lines { try line[0].seize("1") }
        for line in lines { for phone in line { try phone.hears("1 seized") } }
        #expect(try server.sca("sca.subscription_count", "call-info") == ["200 call-info"])
        try server.comes { try server.statistic("sca.lines") == 40 }
    }
}
