// SPDX-License-Identifier: Apache-2.0
import NathelperLogic
import PluginKit
import Testing

@Suite struct PrivateAddressTests {
    @Test(arguments: [
        ("10.0.0.1", true), ("172.16.0.1", true), ("172.31.255.255", true), ("172.32.0.1", false),
        ("192.168.1.1", true), ("192.169.0.1", false), ("100.64.0.1", true), ("100.127.255.255", true),
        ("100.128.0.1", false), ("198.51.100.7", false), ("fd00::1", true), ("[fc12::1]", true),
        ("2001:db8::1", false), ("fdexample.com", false), ("10.0.0", false), ("10.0.0.256", false),
        ("", false),
    ]) func `an address is private or not`(address: String, isPrivate: Bool) {
        let found = address.withRaw { PrivateAddress.contains(Text(unchecked: $0)) }
        #expect(found == isPrivate)
    }
}

@Suite struct SentByTests {
    private func read(_ via: StaticString) -> String? {
        SentBy(Text(via)).map { "\(String(Text(unchecked: $0.host))) \($0.port.map(String.init) ?? "-")" }
    }

    @Test func `a Via says who it is`() {
        #expect(read("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1") == "10.0.0.1 5070")
        #expect(read("SIP / 2.0 / TCP  host.example ;rport") == "host.example -")
        #expect(read("SIP/2.0/UDP [2001:db8::1]:5062;x") == "2001:db8::1 5062")
        #expect(read("SIP/2.0/UDP [2001:db8::1]") == "2001:db8::1 -")
        #expect(read("SIP/2.0/UDP a:1, SIP/2.0/UDP b:2") == "a 1")
        #expect(read("SIP/2.0") == nil)
        #expect(read("SIP/2.0/UDP a:x") == nil)
    }
}

private func bytes(_ text: StaticString) -> AddressBytes? { AddressBytes(Text(text)) }

@Suite struct AddressBytesTests {
    @Test func `addresses are compared as numbers`() {
        #expect(bytes("10.0.0.1")?.host == "10.0.0.1")
        #expect(bytes("2001:DB8:0::1") == bytes("[2001:db8::1]"))
        #expect(bytes("[2001:db8::1]")?.host == "[2001:db8::1]")
        #expect(bytes("name.example") == nil)
        #expect(bytes("192.168.0.1")?.isPrivate == true)
        #expect(bytes("fd00::1")?.isPrivate == true)
        #expect(bytes("2001:db8::1")?.isPrivate == false)
    }
}

@Suite struct SessionDescriptionTests {
    private static let body: StaticString = """
        v=0\r
        o=- 1 1 IN IP4 10.0.0.5\r
        s=-\r
        c=IN IP4 10.0.0.5\r
        t=0 0\r
        m=audio 4000 RTP/AVP 0\r
        m=video 4002 RTP/AVP 31\r
        c=IN IP4 0.0.0.0\r

        """

    private func edited(
        _ edit: SessionDescription.Edit, _ address: String = "192.0.2.9", isIPv6: Bool = false,
        keepsOld: Bool = false
    ) -> String? {
        SessionDescription.edited(
            Text(Self.body), edit, address: address, isIPv6: isIPv6, keepsOld: keepsOld,
            mark: "a=nortpproxy:yes")
    }

    private func connection(_ body: StaticString) -> String? {
        SessionDescription.connection(Text(body)).map { String(Text(body)[$0]) }
    }

    @Test func `connections get another address, and who is on hold stays`() throws {
        let body = try #require(edited(.connection, keepsOld: true))
        #expect(body.contains("c=IN IP4 192.0.2.9\r\n") && body.contains("c=IN IP4 0.0.0.0\r\n"))
        #expect(body.contains("o=- 1 1 IN IP4 10.0.0.5\r\n"))
        #expect(body.hasSuffix("a=oldmediaip:10.0.0.5\r\n"))
    }

    @Test func `the origin and the lines at the end are others' wishes`() throws {
        let body = try #require(edited([.origin, .direction, .mark]))
        #expect(body.contains("o=- 1 1 IN IP4 192.0.2.9\r\n") && body.contains("c=IN IP4 10.0.0.5\r\n"))
        #expect(body.hasSuffix("a=direction:active\r\na=nortpproxy:yes\r\n"))
    }

    @Test func `another family is told`() throws {
        #expect(
            try #require(edited(.connection, "2001:db8::1", isIPv6: true)).contains(
                "c=IN IP6 2001:db8::1\r\n"))
    }

    @Test func `what is right already is left alone`() {
        #expect(edited(.connection, "10.0.0.5") == nil)
        #expect(edited([]) == nil)
    }

    @Test func `lines may end in any way, or be cut`() {
        for body: StaticString in [
            "c=IN IP4 10.0.0.1", "c=IN IP4 10.0.0.1/127\n", "v=0\nc=IN IP4 10.0.0.1\nm=x",
        ] {
            #expect(connection(body) == "10.0.0.1")
        }
        for body: StaticString in ["", "c=", "c=IN", "c=IN IP4", "c=IN IP4 ", "\n\n\n", "c=IN IP4 /"] {
            #expect(connection(body) == nil)
        }
    }
}

private func alias(_ text: StaticString) -> Alias? { Alias(Text(text)) }
private func parameter(_ name: StaticString, isFirst: Bool = false) -> String? {
    let params = Text(";x=1;alias=a~1~1;aliases=2;ALIAS=b~2~2;y")
    return Parameters.place(of: Text(name), in: params, isFirst: isFirst).map { String(params[$0]) }
}

@Suite struct AliasTests {
    @Test func `an alias is an address, a port and a transport`() throws {
        let found = try #require(alias("192.0.2.1~5060~2"))
        #expect(found == Alias(host: "192.0.2.1", port: 5060, transport: 2))
        #expect(found.uri == "sip:192.0.2.1:5060;transport=tcp" && found.value == "192.0.2.1~5060~2")
        // The numbers of other servers: 4 SCTP, 5 WS, 6 WSS.
        for (text, number, parameter) in [
            ("192.0.2.1~5060~4", 6, ";transport=sctp"), ("192.0.2.1~5060~5", 4, ";transport=ws"),
            ("192.0.2.1~5060~6", 5, ";transport=ws"),
        ] {
            let alias = text.withRaw { Alias(Text(unchecked: $0)) }
            #expect(alias?.transport == number && alias?.value == text)
            #expect(alias?.uri == "sip:192.0.2.1:5060\(parameter)")
        }
        #expect(alias("192.0.2.1~5060~7") == nil)
        #expect(alias("[2001:db8::1]~5060~1")?.uri == "sip:[2001:db8::1]:5060")
    }

    @Test(arguments: ["~~", "h~5060", "h~0~1", "h~70000~1", "h~5060~9", "~5060~1"])
    func `what is none cannot be read`(text: String) {
        let found = text.withRaw { Alias(Text(unchecked: $0)) }
        #expect(found == nil)
    }

    @Test func `a parameter is found by its name, the last one or the first`() {
        #expect(parameter("alias") == ";ALIAS=b~2~2")
        #expect(
            parameter("alias", isFirst: true)
                == ";alias=a~1~1")
        #expect(parameter("y") == ";y")
        #expect(parameter("z") == nil)
        let first = Parameters.place(of: Text("ALIAS"), in: Text("alias=a~1~1;y"))
        let second = Parameters.place(of: Text("y"), in: Text("alias=a~1~1;y"))
        #expect(first == 0..<11 && second == 11..<13)
    }
}
