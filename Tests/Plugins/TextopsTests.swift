// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import TextopsLogic

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
{
    try bytes(text).withUnsafeBytes(body)
}

@Suite struct SubstitutionTests {
    private func parse(_ text: String) throws -> Substitution { try Substitution.parse(bytes(text)) }

    @Test func `pattern, replacement and flags are told apart`() throws {
        let parsed = try parse("/^sip:([0-9]+)@(.*)$/sip:3463\\1@\\2;orig=\\0/ig")
        #expect(parsed.pattern == bytes("^sip:([0-9]+)@(.*)$"))
        #expect(
            parsed.replacement
                == [
                    .text(bytes("sip:3463")), .group(1), .text(bytes("@")), .group(2), .text(bytes(";orig=")),
                    .group(0),
                ])
        #expect(parsed.everywhere && parsed.ignoresCase && !parsed.spansLines)
        #expect(parsed.groups == 3)
    }

    @Test func `any character may separate the parts`() throws {
        #expect(try parse("|a/b|c|").pattern == bytes("a/b"))
        #expect(try parse("#a#b#s").spansLines)
    }

    @Test func `an escaped separator is none`() throws {
        let parsed = try parse("/a\\/b/c\\/d/")
        #expect(parsed.pattern == bytes("a\\/b"))
        #expect(parsed.replacement == [.text(bytes("c/d"))])
    }

    @Test func `variables are left to the script's reader, with all that is in their parentheses`() throws {
        #expect(
            try parse("/x/o=$fU at $(ru{uri.host})\\1/").replacement
                == [.format(bytes("o=$fU at $(ru{uri.host})")), .group(1)])
        #expect(
            try parse("#x#$(ru{re.subst,/(a)/\\1/})!#").replacement
                == [.format(bytes("$(ru{re.subst,/(a)/\\1/})!"))])
        #expect(
            try parse("/x/\\$5 for $rU/").replacement == [.text(bytes("$")), .format(bytes("5 for $rU"))])
    }

    @Test func `line ends and the Request-URI have escapes of their own`() throws {
        #expect(
            try parse("/x/a\\r\\n\\t\\u\\q/").replacement
                == [.text(bytes("a\r\n\t")), .requestURI, .text(bytes("\\q"))])
    }

    @Test(arguments: [
        ("", "the substitution is empty"), ("/a", "the pattern of the substitution has no end"),
        ("/a/b", "the replacement of the substitution has no end"),
        ("//b/", "the pattern of the substitution is empty"), ("/a/b/x", "a substitution has no flag \"x\""),
        ("\\a\\b\\", "a backslash cannot separate the parts of a substitution"),
    ])
    func `what is malformed is said`(source: String, what: String) {
        #expect(throws: Substitution.Malformed.self) { try parse(source) }
        do { _ = try parse(source) } catch let error as Substitution.Malformed {
            #expect(error.what == what)
        } catch {}
    }
}

@Suite struct RegularExpressionTests {
    private func matches(_ pattern: String, _ text: String, _ options: RegularExpression.Options = []) throws
        -> Bool
    {
        let expression = try RegularExpression(bytes(pattern), options)
        defer { expression.free() }
        return withBytes(text) { expression.matches($0) }
    }

    /// Where the pattern matches, one after the other.
    private func all(_ pattern: String, _ text: String, _ options: RegularExpression.Options) throws
        -> [Range<Int>]
    {
        let expression = try RegularExpression(bytes(pattern), options)
        defer { expression.free() }
        return withBytes(text) { text in
            var found: [Range<Int>] = []
            var match = [regmatch_t()]
            var at = 0
            while match.withUnsafeMutableBufferPointer({ expression.find(in: text, from: at, $0) }) {
                found.append(Int(match[0].rm_so)..<Int(match[0].rm_eo))
                at = Int(match[0].rm_eo) + (match[0].rm_so == match[0].rm_eo ? 1 : 0)
            }
            return found
        }
    }

    @Test func `text needs no zero behind it, and nothing behind its end is looked at`() throws {
        #expect(try matches("^ab$", "ab"))
        let expression = try RegularExpression(bytes("c"), [])
        defer { expression.free() }
        #expect(withBytes("abc") { !expression.matches(UnsafeRawBufferPointer(rebasing: $0[..<2])) })
    }

