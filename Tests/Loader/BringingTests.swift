// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// A plugin that brings others along, as `sipmsgops` brings those that do its work.
@Suite struct BringingTests {
    @Test func `what no line loads is loaded just before who brings it`() throws {
        try expectFine(
            Desk(
                "loadmodule \"bundle.so\"\nrequest_route { t_relay(); }",
                plugins: ["bundle=brings_tm", "tm=offers_tm"]))
    }

    @Test(arguments: [
        ["tm", "bundle"], ["bundle", "tm"], ["bundle", "tm", "dialog"], ["tm", "bundle", "dialog"],
    ])
    func `a line of its own may stand before or behind it`(names: [String]) throws {
        let lines = names.map { "loadmodule \"\($0).so\"\n" }.joined()
        try expectFine(
            Desk(
                lines + "request_route { t_relay(); }",
                plugins: ["bundle=brings_tm", "tm=offers_tm", "dialog=needs_tm"]))
    }

    @Test func `a second line of its own is one too many`() throws {
        try expect(
            "loadmodule \"bundle.so\"\nloadmodule \"tm.so\"\nloadmodule \"tm.so\"",
            plugins: ["bundle=brings_tm", "tm=offers_tm"],
            says: """
                modules.conf:3:12: error: tm.so is loaded already
                   3 | loadmodule "tm.so"
                     |            ^~~~~~~
                  tm.so was loaded on line 1
                  help: take this line out
                """)
    }

    @Test func `what is not there to be brought is missed`() throws {
        try expect(
            "loadmodule \"bundle.so\"", plugins: ["bundle=brings_tm"],
            says: """
                modules.conf:1:12: error: bundle needs "tm" 1.2 or later, and no earlier line loads it
                   1 | loadmodule "bundle.so"
                     |            ^~~~~~~~~~~
                  help: load a plugin that offers "tm" above line 1
                """)
    }
}

/// A storage URL names the database that it needs.
@Suite struct StoreBringingTests {
    @Test(arguments: ["shows", "tm|shows", "SHOWS", "s.*s"])
    func `the database comes by itself, whatever the line calls its plugins (manual: modparam)`(name: String)
        throws
    {
        let desk = try Desk(
            """
            loadmodule "shows.so"
            modparam("shows", "file", "shown")
            modparam("\(name)", "url", "sqlite://shown.db")
            """, plugins: ["shows"])
        let output = try desk.check(["-L", "plugins:\(Repository.build)"])
        #expect(output.status == 0, "\(output.err)")
    }
}

/// Flags that a plugin's parameter names, as `modparam("sst", "sst_flag", "SST_FLAG")` does.
@Suite struct FlagParameterTests {
    private func says(_ flag: String, _ route: String, head: String = "") throws -> Output {
        try Desk(
            "\(head)\nloadmodule \"names_flag.so\"\nmodparam(\"names_flag\", \"flag\", \(flag))\n"
                + "request_route { \(route) if (has_it()) exit; }", plugins: ["names_flag"]
        ).check()
    }

    @Test(arguments: [
        ("5", "setflag(5);", ""), ("\"5\"", "setflag(5);", ""), ("\"MINE\"", "setflag(MINE);", ""),
        ("\"MINE\"", "setflag(\"MINE\");", ""), ("\"MINE\"", "setflag(MINE);", "flags MINE:7;"),
        ("\"MINE\"", "setflag(7); setflag(MINE);", "flags MINE, OTHER:7;"),
    ])
    func `it is a number or a name, declared or not`(flag: String, route: String, head: String) throws {
        let output = try says(flag, route, head: head)
        #expect(output.status == 0, "\(output.err)")
    }

    @Test func `one that no route sets is told of`() throws {
        let output = try says("\"SST_FLAG\"", "if (isflagset(SST_FLAGS)) setflag(SST_FLAGS);")
        #expect(output.err.contains("warning: flag SST_FLAG is set nowhere"))
        #expect(output.err.contains("help: did you mean \"SST_FLAGS\"?"))
    }

    @Test(arguments: ["32", "-1", "\"\"", "\"A FLAG\"", "\"7UP\""])
    func `what can be no flag is refused`(flag: String) throws {
        let output = try says(flag, "")
        #expect(output.status == 1)
        #expect(output.err.contains("error: names_flag: that is no flag"), "\(output.err)")
    }

    @Test func `the script and the plugin mean the same flag`() throws {
        let desk = try Desk(
            """
            listen=udp:127.0.0.1:0
            loadmodule "names_flag.so"
            loadmodule "sl.so"
            modparam("names_flag", "flag", "MINE")
            request_route {
                setflag(OTHER);
                if (has_it()) { sl_send_reply("500", "Before"); exit; }
                setflag(MINE);
                if (!has_it()) { sl_send_reply("500", "Behind"); exit; }
                resetflag(MINE);
                if (has_it() || !isflagset(OTHER)) { sl_send_reply("500", "At Last"); exit; }
                sl_send_reply("200", "OK");
            }
            """, plugins: ["names_flag"])
        let server = try desk.serve()
        #expect(try Client().ping(server.udp).startLine == "SIP/2.0 200 OK")
    }
}
