// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing

@testable import Script

/// What is said about routes before anything runs, word for word.
@Suite struct CheckerTests {
    /// The file, and what is said about it.
    private func said(_ source: String) -> String {
        let stage = Stage()
        _ = stage.check(source)
        return stage.diagnostics.text
    }

    @Test func `a function in a block where it may not stand`() {
        #expect(
            said(
                "onreply_route[R] {\n    t_relay();\n}\nrequest_route { armed(\"F\"); }\nfailure_route[F] { t_relay(); }"
            )
                == """
                modules.conf:1:15: warning: onreply_route[R] is never used
                   1 | onreply_route[R] {
                     |               ^
                modules.conf:2:5: error: t_relay may not be called in onreply_route
                   2 |     t_relay();
                     |     ^~~~~~~
                  help: it may be called in request_route, failure_route and branch_route

                """)
    }

    @Test(arguments: [
        (
            "only_reply();",
            "only_reply may not be called in request_route\n{}\n  help: it may be called in onreply_route"
        ),
        ("search(\"x\");", "unknown function search\n{}\n  help: load \"textops.so\", which offers it"),
        ("t_rely();", "unknown function t_rely\n{}\n  help: did you mean \"t_relay\"?"),
        (
            "zzzzzzzzz();",
            "unknown function zzzzzzzzz\n{}\n  help: no plugin here offers it; see that its file is in the plugin folder"
        ),
        ("two();", "two takes 1 or 2 arguments, not 0\n{}\n  help: two(first, [second])"),
        ("good(1);", "good takes no arguments, not 1\n{}\n  help: good()"),
        ("note(\"a\", \"b\");", "note takes 1 argument, not 2\n{}\n  help: note(text)"),
        ("many(\"a\", \"b\");", "many takes 1 or 3 arguments, not 2\n{}\n  help: many(a, b, c) or many(a)"),
    ])
    func `a call of what cannot be called`(source: String, expected: String) {
        let name = source.prefix { $0 != "(" }
        let caret = "   2 | \(source)\n     | ^" + String(repeating: "~", count: name.count - 1)
        #expect(
            said("request_route {\n\(source)\n}")
                == "modules.conf:2:1: error: \(expected.replacing("{}", with: caret))\n")
    }

    /// The statement, where in it the fault is, how long it is, and what is said.
    @Test(arguments: [
        ("numbered(300);", 10, 3, "error: numbered: limit must be 1 to 255, not 300", "the most hops"),
        ("numbered(\"x\");", 10, 3, "error: numbered: limit must be a number, not \"x\"", "the most hops"),
        ("switched(\"maybe\");", 10, 7, "error: switched: on must be yes or no, not \"maybe\"", nil),
        (
            "timed(\"9x\");", 7, 4,
            "error: timed: time must be a time, as 500, \"500ms\" or \"2s\", not \"9x\"", nil
        ),
        ("timed(\"9s\");", 7, 4, "error: timed: time must be 1 to 5000 ms, not \"9s\"", nil),
        ("expressed(\"x\");", 11, 3, "error: expressed: target must be a variable, not \"x\"", nil),
        (
            "armed(\"NOPE\");", 7, 6, "error: armed: route names no block: there is no failure_route[NOPE]",
            "add failure_route[NOPE] { ... } to the file"
        ),
        (
            "through(\"udp:9.9.9.9:1\");", 9, 15,
            "error: through: socket is no listening socket: \"udp:9.9.9.9:1\"",
            "write it as on its listen line, or use its name"
        ),
        ("prepared(\"bad\");", 10, 5, "error: prepared: the text is bad", "write a good one"),
        ("route(NOPE);", 7, 4, "error: there is no route[NOPE]", "add route[NOPE] { ... } to the file"),
        ("$rs = 5;", 1, 3, "error: $rs is read-only", nil),
        (
            "$(var(x){s.len}) = 5;", 1, 16,
            "error: $(var(x){s.len}) has a transformation, and cannot be assigned to",
            "assign to the variable, and transform what is assigned"
        ),
        (
            "setflag(NAMED);", 9, 5, "error: flag NAMED is not declared",
            "declare it at the top of the file: flags NAMED;"
        ),
        (
            "if (10 == \"10\") good();", 11, 4,
            "error: \"==\" has a number on its left and a text on its right",
            "write both as numbers, or put (str) in front of the left one"
        ),
        (
            "if (1 + \"2\") good();", 9, 3, "error: \"+\" has a number on its left and a text on its right",
            "write both as numbers, or put (str) in front of the left one"
        ),
        (
            "if (\"a\" > 1) good();", 5, 3, "error: \">\" needs numbers, and this is a text",
            "(int) in front turns a text into a number"
        ),
        (
            "if (5 ieq \"x\") good();", 11, 3, "error: \"ieq\" needs numbers, and this is a text",
            "(int) in front turns a text into a number"
        ),
        (
            "if (!\"a\") good();", 6, 3, "error: \"!\" needs numbers, and this is a text",
            "(int) in front turns a text into a number"
        ),
        (
            "if (1 && \"a\") good();", 10, 3, "error: \"&&\" needs numbers, and this is a text",
            "(int) in front turns a text into a number"
        ),
        ("if (strlen(5) == 1) good();", 12, 1, "error: strlen needs a text, and this is a number", nil),
        ("if ($rm =~ \"([\") good();", 13, 2, nil, nil),
        ("if (1) good();", 4, 3, "warning: this condition is always true", nil),
        ("if (2 < 1) good();", 4, 7, "warning: this condition is always false", nil),
        (
            "if (\"a\" + $rm) good();", 4, 11,
            "warning: this condition is a text, and counts as the number in it",
            "compare it with something: (text) != \"\", or put (int) in front"
        ),
        (
            "while (1) good();", 7, 3,
            "warning: this loop never ends by itself: its condition is always true, and nothing in it leaves it",
            "max_while_loops ends it; a break would"
        ),
        ("$var(x) = 1 / 0;", 11, 5, "warning: this divides by 0, and fails whenever it runs", nil),
        (
            "$var(x) = \"a $rm\";", 11, 7, "warning: variables in this text are not replaced",
            "join it from pieces with +, as in \"sip:\" + $rU"
        ),
        (
            "if (src_ip == \"no such host\") good();", 15, 14,
            "error: \"no such host\" is no address, and no host of this name was found", nil
        ),
    ])
    func `a fault in a statement`(source: String, column: Int, length: Int, what: String?, help: String?) {
        let said = said("request_route {\n\(source)\n}")
        let caret =
            String(repeating: " ", count: column - 1) + "^" + String(repeating: "~", count: length - 1)
        if let what {
            var expected = "modules.conf:2:\(column): \(what)\n   2 | \(source)\n     | \(caret)\n"
            if let help { expected += "  help: \(help)\n" }
            #expect(said == expected)
        } else {
            #expect(said.hasPrefix("modules.conf:2:\(column): error: "))
            #expect(said.contains("     | \(caret)\n"))
        }
    }

    @Test(arguments: [
        (
            "switch ($rm) { case 1: exit; case \"a\": exit; }",
            "error: a switch cannot have both numbers and texts as cases"
        ),
        (
            "switch ($rm) { case \"a\": exit; case 1: exit; }",
            "error: a switch cannot have both numbers and texts as cases"
        ),
        ("switch ($rm) { case $rU: exit; }", "error: a case has to be a constant"),
        (
            "switch ($rm) { case \"a\": exit; case \"a\": exit; }",
            "warning: this case is never reached: the same one is on line 2"
        ),
        ("exit; note(\"a\");", "warning: this is never reached"),
        ("return; note(\"a\");", "warning: this is never reached"),
        ("while ($rm == \"a\") { break; note(\"a\"); }", "warning: this is never reached"),
        ("if ($rm == \"a\") { exit; } else { drop; } note(\"a\");", "warning: this is never reached"),
        ("note(\"$nosuch\");", "error: unknown variable $nosuch"),
        ("note(\"$(rm{s.nosuch})\");", "error: "),
        ("if ($nosuch == 1) exit;", "error: unknown variable $nosuch"),
        ("if (@nosuch.thing == \"\") exit;", "warning: unknown select @nosuch.thing"),
    ])
    func `more faults`(source: String, expected: String) {
        #expect(said("request_route {\n\(source)\n}").contains(expected))
    }

    @Test func `a place inside a text is shown`() {
        #expect(
            said("request_route {\n    note(\"call $nosuch from $fu\");\n}")
                .hasSuffix("   2 |     note(\"call $nosuch from $fu\");\n     |                 ^~~~~~\n"))
    }

    @Test func `one name may be that of blocks of different kinds`() {
        let said = said(
            "request_route { route(A); armed(\"A\"); }\nroute[A] { exit; }\nfailure_route[A] { exit; }")
        #expect(said == "")
    }

    @Test func `a route that nobody calls`() {
        #expect(
            said("request_route { exit; }\nroute[A] { exit; }")
                == "modules.conf:2:7: warning: route[A] is never used\n   2 | route[A] { exit; }\n     |       ^\n"
        )
        #expect(said("request_route { route(\"A\" + $rm); }\nroute[A] { exit; }") == "")
    }

    @Test func `an event that nobody emits`() {
        #expect(
            said("event_route[tm:local-requests] { exit; }")
                == """
                modules.conf:1:13: warning: event_route[tm:local-requests] is never run: no loaded plugin emits this event
                   1 | event_route[tm:local-requests] { exit; }
                     |             ^~~~~~~~~~~~~~~~~
                  help: did you mean "tm:local-request"?

                """)
        #expect(said("event_route[tm:branch-failure:X] { t_relay(); only_event(); }") == "")
    }

    @Test func `an undefined route names the nearest`() {
        #expect(
            said("request_route { route(RELY); route(RELAY); }\nroute[RELAY] { exit; }").contains(
                "help: did you mean \"RELAY\"?"))
    }

    @Test func `a declared flag is meant by a name like it`() {
        #expect(
            said("flags ACC_ON:3;\nrequest_route { setflag(ACC_OM); if (isflagset(ACC_OM)) exit; }").contains(
                "error: flag ACC_OM is not declared"))
    }

    @Test func `what a plugin that could not be loaded may offer is not asked for`() {
        let stage = Stage()
        stage.symbols.isIncomplete = true
        let source = "request_route { db_query(\"x\"); $dbv(x) = 1; note(\"$dbv(y)\"); t_rely(); $rs = 1; }"
        #expect(stage.check(source) == nil)
        let told = stage.diagnostics.all.map(\.what)
        #expect(told == ["unknown function t_rely", "$rs is read-only"])
    }

    @Test func `what waits cannot stand in onsend_route`() {
        #expect(
            said("onsend_route { wait(1); }").contains(
                "error: wait may have to wait, and cannot in onsend_route"))
        #expect(
            said("onsend_route { forward(); }").contains("error: "))
    }

    @Test func `everything is told in one run`() {
        let said = said(
            """
            request_route {
                t_rely();
                if (10 == "10") { numbered(300); }
                $rs = 1;
                route(NOPE);
            }
            failure_route[F] { only_reply(); }
            """)
        #expect(said.split(separator: "\n").count { $0.contains(": error: ") } == 6)
    }
}
