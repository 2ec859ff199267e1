// SPDX-License-Identifier: Apache-2.0
import Testing

/// What is said of a modparam line, and of one that is missing.
@Suite struct ParameterMessages {
    /// A line for the plugin `shows`, the column and the width of what is wrong in it, what is said, and the
    /// help.
    static let values: [(line: String, column: Int, width: Int, what: String, help: String)] = [
        (
            #"modparam("shows", "number", "5")"#, 29, 3, #"number must be a number, not "5""#,
            "number is a number; the default is 10"
        ),
        (
            #"modparam("shows", "number", 101)"#, 29, 3, "number must be 1 to 100, not 101",
            "number is a number; the default is 10"
        ),
        (
            #"modparam("shows", "number", -1)"#, 29, 2, "number must be 1 to 100, not -1",
            "number is a number; the default is 10"
        ),
        (
            #"modparam("shows", "text", 5)"#, 27, 1, "text must be a text in quotes, not 5",
            "text is a text; the default is hello"
        ),
        (
            #"modparam("shows", "empty", 5)"#, 28, 1, "empty must be a text in quotes, not 5",
            "empty is an empty text; the default is empty"
        ),
        (
            #"modparam("shows", "pause", "soon")"#, 28, 6,
            #"pause must be a time, as 500, "500ms" or "2s", not "soon""#,
            "pause is a time; the default is 5s"
        ),
        (
            #"modparam("shows", "pause", "5 s")"#, 28, 5,
            #"pause must be a time, as 500, "500ms" or "2s", not "5 s""#, "pause is a time; the default is 5s"
        ),
        (
            #"modparam("shows", "pause", -5)"#, 28, 2,
            #"pause must be a time, as 500, "500ms" or "2s", not -5"#, "pause is a time; the default is 5s"
        ),
        (
            #"modparam("shows", "short", "2min")"#, 28, 6, "short must be 10 to 60000 ms, not 120000",
            "short is a short time; the default is 1s"
        ),
        (
            #"modparam("shows", "short", 5)"#, 28, 1, "short must be 10 to 60000 ms, not 5",
            "short is a short time; the default is 1s"
        ),
        (
            #"modparam("shows", "switch", "maybe")"#, 29, 7, #"switch must be yes or no, not "maybe""#,
            "switch is a switch; the default is no"
        ),
        (
            #"modparam("shows", "many", "x")"#, 27, 3, #"many must be a number, not "x""#,
            "many is one number of many"
        ),
        (
            #"modparam("shows", "pattern", 1)"#, 30, 1, "pattern must be a text in quotes, not 1",
            "pattern is a pattern; the default is ^a"
        ),
        (
            #"modparam("shows", "route", "NOWHERE")"#, 28, 9, "route: there is no route[NOWHERE]",
            "write that block, or name another one"
        ),
        (
            #"modparam("shows", "route", "RELAYS")"#, 28, 8, "route: there is no route[RELAYS]",
            #"did you mean "RELAY"?"#
        ),
        (
            #"modparam("shows", "socket", "udp:192.0.2.99:5060")"#, 29, 21,
            #"socket: "udp:192.0.2.99:5060" is no listening socket"#,
            "write it as its listen line does, or use the name of that line"
        ),
        (
            #"modparam("shows", "url", "postgres://somewhere/sip")"#, 26, 26,
            #"url: nothing that an earlier line loads stores under "postgres""#,
            #"put loadmodule "db_postgres.so" above the plugin that uses it"#
        ),
        (
            #"modparam("shows", "url", "somewhere")"#, 26, 11, #"url: "somewhere" is no storage URL"#,
            "write SCHEME://..., as sqlite:///var/lib/x.db"
        ),
        (
            #"modparam("shows", "expression", "$nonsense")"#, 33, 11,
            #"expression: unknown variable $nonsense"#,
            "expression is an expression"
        ),
    ]

    @Test(arguments: values)
    func `a value that cannot be`(line: String, column: Int, width: Int, what: String, help: String) throws {
        let blanks = String(repeating: " ", count: column - 1)
        let caret = "^" + String(repeating: "~", count: width - 1)
        try expect(
            """
            modparam("shows", "file", "shown")
            loadmodule "shows.so"
            \(line)
            request_route { route(RELAY); }
            route[RELAY] { exit; }
            """,
            plugins: ["shows"],
            says: """
                modules.conf:3:\(column): error: shows: \(what)
                   3 | \(line)
                     | \(blanks)\(caret)
                  help: \(help)
                """)
    }

