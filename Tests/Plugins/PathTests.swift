// SPDX-License-Identifier: Apache-2.0
import PathLogic
import Testing

@Suite struct ReceivedValueTests {
    private let cases: [(ReceivedValue, String, String, String)] = [
        (
            ReceivedValue(host: "127.0.0.1", port: 26071, transport: 1), "sip:127.0.0.1:26071",
            "127.0.0.1~26071~1", "sip:127.0.0.1:26071"
        ),
        (
            ReceivedValue(host: "192.0.2.1", port: 5061, transport: 2),
            "sip:192.0.2.1:5061%3Btransport%3Dtcp", "192.0.2.1~5061~2", "sip:192.0.2.1:5061;transport=tcp"
        ),
        (
            ReceivedValue(host: "2001:db8::1", port: 5060, transport: 6),
            "sip:[2001:db8::1]:5060%3Btransport%3Dwss", "[2001:db8::1]~5060~6",
            "sip:[2001:db8::1]:5060;transport=wss"
        ),
    ]

    @Test func `received is written in both formats, and read in both (manual, 2 and 4)`() {
        for (value, uri, parts, plain) in cases {
            #expect(value.text(format: 0) == uri)
            #expect(value.text(format: 1) == parts)
            #expect(ReceivedValue(uri) == value)
            #expect(ReceivedValue(parts) == value)
            #expect(ReceivedValue(plain) == value)
            #expect(value.uri == plain)
        }
    }

    @Test func `nothing else is taken for one`() {
        for text in [
            "", "sip:", "sip:192.0.2.1", "sip:evil.example:5060", "192.0.2.1~5060", "192.0.2.1~5060~9",
            "a~b~c",
            "sip:192.0.2.1:99999", "sip:192.0.2.1:5060;transport=tcp;maddr=192.0.2.9", "192.0.2.1~0~1", "%",
            "~~",
            "sip:192.0.2.1:5060%3Btransport%3Dcarrier", "tel:+49",
        ] {
            #expect(ReceivedValue(text) == nil, "\(text)")
        }
    }
}

@Suite struct SeenSourcesTests {
    @Test func `an address is known for a day after it was last seen`() {
        var sources = SeenSources(most: 10)
        #expect(!sources.knows("sip:192.0.2.1:5060", at: 0))
        sources.note("sip:192.0.2.1:5060", at: 0)
        sources.note("sip:192.0.2.1:5060", at: 1000)
        #expect(sources.knows("sip:192.0.2.1:5060", at: 1000 + SeenSources.memory - 1))
        #expect(!sources.knows("sip:192.0.2.1:5060", at: 1000 + SeenSources.memory))
        #expect(!sources.knows("sip:192.0.2.1:5061", at: 1000))
    }

    @Test func `there is no more room than there is, until old ones go`() {
        var sources = SeenSources(most: 2)
        for port in 1...3 { sources.note("sip:192.0.2.1:\(port)", at: Int64(port)) }
        #expect(sources.count == 2 && !sources.knows("sip:192.0.2.1:3", at: 3))
        sources.note("sip:192.0.2.1:3", at: SeenSources.memory + 1)
        #expect(sources.knows("sip:192.0.2.1:3", at: SeenSources.memory + 1))
    }
}
