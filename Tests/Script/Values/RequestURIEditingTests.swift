// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@testable import Script

/// The core functions that edit the Request-URI, as measured against Kamailio 5.6.3.
@Suite struct RequestURIEditingTests {
    typealias Edit = (Message) -> Int32

    /// What becomes of a URI.
    private func after(_ uri: String, _ edit: Edit) throws -> String {
        let bench = try Bench(Fixture.options("sip:start.example", from: "<sip:a@b>;tag=1"))
        #expect(bench.set("$ru", uri))
        let result = edit(bench.message)
        return result > 0 ? bench.message.uri.string : "\(result) \(bench.message.uri.string)"
    }

    @Test func `the host`() throws {
        let cases: [(String, Slice, String)] = [
            ("sip:u:p@h:5080;transport=tcp", "h1", "sip:u:p@h1:5080;transport=tcp"),
            ("sip:h;lr", "[2001:db8::1]", "sip:[2001:db8::1];lr"),
            ("tel:+1;x=y", "hh", "sip:+1;x=y@hh;user=phone"),
            ("sip:u@h", "bad host", "-1 sip:u@h"),
            ("sip:u@h", "", "-1 sip:u@h"),
        ]
        for (uri, host, expected) in cases {
            #expect(try after(uri) { RequestURIEditing.setHost($0, host) } == expected)
        }
    }

    @Test func `host and port`() throws {
        let cases: [(String, Slice, String)] = [
            ("sip:u:p@h:5080;transport=tcp", "h2", "sip:u:p@h2;transport=tcp"),
            ("sip:u:p@h:5080;transport=tcp", "h3:99", "sip:u:p@h3:99;transport=tcp"),
            ("sip:u@h", "[2001:db8::1]:5070", "sip:u@[2001:db8::1]:5070"),
            ("tel:+1", "hh:7", "sip:+1@hh:7;user=phone"),
        ]
        for (uri, host, expected) in cases {
            #expect(try after(uri) { RequestURIEditing.setHostPort($0, host) } == expected)
        }
    }

    @Test func `host, port and transport`() throws {
        let cases: [(String, Slice, String)] = [
            ("sip:h3:77;transport=tcp;user=phone", "h4:5;transport=udp", "sip:h4:5;transport=udp;user=phone"),
            ("sip:h4:5;transport=udp;user=phone", "h5", "sip:h5;user=phone"),
            ("sip:u@h6:5;transport=udp;a=b", "h7:8;transport=tls", "sip:u@h7:8;transport=tls;a=b"),
            ("sip:u@h6:5;a=b", "h7:8:tls", "-1 sip:u@h6:5;a=b"),
        ]
        for (uri, host, expected) in cases {
            #expect(try after(uri) { RequestURIEditing.setHostPortTransport($0, host) } == expected)
        }
    }

    @Test func `the user and the password`() throws {
        let users: [(String, Slice, String)] = [
            ("sip:bob:secret@h:5080;user=phone", "u1", "sip:u1:secret@h:5080;user=phone"),
            ("sip:h6", "n", "sip:n@h6"),
            ("sip:u:p@h6:5;a=b", "", "sip:h6:5;a=b"),
            ("tel:123", "5", "tel:5"),
            ("sip:1@h6", "ab@cd", "-1 sip:1@h6"),
        ]
        for (uri, user, expected) in users {
            #expect(try after(uri) { RequestURIEditing.setUser($0, user) } == expected)
        }
        let passwords: [(String, Slice, String)] = [
            ("sip:u1:secret@h3:77", "u2:pw2", "sip:u2:pw2@h3:77"),
            ("sip:u2:pw2@h3:77", "u3", "sip:u3@h3:77"),
            ("sips:u:p@h6:5;user=x", "q:r", "sips:q:r@h6:5;user=x"),
        ]
        for (uri, user, expected) in passwords {
            #expect(try after(uri) { RequestURIEditing.setUserPassword($0, user) } == expected)
        }
    }

    @Test func `the port`() throws {
        let cases: [(String, Slice, String)] = [
            ("sip:u:p@h3:99;transport=tcp", "77", "sip:u:p@h3:77;transport=tcp"),
            ("sip:u:p@h6:5;a=b", "", "sip:u:p@h6;a=b"),
            ("sip:[2001:db8::1]", "5070", "sip:[2001:db8::1]:5070"),
            ("tel:5", "5", "-1 tel:5"),
            ("sip:h", "99999", "-1 sip:h"),
        ]
        for (uri, port, expected) in cases {
            #expect(try after(uri) { RequestURIEditing.setPort($0, port) } == expected)
        }
    }

    @Test func `prefix, strip and strip_tail`() throws {
        #expect(try after("sip:u3@h3:77") { RequestURIEditing.prefix($0, "00") } == "sip:00u3@h3:77")
        #expect(try after("sip:h6") { RequestURIEditing.prefix($0, "n") } == "sip:n@h6")
        #expect(try after("sip:123;ext=5@h6") { RequestURIEditing.prefix($0, "9") } == "sip:9123;ext=5@h6")
        #expect(try after("tel:123") { RequestURIEditing.prefix($0, "9") } == "tel:9123")
        #expect(try after("sip:00u3@h3:77") { RequestURIEditing.strip($0, 3) } == "sip:3@h3:77")
        #expect(try after("sip:123;ext=5@h6") { RequestURIEditing.strip($0, 1) } == "sip:23;ext=5@h6")
        #expect(try after("sip:3:pw@h3:77") { RequestURIEditing.strip($0, 10) } == "sip:h3:77")
        #expect(try after("sip:h6") { RequestURIEditing.strip($0, 1) } == "sip:h6")
        #expect(try after("sip:abcdef@h3") { RequestURIEditing.stripTail($0, 2) } == "sip:abcd@h3")
        #expect(try after("sip:abcd@h3") { RequestURIEditing.stripTail($0, 20) } == "sip:h3")
        #expect(try after("sip:123;ext=5@h6") { RequestURIEditing.stripTail($0, 1) } == "sip:123;ext=@h6")
        #expect(try after("sip:h6") { RequestURIEditing.stripTail($0, 1) } == "sip:h6")
    }

    @Test func `userphone says so once, revert_uri goes back, seturi takes URIs only`() throws {
        #expect(try after("sip:h6") { RequestURIEditing.userPhone($0) } == "sip:h6;user=phone")
        #expect(
            try after("sip:u@h6:5;a=b") { RequestURIEditing.userPhone($0) } == "sip:u@h6:5;a=b;user=phone")
        #expect(try after("sip:u@h6;user=ip") { RequestURIEditing.userPhone($0) } == "sip:u@h6;user=ip")
        #expect(try after("sip:u@h6") { RequestURIEditing.revert($0) } == "sip:start.example")
        #expect(try after("sip:u@h6") { RequestURIEditing.setURI($0, "nothing like it") } == "-1 sip:u@h6")
    }
}