    @Test func `a pattern that is none`() throws {
        try expect(
            """
            loadmodule "shows.so"
            modparam("shows", "file", "shown")
            modparam("shows", "pattern", "a(b")
            """,
            plugins: ["shows"],
            says: """
                modules.conf:3:30: error: shows: pattern: not a regular expression: Unmatched ( or \\(
                   3 | modparam("shows", "pattern", "a(b")
                     |                              ^~~~~
                  help: pattern is a pattern; the default is ^a
                """)
    }

    @Test func `a plugin that no line loads`() throws {
        try expect(
            #"modparam("sst", "min_se", 90)"#,
            says: """
                modules.conf:1:10: error: no loaded plugin is called "sst"
                   1 | modparam("sst", "min_se", 90)
                     |          ^~~~~
                  help: put loadmodule "sst.so" above this line
                """)
    }

    @Test func `a plugin whose name is almost right`() throws {
        try expect(
            "loadmodule \"sst.so\"\nmodparam(\"stt\", \"min_se\", 90)", plugins: ["sst"],
            says: """
                modules.conf:2:10: error: no loaded plugin is called "stt"
                   2 | modparam("stt", "min_se", 90)
                     |          ^~~~~
                  help: did you mean "sst"?
                """)
    }

    @Test func `a parameter that is like none of the plugin's`() throws {
        try expect(
            "loadmodule \"first.so\"\nmodparam(\"first\", \"file\", \"order\")\nmodparam(\"first\", \"speed\", 90)",
            plugins: ["first"],
            says: """
                modules.conf:3:19: error: first has no parameter "speed"
                   3 | modparam("first", "speed", 90)
                     |                   ^~~~~~~
                  help: it has file
                """)
    }

    @Test func `a parameter of a plugin that has none`() throws {
        try expect(
            "loadmodule \"tm.so\"\nmodparam(\"tm\", \"fr_timer\", 90)", plugins: ["tm=offers_tm"],
            says: """
                modules.conf:2:16: error: tm has no parameter "fr_timer"
                   2 | modparam("tm", "fr_timer", 90)
                     |                ^~~~~~~~~~
                  help: it has none at all; take the line out
                """)
    }

    @Test func `a parameter that has to be set`() throws {
        try expect(
            #"loadmodule "good.so""#, plugins: ["good"],
            says: """
                modules.conf:1:12: error: good needs its parameter "secret"
                   1 | loadmodule "good.so"
                     |            ^~~~~~~~~
                  help: modparam("good", "secret", ...): secret is what nobody may see
                """)
    }

    @Test func `a secret is not shown, not even when it is wrong`() throws {
        try expect(
            "loadmodule \"good.so\"\nmodparam(\"good\", \"secret\", 1234)", plugins: ["good"],
            says: """
                modules.conf:2:28: error: good: secret must be a text in quotes
                  help: secret is what nobody may see
                """)
    }

    @Test func `a plugin may look at a value itself`() throws {
        let script = "request_route { is_up(\"down\"); }"
        try expectFine("loadmodule \"prepares.so\"\n\(script)", plugins: ["prepares"])
        try expectFine(
            "loadmodule \"prepares.so\"\nmodparam(\"prepares\", \"way\", \"up\")", plugins: ["prepares"])
        try expect(
            "loadmodule \"prepares.so\"\nmodparam(\"prepares\", \"way\", \"left\")", plugins: ["prepares"],
            says: """
                modules.conf:2:29: error: prepares: that is no direction
                   2 | modparam("prepares", "way", "left")
                     |                             ^~~~~~
                  help: write up or down
                """)
        try expect(
            "loadmodule \"prepares.so\"\nmodparam(\"prepares\", \"way\", \"\")", plugins: ["prepares"],
            says: """
                modules.conf:2:29: error: prepares: way was refused by the plugin
                   2 | modparam("prepares", "way", "")
                     |                             ^~
                  help: way is the way to go; the default is up
                """)
        try expect(
            "loadmodule \"prepares.so\"\nmodparam(\"prepares\", \"way\", \"down\")", plugins: ["prepares"],
            says: """
                modules.conf:1:12: error: prepares: it was to go up
                   1 | loadmodule "prepares.so"
                     |            ^~~~~~~~~~~~~
                """)
    }

