// SPDX-License-Identifier: Apache-2.0
import PermissionsLogic
import PluginKit
import Testing

private func address(_ text: StaticString) throws -> IPAddress {
    let parsed = IPAddress(Text(text))
    return try #require(parsed)
}

// Text lives no longer than what lends it, so the logic is asked with Strings here.
extension AddressBook {
    fileprivate func find(group: Int?, name: String, port: Int) -> Entry? {
        name.withRaw { find(group: group, name: Text(unchecked: $0), port: port) }
    }
}
extension RuleFile {
    fileprivate func matches(from: String, to: String) -> Bool {
        from.withRaw { from in to.withRaw { matches(from: Text(unchecked: from), to: Text(unchecked: $0)) } }
    }
    fileprivate static func allows(_ allow: RuleFile, _ deny: RuleFile, from: String, to: String) -> Bool {
        from.withRaw { from in
            to.withRaw { allows(allow, deny, from: Text(unchecked: from), to: Text(unchecked: $0)) }
        }
    }
}
private func isAddress(_ text: StaticString) -> Bool { IPAddress(Text(text)) != nil }

@Suite struct AddressBookTests {
    private func book(_ entries: AddressBook.Entry...) -> AddressBook {
        var book = AddressBook()
        for entry in entries { book.add(entry) }
        return book
    }

    @Test func `an address is in its group, at its port or at any`() throws {
        let book = book(.init(group: 1, "192.0.2.1", port: 5060, tag: "a"), .init(group: 2, "192.0.2.1"))
        let one = try address("192.0.2.1")
        #expect(book.find(group: 1, one, port: 5060)?.tag == "a")
        #expect(book.find(group: 1, one, port: 5061) == nil)
        #expect(book.find(group: 2, one, port: 5061) != nil)
        #expect(book.find(group: 3, one, port: 5060) == nil)
        #expect(book.find(group: nil, one, port: 9)?.group == 2)
    }

    @Test func `the closest subnet counts`() throws {
        let book = book(
            .init(group: 1, "10.0.0.0", mask: 8, tag: "wide"),
            .init(group: 1, "10.1.0.0", mask: 16, tag: "narrow"),
            .init(group: 1, "10.1.2.3", tag: "exact"), .init(group: 1, "2001:db8::", mask: 32, tag: "six"))
        #expect(book.find(group: 1, try address("10.9.9.9"), port: 1)?.tag == "wide")
        #expect(book.find(group: 1, try address("10.1.9.9"), port: 1)?.tag == "narrow")
        #expect(book.find(group: 1, try address("10.1.2.3"), port: 1)?.tag == "exact")
        #expect(book.find(group: 1, try address("11.0.0.1"), port: 1) == nil)
        #expect(book.find(group: 1, try address("2001:db8:9::1"), port: 1)?.tag == "six")
        #expect(book.find(group: 1, try address("2001:db9::1"), port: 1) == nil)
    }

    @Test func `all of IPv4 is not all of IPv6`() throws {
        let book = book(.init(group: 1, "0.0.0.0", mask: 0))
        #expect(book.find(group: 1, try address("198.51.100.7"), port: 1) != nil)
        #expect(book.find(group: 1, try address("::1"), port: 1) == nil)
    }

    @Test func `a name is a name, whatever its case`() {
        let book = book(.init(group: 1, "Gate.Example.com", port: 5060))
        #expect(book.find(group: 1, name: "gate.example.COM", port: 5060) != nil)
        #expect(book.find(group: 1, name: "gate.example.com", port: 5070) == nil)
    }

    @Test func `what cannot be is left out`() {
        var book = AddressBook()
        for entry in [
            AddressBook.Entry(group: 0, "192.0.2.1"), .init(group: 1, ""),
            .init(group: 1, "192.0.2.1", port: 70_000),
        ] {
            let isAdded = book.add(entry)
            #expect(!isAdded)
        }
        #expect(book.entries.isEmpty)
    }

    @Test func `addresses are written as people write them`() throws {
        #expect(try address("192.0.2.1").text == "192.0.2.1")
        #expect(try address("[2001:db8::1]").text == "2001:db8::1")
        #expect(try address("::ffff:192.0.2.1") == address("192.0.2.1"))
        #expect(!isAddress("gate.example.com"))
    }
}

