// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing

@testable import Script

/// Section 9 of the language: what functions and routes come to, and `$rc`. Measured on Kamailio 5.6.3.
@Suite struct ReturnCodeTests {
    /// What `$rc` is after a call of a route with this body.
    @Test(arguments: [
        ("return;", 1), ("return();", 1), ("return -2;", -2), ("return (2 + 3);", 5),
        ("return 7; note(\"x\");", 7),
        ("code(-1);", -1), ("code(5);", 5), ("code(-1); $var(x) = 1;", 1), ("", 1),
        ("if (code(-1)) { note(\"x\"); }", 1), ("if (good()) { code(-3); }", -3),
        ("if (bad()) { good(); } else { code(-4); }", -4),
        ("code(-1); break;", 0), ("code(-1); while (0) { good(); }", 1),
        ("while ($var(i) < 3) { $var(i) = $var(i) + 1; code(-1); }", -1),
        ("code(1); switch (5) { case 1: good(); break; }", -5),
        ("code(-1); switch (1) { case 1: break; }", 0),
        ("switch (1) { case 1: code(-1); }", -1), ("code(-1); setflag(3);", 1), ("isflagset(9);", -1),
        ("code(-1); log(\"x\");", 1), ("$var(x) = 1 / $var(z);", -1), ("if (1 / $var(z)) { good(); }", 1),
        ("return (1 / $var(z));", -5), ("switch (1) { case 1: while (1) { return 7; } }", 7),
        ("route(\"NO\" + \"PE\");", -10), ("while (1) { code(-1); }", -1),
    ])
    func `a route comes to the value of its last action`(body: String, expected: Int) throws {
        let story = try Stage().run("request_route { route(A); note(\"$rc\"); }\nroute[A] { \(body) }")
        #expect(story.lines.last == "\(expected)")
    }

    @Test(arguments: [
        ("code(-3); note(\"$rc\");", "-3"), ("code(-3); $var(x) = 1; note(\"$rc\");", "-3"),
        ("code(-3); setflag(1); note(\"$rc\");", "-3"), ("note(\"$rc\");", "0"),
        ("code(-3); note(\"$?\");", "-3"),
        ("code(-3); note(\"$retcode\");", "-3"), ("$var(r) = code(-1); note(\"$var(r)\");", "-1"),
        ("$var(r) = code(5); note(\"$var(r)\");", "5"), ("$var(r) = code(5) + 0; note(\"$var(r)\");", "1"),
        ("$var(r) = -code(-5); note(\"$var(r)\");", "0"), ("$var(r) = (code(-5)); note(\"$var(r)\");", "-5"),
        ("if (!code(-7)) { $var(rc) = $rc; switch ($var(rc)) { case -7: note(\"seven\"); } }", "seven"),
        ("if (isflagset(3)) note(\"T\"); else note(\"F\");", "F"), ("if (setflag(3)) note(\"T\");", "T"),
    ])
    func `codes are kept and given as they should be`(source: String, expected: String) throws {
        #expect(try Stage().run(statements: source).lines == [expected])
    }

    @Test(arguments: [
        ("route(A); note(\"after\");", "return -2;", ["after"]),
        ("$var(r) = route(A); note(\"$var(r)\");", "return -2;", ["-2"]),
        ("if (route(A)) note(\"T\"); else note(\"F\");", "return -2;", ["F"]),
        ("if (route(A) == -2) note(\"T\"); else note(\"F\");", "return -2;", ["F"]),
        ("if (route(A) && good()) note(\"T\");", "return 3;", ["yes", "T"]),
        // 0 stops everything, wherever it comes from.
        ("route(A); note(\"after\");", "return 0;", []), ("route(A); note(\"after\");", "exit;", []),
        ("if (route(A)) note(\"T\"); else note(\"F\");", "return 0;", []),
        ("if (route(A)) note(\"T\"); else note(\"F\");", "stop();", ["stop"]),
        ("route(A); note(\"after\");", "break;", ["after"]),
        ("if (route(A)) note(\"T\"); else note(\"F\");", "break;", ["F"]),
        ("if (stop()) note(\"T\"); else note(\"F\");", "", ["stop"]),
        ("$var(x) = stop(); note(\"after\");", "", ["stop"]),
        // A truth is 1 or 0, so a returned false stops too.
        ("route(A); note(\"after\");", "return (bad());", ["no"]),
        ("route(A); note(\"$rc\");", "return (good());", ["yes", "1"]),
        ("route(A); note(\"$rc\");", "route(B); } route[B] { return -9;", ["-9"]),
    ])
    func `what a route returns decides what follows`(main: String, route: String, expected: [String]) throws {
        #expect(try Stage().run("request_route { \(main) }\nroute[A] { \(route) }").lines == expected)
    }

    @Test(arguments: [
        ("return -1;", -1), ("return 5;", 5), ("exit;", 0), ("good();", 1), ("bad();", -1), ("", 1),
        ("stop(); good();", 0), ("$var(x) = 1;", 1), ("break;", 0), ("exit 5;", 5), ("if (bad()) good();", 1),
    ])
    func `a block of the server ends with a value`(body: String, expected: Int) throws {
        #expect(try Stage().run(statements: body).value == Int32(expected))
    }

    @Test func `routes may call each other as deep as max_recursive_level`() throws {
        let source =
            "request_route { route(A); note(\"$rc $var(d)\"); }\nroute[A] { $var(d) = $var(d) + 1; route(A); }"
        #expect(
            try Stage().run(source).lines
                == ["log 4: 2: routes call each other more than 256 deep", "-1 255"])
        let deep = "max_recursive_level=2000\n" + source
        // A slow machine adds that it took long.
        #expect(try Stage().run(deep).lines.contains("-1 1999"))
    }

    @Test func `functions see the kind of the block that the server runs`() throws {
        let stage = Stage()
        let pool = try stage.load(
            """
            request_route { where_am_i(); route(A); }
            route[A] { where_am_i(); }
            failure_route[F] { where_am_i(); route(A); }
            event_route[tm:local-request] { where_am_i(); }
            """)
        _ = stage.play(pool.program.request)
        _ = stage.play(pool.program.route(UInt32(MT_IN_FAILURE), named: "F"))
        _ = stage.play(pool.program.route(UInt32(MT_IN_EVENT), named: "tm:local-request"))
        _ = stage.play(
            pool.program.route(UInt32(MT_IN_EVENT), named: "tm:local-request"), as: UInt32(MT_IN_LOCAL))
        #expect(
            stage.recorder.lines == [
                "route \(MT_IN_REQUEST)", "route \(MT_IN_REQUEST)", "route \(MT_IN_FAILURE)",
                "route \(MT_IN_FAILURE)",
                "route \(MT_IN_EVENT)", "route \(MT_IN_LOCAL)",
            ])
    }
}