    @Test func `a plugin may look at the key of its variable`() throws {
        func script(_ body: String) -> String { "loadmodule \"prepares.so\"\nrequest_route { \(body) }" }
        try expectFine(
            script("$var(x) = $way(up); $var(y) = $way($rU); $var(z) = @way.down;"), plugins: ["prepares"])
        try expect(
            script("$var(x) = $way(left);"), plugins: ["prepares"],
            says: """
                modules.conf:2:32: error: $way(left): that is no direction
                   2 | request_route { $var(x) = $way(left); }
                     |                                ^~~~
                  help: write up or down
                """)
        try expect(
            script("if ($way == 1) exit;"), plugins: ["prepares"],
            says: """
                modules.conf:2:22: error: $way: the plugin knows no such key
                   2 | request_route { if ($way == 1) exit; }
                     |                      ^~~
                """)
    }

    @Test func `a database has to be loaded above the plugin that uses it`() throws {
        let url = #"modparam("shows", "url", "memory://x")"#
        let file = #"modparam("shows", "file", "shown")"#
        let above = try Desk(
            "loadmodule \"store\"\nloadmodule \"shows\"\n\(url)\n\(file)", plugins: ["shows"])
        try compileStore(above)
        try expectFine(above)
        #expect(above.text("shown")?.contains("url: something") == true)

        // What its URL names comes by itself, when it is there.
        let named = try Desk("loadmodule \"shows\"\n\(url)\n\(file)", plugins: ["shows"])
        try compileStore(named, as: "db_memory")
        try expectFine(named)
        #expect(named.text("shown")?.contains("url: something") == true)

        let below = try Desk(
            "loadmodule \"shows\"\nloadmodule \"store\"\n\(file)\n\(url)", plugins: ["shows"])
        try compileStore(below)
        try expect(
            below,
            says: """
                modules.conf:4:26: error: shows: url: nothing that an earlier line loads stores under "memory"
                   4 | modparam("shows", "url", "memory://x")
                     |                          ^~~~~~~~~~~~
                  help: put loadmodule "db_memory.so" above the plugin that uses it
                """)
    }

    private func compileStore(_ desk: Desk, as name: String = "store") throws {
        try Fixtures.compile(
            """
            #include <martlet.h>
            static const mt_store_api api = { MT_HEAD(mt_store_api, 1, 0) };
            static const mt_offer offers[] = { { "store.memory", &api.head } };
            static const mt_plugin plugin = { MT_PLUGIN("\(name)", "1.0.0", "Stores."), .offers = MT_LIST(offers) };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """, to: desk.scratch.file("plugins/\(name).so"))
    }

    @Test func `a default that its own range forbids`() throws {
        try expect(
            #"loadmodule "bad_default.so""#, plugins: ["bad_default"],
            says: """
                modules.conf:1:12: error: defaulted: the default of its parameter "limit" is "30", which is wrong
                   1 | loadmodule "bad_default.so"
                     |            ^~~~~~~~~~~~~~~~
                  help: this is for its author to mend
                """)
    }

    @Test func `a plugin that cannot start says why`() throws {
        try expect(
            "loadmodule \"sst.so\"\nloadmodule \"init_fails.so\"", plugins: ["sst", "init_fails"],
            says: """
                modules.conf:2:12: error: hopeless: the directory is empty
                   2 | loadmodule "init_fails.so"
                     |            ^~~~~~~~~~~~~~~
                  help: put something into it
                """)
    }

    @Test func `a plugin that cannot start, and does not say why`() throws {
        try expect(
            #"loadmodule "init_fails_mutely.so""#, plugins: ["init_fails_mutely"],
            says: """
                modules.conf:1:12: error: mute: it cannot start, and does not say why
                   1 | loadmodule "init_fails_mutely.so"
                     |            ^~~~~~~~~~~~~~~~~~~~~~
                  help: see what it has logged, or ask its author
                """)
    }
}
