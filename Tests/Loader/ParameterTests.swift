// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// What a plugin reads in its parameters, which the plugin `shows` writes down when it starts.
@Suite struct ParameterTests {
    @Test func `what no line sets has its default`() throws {
        #expect(
            try shown("") == """
                number: 10
                any: absent
                text: "hello"
                empty: ""
                pause: 5000
                short: 1000
                switch: 0
                line:
                many:
                pattern: something
                route: absent
                socket: absent
                expression: absent
                url: absent

                """)
    }

    /// A modparam line's value, and what the plugin sees.
    static let values: [(name: String, value: String, seen: String)] = [
        ("number", "1", "1"), ("number", "100", "100"), ("number", "0x10", "16"),
        ("any", "-5", "-5"), ("any", "2147483647", "2147483647"),
        ("text", #""some text""#, #""some text""#), ("text", #""""#, #""""#),
        ("text", #"'single'"#, #""single""#),
        ("text", #""$ru stays""#, #""$ru stays""#),
        ("pause", "250", "250"), ("pause", #""250""#, "250"), ("pause", #""250ms""#, "250"),
        ("pause", #""3s""#, "3000"), ("pause", #""2m""#, "120000"), ("pause", #""2min""#, "120000"),
        ("pause", #""1h""#, "3600000"), ("pause", #""1d""#, "86400000"), ("pause", "0", "0"),
        ("short", "10", "10"), ("short", #""60s""#, "60000"),
        ("switch", "1", "1"), ("switch", "0", "0"), ("switch", "5", "1"), ("switch", #""yes""#, "1"),
        ("switch", #""off""#, "0"),
        ("line", #""one""#, #""one""#), ("many", "7", "7"),
        ("pattern", #""^[a-z]+$""#, "something"), ("route", #""RELAY""#, "a route"),
        ("socket", #""udp:127.0.0.1:5999""#, "socket 0"), ("socket", #""inside""#, "socket 0"),
        ("expression", #""$ru""#, "something"), ("expression", "5", "something"),
    ]

    @Test(arguments: values) func `what a line sets`(name: String, value: String, seen: String) throws {
        let text = try shown(#"modparam("shows", "\#(name)", \#(value))"#)
        #expect(text.split(separator: "\n").contains("\(name): \(seen)"), "\(text)")
    }

    @Test func `the last line counts, or every line does`() throws {
        let text = try shown(
            """
            modparam("shows", "number", 5)
            modparam("shows", "number", 6)
            modparam("shows", "line", "one")
            modparam("shows", "many", 1)
            modparam("shows", "line", "two")
            modparam("shows", "many", 2)
            modparam("shows", "line", "three")
            """)
        #expect(text.contains("number: 6\n"))
        #expect(text.contains("line: \"one\" \"two\" \"three\"\n"))
        #expect(text.contains("many: 1 2\n"))
    }

    @Test func `a line may stand above the one that loads its plugin`() throws {
        #expect(try shown("", above: #"modparam("shows", "number", 7)"#).contains("number: 7\n"))
    }

    @Test func `modparamx takes variables that are known at start`() throws {
        let text = try shown(
            """
            #!define LIMIT 42
            modparamx("shows", "number", $def(LIMIT))
            modparamx("shows", "text", "limit $def(LIMIT)")
            """)
        #expect(text.contains("number: 42\n"))
        #expect(text.contains("text: \"limit 42\"\n"))
    }

    @Test(arguments: [
        "first|second|third", "first|second|third|nobody", "^(first|second|third)$", ".*",
        "FIRST|second|.hird",
    ])
    func `one line may set a parameter of several plugins`(pattern: String) throws {
        let desk = try Desk(
            """
            loadmodule "first.so"
            loadmodule "second.so"
            loadmodule "third.so"
            modparam("\(pattern)", "file", "order")
            """, plugins: ["first", "second", "third"])
        try expectFine(desk)
        #expect(desk.text("order")?.contains("start first\nstart second\nstart third\n") == true)
    }

    @Test func `a pattern is told of each plugin that does not have the parameter`() throws {
        try expect(
            """
            loadmodule "sst.so"
            loadmodule "first.so"
            modparam("first", "file", "order")
            modparam("sst|first", "min_se", 100)
            """, plugins: ["sst", "first"],
            says: """
                modules.conf:4:23: error: first has no parameter "min_se"
                   4 | modparam("sst|first", "min_se", 100)
                     |                       ^~~~~~~~
                  help: it has file
                """)
    }

    private func shown(_ lines: String, above: String = "") throws -> String {
        let desk = try Desk(
            """
            listen=udp:127.0.0.1:5999 name "inside"
            \(above)
            loadmodule "shows.so"
            modparam("shows", "file", "shown")
            \(lines)
            request_route { route(RELAY); }
            route[RELAY] { exit; }
            """, plugins: ["shows"])
        try expectFine(desk)
        return try #require(desk.text("shown"))
    }
}
