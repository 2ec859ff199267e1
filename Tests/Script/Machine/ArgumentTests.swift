// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing

@testable import Script

/// What functions get to see: constants converted once, variables before each call.
@Suite struct ArgumentTests {
    @Test(arguments: [
        ("typed(\"a\");", "str a"), ("typed('a $rm');", "str a OPTIONS"), ("typed(5);", "str 5"),
        ("typed();", "null"),
        ("typed(\"call $rm\");", "str call OPTIONS"), ("typed(\"$$5\");", "str $5"),
        ("typed($rm);", "str OPTIONS"),
        ("typed(\"$rm\");", "str OPTIONS"), ("typed($avp(u));", "null"), ("typed(\"$avp(u)\");", "null"),
        ("typed(\"<$avp(u)>\");", "str <<null>>"), ("typed($null);", "null"), ("typed(\"a\" + 5);", "str a5"),
        ("typed(\"a\" + $rm);", "str aOPTIONS"), ("typed(1 + 2);", "str 3"), ("typed($var(x) + 2);", "str 2"),
        ("typed(\"\");", "str "), ("verbatim(\"a $rm\");", "str a $rm"), ("two(\"a\");", "str a, null"),
        ("two(\"a\", $rm);", "str a, str OPTIONS"),
        ("numbered(5);", "int 5"), ("numbered(\"5\");", "int 5"), ("numbered(\"0x10\");", "int 16"),
        ("numbered(yes);", "int 1"), ("$var(n) = 7; numbered($var(n));", "int 7"),
        ("$var(n) = 7; numbered(\"$var(n)\");", "int 7"),
        ("$var(n) = \"8\"; numbered($var(n) + \"1\");", "int 81"), ("switched(yes);", "bool 1"),
        ("switched(\"no\");", "bool 0"),
        ("switched(3);", "bool 1"), ("timed(500);", "ms 500"), ("timed(\"2s\");", "ms 2000"),
        ("timed(\"500ms\");", "ms 500"),
        ("$var(t) = \"3s\"; timed($var(t));", "ms 3000"), ("expressed($rm);", "expr $rm"),
        ("expressed(\"$avp(x)\");", "expr $avp(x)"),
        ("matching(\"^A\");", "regex true"), ("matching(\"^b$\");", "regex false"),
        ("$var(p) = \"b\"; matching($var(p));", "regex true"),
        ("through(\"udp:192.0.2.1:5060\");", "socket 0"),
        ("$var(s) = \"inside\"; through($var(s));", "socket 2"),
        ("defaulted(\"a\");", "str a, int 70, null"), ("defaulted(\"a\", 5, \"z\");", "str a, int 5, str z"),
    ])
    func `an argument arrives as it was declared`(source: String, expected: String) throws {
        #expect(try Stage().run(statements: source).lines == [expected])
    }

    @Test func `a route is passed by its number`() throws {
        let stage = Stage()
        let pool = try stage.load(
            "request_route { armed(\"F\"); $var(f) = \"F\"; armed($var(f)); armed(\"$var(f)\"); }\nfailure_route[F] { exit; }"
        )
        #expect(stage.play(pool.program.request).lines == ["route 2", "route 2", "route 2"])
        #expect(pool.program.name(of: 2).string == "F")
        #expect(pool.program.route(UInt32(MT_IN_FAILURE), named: "F") == 2)
        #expect(pool.program.route(UInt32(MT_IN_BRANCH), named: "F") == 0)
    }

    @Test(arguments: [
        ("numbered($var(x));", "numbered: limit must be 1 to 255, not 0"),
        ("numbered($rm);", "numbered: limit must be a number, not \"OPTIONS\""),
        ("timed(\"$rm\");", "timed: time must be a time, as 500, \"500ms\" or \"2s\", not \"OPTIONS\""),
        ("switched($rm);", "switched: on must be yes or no, not \"OPTIONS\""),
        ("armed($rm);", "armed: route names no block: there is no failure_route[OPTIONS]"),
        ("through($rm);", "through: socket is no listening socket: \"OPTIONS\""),
        ("$var(p) = \"([\"; matching($var(p));", "matching: pattern is not a regular expression: \"([\""),
    ])
    func `what cannot be converted is logged, and the function not called`(source: String, expected: String)
        throws
    {
        let story = try Stage().run(
            statements:
                "\(source) note(\"after\");\nif (\(source.split(separator: ";").last ?? ""))\nnote(\"T\");")
        #expect(story.lines == ["log 4: 2: " + expected, "after", "log 4: 3: " + expected])
    }

    @Test func `a constant is prepared once, before anything runs`() throws {
        let stage = Stage()
        let pool = try stage.load(
            "request_route { prepared(\"abc\"); prepared(\"$rm\"); prepared(\"abcd\"); }")
        #expect(stage.recorder.prepared == ["abc", "abcd"])
        _ = stage.play(pool.program.request)
        #expect(stage.recorder.prepared == ["abc", "abcd"])
        #expect(stage.recorder.lines == ["prepared 4099", "prepared 0", "prepared 4100"])
    }

    @Test func `of several functions of one name the count decides, and the later plugin`() throws {
        #expect(
            try Stage().run(statements: "many(\"a\"); many(\"a\", \"b\", \"c\");").lines == [
                "many 1", "many 3",
            ])
        #expect(try Stage().run(statements: "hidden();").lines == ["new"])
    }

    @Test func `while a function runs, the note says which`() throws {
        let stage = Stage()
        _ = try stage.run(statements: "\nnote(\"a\");")
        let note = try #require(stage.recorder.seen.first)
        let site = try #require(note.site)
        #expect(String(cString: site.pointee.plugin) == "stage")
        #expect(String(cString: site.pointee.function) == "note")
        #expect(site.pointee.file.map { String(cString: $0) } == "modules.conf")
        #expect(site.pointee.line == 3)
        #expect(note.message != nil)
        #expect(stage.note.pointee.site == nil)
    }
}
