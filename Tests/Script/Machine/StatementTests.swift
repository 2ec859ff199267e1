// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// Section 7 of the language: what each statement does. Expected values were measured on Kamailio 5.6.3.
@Suite struct StatementTests {
    @Test(arguments: [
        // if
        ("if (1 > 0) { note(\"a\"); } else { note(\"b\"); } note(\"c\");", ["a", "c"]),
        ("if ($var(x) == 5) note(\"a\"); else note(\"b\");", ["b"]),
        ("if $var(x) == 0 note(\"a\");", ["a"]),
        ("if (-1) { note(\"a\"); } else { note(\"b\"); }", ["b"]),
        ("$var(m) = -5; if ($var(m)) { note(\"a\"); } else { note(\"b\"); }", ["b"]),
        ("$var(m) = -5; if (!$var(m)) { note(\"a\"); } else { note(\"b\"); }", ["b"]),
        ("$var(m) = -5; if ($var(m) && $var(m)) { note(\"a\"); } else { note(\"b\"); }", ["a"]),
        ("$var(t) = \"abc\"; if ($var(t)) { note(\"a\"); } else { note(\"b\"); }", ["b"]),
        ("$var(t) = \"10\"; if ($var(t)) { note(\"a\"); }", ["a"]),
        ("if ($var(a) == 1) note(\"a\"); else if ($var(a) == 0) note(\"b\"); else note(\"c\");", ["b"]),
        (";; note(\"a\"); ;", ["a"]),
        // while
        ("while ($var(i) < 3) { $var(i) = $var(i) + 1; note(\"$var(i)\"); }", ["1", "2", "3"]),
        ("$var(i) = -3; while ($var(i)) { $var(i) = $var(i) + 1; note(\"$var(i)\"); }", ["-2", "-1", "0"]),
        (
            "while (1) { $var(i) = $var(i) + 1; if ($var(i) == 3) break; note(\"$var(i)\"); } note(\"end\");",
            ["1", "2", "end"]
        ),
        (
            "while ($var(i) < 2) { $var(i) = $var(i) + 1; $var(j) = 0; while ($var(j) < 2) { $var(j) = $var(j) + 1; if ($var(j) == 2) break; note(\"$var(i)$var(j)\"); } }",
            ["11", "21"]
        ),
        ("while (0) { note(\"a\"); } note(\"b\");", ["b"]),
        // switch
        (
            "switch (2) { case 1: note(\"1\"); case 2: note(\"2\"); case 3: note(\"3\"); break; default: note(\"d\"); }",
            ["2", "3"]
        ),
        ("switch (7) { case 1: note(\"1\"); break; default: note(\"d\"); }", ["d"]),
        ("switch (7) { default: note(\"d\"); break; case 1: note(\"1\"); } note(\"e\");", ["d", "e"]),
        ("switch (7) { default: note(\"d\"); case 1: note(\"1\"); }", ["d", "1"]),
        ("switch (7) { case 1: note(\"1\"); } note(\"e\");", ["e"]),
        ("switch (2) { case 1: case 2: case 3: note(\"x\"); break; case 4: note(\"y\"); }", ["x"]),
        (
            "$var(t) = \"abc\"; switch ($var(t)) { case \"ABC\": note(\"u\"); break; case \"abc\": note(\"l\"); break; }",
            ["l"]
        ),
        (
            "$var(t) = \"abc\"; switch ($var(t)) { case /\"^AB\": note(\"r\"); break; default: note(\"d\"); }",
            ["r"]
        ),
        ("switch ($avp(u)) { case \"\": note(\"empty\"); break; default: note(\"d\"); }", ["empty"]),
        ("$var(t) = \"10\"; switch ($var(t)) { case 10: note(\"n\"); break; default: note(\"d\"); }", ["n"]),
        ("$var(t) = 1; switch ($var(t)) { case \"1\": note(\"t\"); break; default: note(\"d\"); }", ["t"]),
        (
            "switch ($var(t)) { case 0: switch (5) { case 5: note(\"in\"); break; } note(\"out\"); break; }",
            ["in", "out"]
        ),
        (
            "while ($var(i) < 2) { $var(i) = $var(i) + 1; switch ($var(i)) { case 1: break; default: note(\"d\"); } note(\"w\"); }",
            ["w", "d", "w"]
        ),
        // the end
        ("note(\"a\"); exit; note(\"b\");", ["a"]),
        ("note(\"a\"); return; note(\"b\");", ["a"]),
        ("note(\"a\"); drop; note(\"b\");", ["a"]),
        ("note(\"a\"); break; note(\"b\");", ["a"]),
        // assignment
        ("$var(x) = 3; note(\"$var(x)\");", ["3"]),
        ("$var(x) = \"a $rm\"; note(\"$var(x)\");", ["a $rm"]),
        ("if ($var(x) = 3) { note(\"$var(x)\"); }", ["3"]),
        ("if (($var(x) = -3)) { note(\"true\"); }", ["true"]),
        ("$var(r) = (($var(x) = 9) > 2); note(\"$var(r)\");", ["0"]),
        ("$var(x) = $avp(u); note(\"$var(x)\");", ["0"]),
        ("$avp(a) = 1; $avp(a) = $null; if ($avp(a) == $null) note(\"null\");", ["null"]),
    ])
    func `each statement does what it should`(source: String, expected: [String]) throws {
        #expect(try Stage().run(statements: source).lines == expected)
    }

    @Test func `what follows a loop that runs away is still run`() throws {
        let story = try Stage().run(statements: "while (1) { $var(n) = $var(n) + 1; }\nnote(\"$var(n)\");")
        #expect(story.lines == ["log \(4): 2: runaway while: more than 100 loops", "100"])
    }

    @Test func `max_while_loops sets how often, and 0 lets it run`() throws {
        let body = "request_route { while ($var(n) < 300) { $var(n) = $var(n) + 1; } note(\"$var(n)\"); }"
        #expect(try Stage().run("max_while_loops=0\n" + body).lines == ["300"])
        #expect(try Stage().run("max_while_loops=7\n" + body).lines.last == "7")
    }

    @Test func `drop says so, and exit does not`() throws {
        #expect(try Stage().run(statements: "drop;").isDropped)
        #expect(try Stage().run(statements: "exit;").run == .ended(value: 0, isDropped: false))
        #expect(try Stage().run(statements: "route(A); } route[A] { drop;").isDropped)
    }

    @Test func `a block without a name that is written twice goes on where it ended`() throws {
        let story = try Stage().run(
            "request_route { note(\"a\"); }\nroute { note(\"b\"); }\nroute[0] { note(\"c\"); }")
        #expect(story.lines == ["a", "b", "c"])
    }
}
