// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// What a configuration is told when a variable in it is wrong.
@Suite struct VariableErrorTests {
    private func error(_ text: String) throws -> VariableError? {
        let bench = try Bench()
        if case .failure(let error) = bench.parser.format(text) { return error }
        return nil
    }

    @Test func `each mistake is named, with its place and a mend`() throws {
        let rows: [(String, String, String, Int)] = [
            ("$rX", "unknown variable $rX", "did you mean \"Ri\"?", 1),
            ("a $nothing_like_it b", "unknown variable $nothing_like_it", "", 3),
            (
                "costs 5$", "$ is not followed by the name of a variable",
                "a dollar sign itself is written $$", 7
            ),
            ("$ ru", "$ is not followed by the name of a variable", "a dollar sign itself is written $$", 0),
            ("$(ru", "\")\" is missing at the end of $(ru", "", 3),
            ("$hdr(X", "\")\" is missing for this \"(\"", "", 4),
            ("$hdr", "$hdr needs a name in parentheses", "write $hdr(Subject)", 1),
            ("$ru(x)", "$ru takes nothing in parentheses", "", 1),
            ("$(ru[1])", "$ru takes no index", "", 4),
            ("$(hdr(X)[y])", "\"y\" is no index", "an index is a number, a variable, or * for all", 9),
            ("$branch(cuont)", "$branch knows no \"cuont\"", "did you mean \"count\"?", 8),
            ("$time(sek)", "$time knows no \"sek\"", "did you mean \"sec\"?", 6),
            (
                "$hfl(Subject)", "header Subject is not known as a list of values",
                "lists are Via, Route, Record-Route, Contact, Diversion, P-Asserted-Identity, P-Preferred-Identity; use $hdr",
                5
            ),
            ("$Mf(32)", "\"32\" is no flag", "flags are 0 to 31", 4),
            (
                "$var($ru)", "the name of $var has to be constant", "$avp takes computed names, as $sht does",
                5
            ),
            ("$avp(i:x)", "\"x\" is no number", "attributes named by text are $avp(s:name)", 5),
            (
                "$xavp(a=b)", "\"=b\" is not expected here",
                "attributes are written root=>member or root[index]=>member[index]", 7
            ),
            ("$xavu(a[1])", "$xavu has one value, and takes no index", "", 7),
            ("$cnt(ru)", "a variable starts with $", "", 5),
            ("$(ru{s.lenn})", "unknown transformation {s.lenn}", "did you mean \"s.len\"?", 5),
            ("$(ru{S.len})", "unknown transformation {S.len}", "did you mean \"s.len\"?", 5),
            (
                "$(ru{sql.val})", "unknown transformation {sql.val}",
                "class sql belongs to sqlops, which does not exist here", 5
            ),
            ("$(ru{s.substr,1})", "{s.substr} needs its length", "write {s.substr,length}", 5),
            ("$(ru{s.substr,a,1})", "\"a\" is no number, as {s.substr} wants it", "", 14),
            ("$(ru{s.substr,1,-2})", "the length in {s.substr} must not be negative", "", 16),
            ("$(ru{s.len,3})", "{s.len} takes 0 parameters at most", "", 10),
            ("$(ru{re.subst,/(/x/})", "not a regular expression: Unmatched ( or \\(", "", 15),
            (
                "$(ru{re.subst,/a/x})", "a substitution needs three separators",
                "write /expression/replacement/", 14
            ),
            ("$(ru{re.subst,/a/x/q})", "unknown flag \"q\"", "flags are i, g and s", 19),
            ("$K(FOO)", "$K knows no \"FOO\"", "one of IPv4, IPv6, UDP, TCP, TLS, SCTP, WS, WSS", 3),
        ]
        for (text, what, help, offset) in rows {
            let found = try error(text)
            #expect(found?.what == what, "\(text)")
            #expect(found?.help == help, "\(text)")
            #expect(found?.offset == offset, "\(text)")
        }
    }

    @Test func `names that only a plugin knows`() throws {
        let bench = try Bench()
        #expect(bench.text("$T_reply_code") == "error: unknown variable $T_reply_code")
        bench.plugins["T_reply_code"] = VariableCallout(get: { _ in -1 }, set: nil, user: nil, host: nil)
        #expect(bench.text("$T_reply_code") == "<null>")
        #expect(bench.text("$ruid $location_ua") == "<null> <null>")
    }

    @Test func `a whole variable has nothing behind it`() throws {
        let bench = try Bench()
        if case .success = bench.parser.parse("$ru x") { Issue.record("accepted") }
        if case .success(let variable) = bench.parser.parse("$(hdr(Via)[1]{s.len})") {
            #expect(variable.written == "$(hdr(Via)[1]{s.len})")
            #expect(variable.hasTransformations)
        } else {
            Issue.record("refused")
        }
    }
}
