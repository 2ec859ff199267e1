// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// Section 8 of the language: operators, conversions, undefined values. Measured on Kamailio 5.6.3.
@Suite struct ExpressionTests {
    private static let given =
        "$var(m5) = -5; $var(one) = 1; $var(s10) = \"10\"; $var(abc) = \"abc\"; $var(big) = 2147483647; $var(z) = 0;"

    @Test(arguments: [
        ("$var(m5) / 2", "-2"), ("$var(m5) mod 3", "-2"), ("$var(big) + 1", "-2147483648"),
        ("$var(one) << 33", "2"), ("$var(m5) >> 1", "-3"), ("~$var(m5)", "4"), ("-$var(m5) - 1", "4"),
        ("$var(big) * 2", "-2"), ("7 - 2 - 1", "4"), ("2 + 3 * 4", "14"), ("(2 + 3) * 4", "20"),
        ("1 | 2 == 2", "1"), ("6 & 3 ^ 1", "2"), ("1 + 1 == 2", "1"), ("5 > 3 == 1", "1"),
        ("1 << 2 + 1", "8"), ("12 & 10 | 1", "9"), ("$var(m5) ^ -1", "4"),
        ("$avp(u) + 1", "1"), ("$var(abc) + 1", "abc1"), ("$var(one) + \"5x\"", "1"),
        ("$var(one) + $var(s10)", "11"),
        ("$var(s10) + $var(one)", "101"), ("$var(s10) - 1", "9"), ("$var(abc) - 1", "-1"),
        ("\"a\" + \"b\" + 3", "ab3"), ("$var(abc) > 3", "0"), ("$var(s10) > 3", "1"),
        ("(int)\"12x\"", "0"), ("(int)\"0x1F\"", "31"), ("(str)5 + 6", "56"), ("(int)$var(s10) + 1", "11"),
        ("strlen($var(abc))", "3"), ("strlen($avp(u))", "0"), ("strempty($avp(u))", "1"),
        ("strempty($var(abc))", "0"),
        ("selval($var(one), \"yes\", \"no\")", "yes"), ("selval($var(m5), \"yes\", \"no\")", "no"),
        ("selval(1 == 2, 5, 6)", "6"),
        ("defined $avp(u)", "0"), ("defined $var(z)", "1"), ("defined ($avp(u) + 1)", "1"),
        ("defined $avp(u) + 1", "1"),
        ("$avp(u) == $null", "1"), ("$avp(u) != $null", "0"), ("$var(z) == $null", "0"),
        ("$var(abc) != $null", "1"),
        ("$var(one) && $var(abc)", "0"), ("$var(z) || $var(m5)", "1"), ("!$avp(u)", "1"),
        ("not $var(one)", "0"),
        ("$var(one) and $var(one)", "1"), ("$var(z) or $var(z)", "0"),
        ("$var(s10) == 10", "1"), ("$var(one) == $var(s10) - 9", "1"), ("$var(abc) == \"ABC\"", "0"),
        ("$var(abc) =~ \"^A\"", "1"), ("$var(abc) =~ \"b$\"", "0"), ("$avp(u) =~ \"^$\"", "1"),
        ("$var(abc) eq \"abc\"", "1"), ("$var(one) ne \"1\"", "0"), ("$var(s10) ieq 10", "1"),
        ("$var(abc) ieq 0", "1"),
        ("$var(one) ine 2", "1"), ("$avp(u) == 0", "1"), ("$avp(u) == \"\"", "1"),
        ("$avp(u) == $avp(v)", "1"),
        ("\"\" == $avp(u)", "1"), ("0 == $avp(u)", "1"), ("$avp(u) != 5", "1"), ("$var(z) == $var(abc)", "1"),
    ])
    func `an expression is worth what it should be`(source: String, expected: String) throws {
        let story = try Stage().run(statements: "\(Self.given) $var(r) = \(source); note(\"$var(r)\");")
        #expect(story.lines == [expected])
    }

    @Test(arguments: [
        ("good() && bad()", ["yes", "no", "F"]), ("bad() && good()", ["no", "F"]),
        ("good() || bad()", ["yes", "T"]),
        ("bad() || good()", ["no", "yes", "T"]), ("!bad()", ["no", "T"]),
        ("!(good() && bad())", ["yes", "no", "T"]),
        ("!good() || !bad()", ["yes", "no", "T"]),
        ("(good() || bad()) && (bad() || good())", ["yes", "no", "yes", "T"]),
        ("good() && !bad() && good()", ["yes", "no", "yes", "T"]), ("code(5) == 1", ["T"]),
        ("code(-5) == 0", ["T"]),
        ("code(-5) == -5", ["F"]), ("code(2) + code(3) == 2", ["T"]),
    ])
    func `only what decides is evaluated`(source: String, expected: [String]) throws {
        let story = try Stage().run(statements: "if (\(source)) { note(\"T\"); } else { note(\"F\"); }")
        #expect(story.lines == expected)
    }

    @Test func `a division by 0 fails the expression it is in`() throws {
        let story = try Stage().run(
            statements: """
                $var(x) = 7;
                $var(x) = 1 / $var(z);
                note("$var(x)");
                if (1 / $var(z)) { note("T"); } else { note("F"); }
                while (5 mod $var(z)) { note("never"); }
                switch (1 / $var(z)) { case 1: note("1"); break; default: note("d"); }
                note("a" + 1 / $var(z));
                note("end");
                """)
        #expect(
            story.lines == [
                "log 4: 3: division by 0", "7", "log 4: 5: division by 0", "F", "log 4: 6: division by 0",
                "log 4: 7: division by 0", "d", "log 4: 8: division by 0", "end",
            ])
    }

    @Test func `a pattern that is none fails the expression`() throws {
        let story = try Stage().run(
            statements: "$var(p) = \"([\";\nif (!($rm =~ $var(p))) { note(\"T\"); } else { note(\"F\"); }")
        #expect(story.lines == ["log 4: 3: \"([\" is not a regular expression", "F"])
    }

    @Test func `a pattern may be computed`() throws {
        let story = try Stage().run(statements: "$var(p) = \"^opt\"; if ($rm =~ $var(p)) { note(\"T\"); }")
        #expect(story.lines == ["T"])
    }
}