    @Test func `empty text can match`() throws { #expect(try matches("^$", "")) }

    @Test func `a caret matches where lines start, and only there`() throws {
        #expect(try all("^a", "aab\r\na", .lines) == [0..<1, 5..<6])
        #expect(try all("^a", "aa\na", []) == [0..<1])
    }

    @Test func `case counts unless told otherwise`() throws {
        #expect(try !matches("SIP", "sip"))
        #expect(try matches("SIP", "sip", .ignoresCase))
    }

    @Test func `a malformed pattern says why`() {
        #expect(throws: RegularExpression.Malformed(what: "Unmatched ( or \\(")) {
            _ = try RegularExpression(bytes("a("), [])
        }
    }
}

@Suite struct MultipartTests {
    private let body = """
        preamble\r
        --b\r
        Content-Type: application/sdp\r
        \r
        v=0\r
        o=x\r
        --b \r
        Content-Type: text/plain\r
        \r
        --bored\r
        --b--\r
        epilogue\r

        """

    private func parts(_ body: String, _ boundary: String) -> [(headers: String, content: String)] {
        withBytes(body) { body in
            withBytes(boundary) { boundary in
                Multipart(body, boundary: boundary).map {
                    (
                        String(decoding: body[$0.headers], as: UTF8.self),
                        String(decoding: body[$0.content], as: UTF8.self)
                    )
                }
            }
        }
    }

    @Test func `each part has its headers and its content`() {
        let parts = parts(body, "b")
        #expect(
            parts.map(\.headers) == ["Content-Type: application/sdp\r\n", "Content-Type: text/plain\r\n"])
        #expect(parts.map(\.content) == ["v=0\r\no=x", "--bored"])
    }

    @Test func `a body without its last delimiter still has its last part`() {
        #expect(parts("--b\r\nA: b\r\n\r\ntext", "b").map(\.content) == ["text"])
    }

    @Test func `a part may have no headers`() {
        #expect(parts("--b\r\n\r\ntext\r\n--b--", "b").map(\.headers) == [""])
        #expect(parts("--b\r\n\r\ntext\r\n--b--", "b").map(\.content) == ["text"])
    }

    @Test(arguments: ["", "--", "--b--", "--b", "b\r\n", "--b\r\n--b\r\n--b--\r\n"])
    func `whatever the body is, the search for parts ends`(body: String) {
        #expect(parts(body, "b").count <= 2)
        #expect(parts(body, "").isEmpty)
    }
}

@Suite struct MediaTypeTests {
    private func matches(_ body: String, _ wanted: String) -> Bool {
        withBytes(body) { body in withBytes(wanted) { MediaType.matches(body, $0) } }
    }

    @Test func `case and parameters do not count`() {
        #expect(matches("Application/SDP ; charset=utf-8", "application/sdp"))
        #expect(!matches("application/sdp2", "application/sdp"))
        #expect(!matches("application", "application/sdp"))
        #expect(matches("application/sdp", "application/*"))
        #expect(matches("application/sdp", "*/*"))
    }

    @Test func `a boundary loses its quotes`() {
        func boundary(_ body: String) -> String? {
            withBytes(body) {
                MediaType.parameter("boundary", of: $0).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        #expect(boundary("multipart/mixed;boundary=\"a;b\"") == "a;b")
        #expect(boundary("multipart/mixed; x=1; Boundary = c ") == "c")
        #expect(boundary("multipart/mixed") == nil)
        #expect(boundary("multipart/mixed;boundary") == nil)
    }
}

@Suite struct AudioHoldTests {
    private func hold(_ lines: String...) -> AudioHold? {
        withBytes(lines.joined(separator: "\r\n") + "\r\n") { AudioHold.find(in: $0) }
    }

    @Test func `a null address of the stream or of the session holds`() {
        #expect(hold("v=0", "c=IN IP4 0.0.0.0", "m=audio 1 RTP/AVP 0") == .nullAddress)
        #expect(hold("v=0", "c=IN IP4 192.0.2.1", "m=audio 1 RTP/AVP 0", "c=IN IP4 0.0.0.0") == .nullAddress)
        #expect(hold("v=0", "c=IN IP4 0.0.0.0", "m=audio 1 RTP/AVP 0", "c=IN IP4 192.0.2.1") == nil)
    }

    @Test func `sending only, or nothing, holds`() {
        #expect(hold("v=0", "c=IN IP4 192.0.2.1", "m=audio 1 RTP/AVP 0", "a=sendonly") == .direction)
        #expect(hold("v=0", "a=inactive", "m=audio 1 RTP/AVP 0") == .direction)
        #expect(hold("v=0", "a=inactive", "m=audio 1 RTP/AVP 0", "a=sendrecv") == nil)
    }

    @Test func `another stream than audio does not count`() {
        #expect(hold("v=0", "m=video 1 RTP/AVP 0", "a=sendonly", "m=audio 2 RTP/AVP 0") == nil)
        #expect(hold("v=0") == nil)
    }
}