@Suite struct AddressFileTests {
    @Test func `a line is group, address, port, tag, and its end may be missing`() {
        let (entries, wrong) = AddressFile.read(
            """
            # gateways
            1, 192.0.2.1
            (2, "10.0.0.0/8", 5060, "inner") # not so
            2,10.0.0.0/8,5060,"inner"   # so
            x,192.0.2.1
            3,192.0.2.1,99999
            """)
        #expect(
            entries == [
                .init(group: 1, "192.0.2.1"), .init(group: 2, "10.0.0.0", mask: 8, port: 5060, tag: "inner"),
            ])
        #expect(wrong == [3, 5, 6])
    }
}

@Suite struct RuleFileTests {
    private func file(_ text: String) throws -> RuleFile {
        let (file, wrong) = RuleFile.read(text)
        #expect(wrong == [])
        return file
    }

    @Test func `who is from here may go there`() throws {
        let file = try file(
            """
            # comment
            "^sip:alice@" : "@example\\.com$", "@example\\.org$"
            ALL : "^sip:361[0-9]*@" EXCEPT "^sip:3611@"   # behind
            """)
        #expect(file.count == 2)
        #expect(file.matches(from: "sip:alice@a", to: "sip:x@example.org"))
        #expect(file.matches(from: "SIP:ALICE@a", to: "sip:x@EXAMPLE.com"))
        #expect(!file.matches(from: "sip:bob@a", to: "sip:x@example.org"))
        #expect(file.matches(from: "sip:bob@a", to: "sip:3612@h"))
        #expect(!file.matches(from: "sip:bob@a", to: "sip:3611@h"))
    }

    @Test func `all but all is nobody`() throws {
        #expect(!(try file("ALL EXCEPT ALL : ALL").matches(from: "sip:a@b", to: "sip:c@d")))
    }

    @Test func `allowed comes before denied, and who is in neither may`() throws {
        let allow = try file("ALL : \"good\"")
        let deny = try file("ALL : \"good\", \"bad\"")
        #expect(RuleFile.allows(allow, deny, from: "sip:a", to: "sip:good"))
        #expect(!RuleFile.allows(allow, deny, from: "sip:a", to: "sip:bad"))
        #expect(RuleFile.allows(allow, deny, from: "sip:a", to: "sip:other"))
    }

    @Test(arguments: ["ALL", "ALL : ", ": ALL", "\"a : ALL", "\"(\" : ALL", "ALL : ALL ALL", "ALLE : ALL"])
    func `what is no rule is told by its line`(line: String) {
        #expect(RuleFile.read("ALL : ALL\n\(line)").wrong == [2])
    }
}

@Suite struct TrustedPeersTests {
    private func peer(
        _ source: String, _ transport: String = "any", from: String? = nil, to: String? = nil,
        tag: String? = nil,
        priority: Int = 0
    ) throws -> TrustedPeer {
        try TrustedPeer(
            source: source, transport: transport, from: from, requestURI: to, tag: tag, priority: priority)
    }

    private func tags(_ peers: TrustedPeers, _ source: String, _ transport: StaticString = "udp") -> [String]
    {
        var tags: [String] = []
        peers.each(
            source: source, transport: Text(transport), from: Text("sip:alice@a"),
            requestURI: Text("sip:bob@b")
        ) {
            tags.append($0.tag ?? "-")
            return true
        }
        return tags
    }

    @Test func `a peer is its source, transport, caller and callee`() throws {
        var peers = TrustedPeers()
        peers.add(try peer("192.0.2.1", "udp", tag: "udp"))
        peers.add(try peer("192.0.2.1", from: "^sip:alice@", to: "@b$", tag: "first", priority: 5))
        peers.add(try peer("192.0.2.1", from: "^sip:eve@", tag: "eve"))
        peers.add(try peer("192.0.2.1", "none", tag: "never"))
        peers.add(try peer("any", "tcp", tag: "anybody"))
        #expect(tags(peers, "192.0.2.1") == ["first", "udp"])
        #expect(tags(peers, "192.0.2.1", "tcp") == ["first", "anybody"])
        #expect(tags(peers, "192.0.2.2") == [])
    }

    @Test func `a pattern that cannot be read is told`() {
        #expect(throws: TrustedPeer.Fault.pattern("(")) { try peer("192.0.2.1", from: "(") }
        #expect(throws: TrustedPeer.Fault.transport) { try peer("192.0.2.1", "smoke") }
    }
}
