// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

@Suite struct SyntaxLexisTests {
    /// The value of `log_name` after reading its right side.
    private func string(_ literal: String) -> [UInt8]? {
        Reading("log_name = \(literal)\n").settings.logName?.bytes
    }

    @Test(
        arguments: [
            (#""a\n\r\t\a\\\"b""#, "a\n\r\t\u{7}\\\"b"),
            (#""\x41\x4a\x4J""#, "AJ\u{4}J"),
            (#""\101\0\12\1""#, "A\\0\n\\1"),
            (#""\d\.\q\xyz""#, "\\d\\.\\q\\xyz"),
            ("\"a\\\nb\"", "ab"),
            ("\"a\nb\"", "a\nb"),
            (#"'a\n"b'"#, "a\\n\"b"),
            ("\"a\"\n\t \"b\" \"c\"", "abc"),
            (#""""#, ""),
        ])
    func `strings`(literal: String, value: String) {
        #expect(string(literal) == Array(value.utf8))
    }

    @Test func `a string may hold any byte`() {
        #expect(string(#""\xff\x00\377""#) == [255, 0, 255])
        #expect(
            Reading(bytes: Array("log_name=\"".utf8) + [0xC3, 0x28, 34]).settings.logName?.bytes == [
                0xC3, 0x28,
            ])
    }

    @Test(
        arguments: [
            "debug=3 # comment", "debug=3 // comment", "/* a /* b */ c */ debug=3", "#!foo\ndebug=3",
            "#!/bin/sh\ndebug=3",
            "debug\n=\n3", "debug=\\\n3", "debug=3;", ";;debug=3;;", "debug\t=\r\n3\r\n", "//! x\ndebug=3",
            "#!KAMAILIO\ndebug=3",
            "## x\n#!OPENSER\ndebug=3", "!!define A 3\ndebug=A",
        ])
    func `blanks, comments and lines of no meaning are skipped`(source: String) {
        let reading = Reading(source)
        #expect(reading.complaints == "")
        #expect(reading.settings.debug == 3)
    }

    @Test func `a comment in the value of a define hides the rest of the line that uses it`() {
        let reading = Reading("#!define LEVEL 3 # three\ndebug=LEVEL children=5\ntcp_children=2")
        #expect(reading.complaints == "")
        #expect(reading.settings.debug == 3)
        #expect(reading.settings.children == nil)
        #expect(reading.settings.tcpChildren == 2)
    }
}
