// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

@Suite struct SelectTests {
    @Test func `selects print what variables print`() throws {
        let bench = try Bench()
        let rows: [(String, String)] = [
            ("via", "SIP/2.0/UDP pc33.atlanta.example.com:5066;branch=z9hG4bKnashds8;rport"),
            ("via[1].host", "pc33.atlanta.example.com"),
            ("via[1].port", "5066"),
            ("via[1].branch", "z9hG4bKnashds8"),
            ("via[1].name", "SIP"),
            ("via[1].version", "2.0"),
            ("via[1].transport", "UDP"),
            ("via[1].params.branch", "z9hG4bKnashds8"),
            ("via[1].received", "<null>"),
            ("via[2]", "SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKsecond;received=10.0.0.9"),
            ("via[2].received", "10.0.0.9"),
            ("via[2].port", "<null>"),
            ("via[3]", "<null>"),
            ("via[-1]", "SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKsecond;received=10.0.0.9"),
            ("from", "\"Alice A\" <sip:alice@atlanta.example.com:5070;lr>;tag=1928301774"),
            ("from.uri", "sip:alice@atlanta.example.com:5070;lr"),
            ("from.uri.user", "alice"),
            ("from.uri.host", "atlanta.example.com"),
            ("from.uri.port", "5070"),
            ("from.uri.params", "lr"),
            ("from.tag", "1928301774"),
            ("from.name", "\"Alice A\""),
            ("from.params.tag", "1928301774"),
            ("to.uri.hostport", "biloxi.example.com:5060"),
            ("contact.uri", "sip:alice@pc33.atlanta.example.com"),
            ("contact.expires", "300"),
            ("ruri.user", "bob"),
            ("ruri.pwd", "secret"),
            ("ruri.hostport", "biloxi.example.com:5080"),
            ("ruri.params.transport", "tcp"),
            ("dst_uri", "<null>"),
            ("next_hop.host", "biloxi.example.com"),
            ("cseq", "314159 INVITE"),
            ("cseq.num", "314159"),
            ("cseq.method", "INVITE"),
            ("method", "INVITE"),
            ("msg.type", "1"),
            (
                "msg.first_line",
                "INVITE sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone SIP/2.0"
            ),
            ("msg.header.x_test", "one"),
            ("msg.header[\"X-Test\"]", "one"),
            ("hf_value.x_test[2]", "two"),
            ("hf_value.x_test[3]", "three"),
            ("call_id", "a84b4c76e66710@pc33.atlanta.example.com"),
            ("expires", "120"),
            ("max_forwards", "70"),
            ("status", "<null>"),
            ("src.ip", "192.0.2.1"),
            ("src.ip_port", "192.0.2.1:5066"),
            ("dst.port", "5060"),
            ("received.proto", "udp"),
            ("received.proto_ip_port", "udp:192.0.2.7:5060"),
            ("authorization[\"atlanta.example.com\"].username", "alice@atl"),
            ("authorization[\"atlanta.example.com\"].username.user", "alice"),
            ("authorization[\"other\"].username", "<null>"),
            ("rpid.uri", "sip:rpid@example.net"),
            ("refer_to.uri", "sip:refer@example.net?Replaces=1"),
            ("rr", "<null>"),
            ("content_type", "application/sdp"),
            ("user_agent", "friendly-scanner 1.0"),
            ("branch.count", "0"),
            ("version", "SIP/2.0"),
            ("sys.now", "1795229808"),
        ]
        for (select, expected) in rows {
            #expect(bench.text("$sel(\(select))") == expected, "@\(select)")
            let value = try bench.parser.select("@" + select).get().read(bench.context)
            #expect((value.isNull ? "<null>" : value.asText(bench.message).string) == expected, "@\(select)")
        }
        #expect(bench.warnings.isEmpty)
    }

    @Test func `Vias are counted over lines and commas`() throws {
        let twice = Fixture.ringing.replacing(
            "Via: SIP/2.0/UDP 10.0.0.1;", with: "Via: SIP/2.0/TCP 10.0.0.3 , SIP/2.0/UDP 10.0.0.1;")
        try Bench(twice).check([
            ("$sel(via[2])", "SIP/2.0/TCP 10.0.0.3"),
            ("$sel(via[3].host)", "10.0.0.1"),
            ("$sel(via[4])", "<null>"),
            ("$sel(status) $sel(reason)", "180 Ringing now"),
        ])
    }

    @Test func `an unknown select is warned of, and undefined`() throws {
        let bench = try Bench()
        #expect(bench.text("$sel(nosuch.thing)") == "<null>")
        #expect(bench.text("$sel(via[1].color)") == "<null>")
        #expect(bench.warnings == ["unknown select @nosuch.thing", "unknown select @via[1].color"])
    }
}
