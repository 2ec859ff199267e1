// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// One run tells everything that is wrong, in the order of the file.
@Suite struct OneRunTests {
    @Test func `twelve faults are twelve reports`() throws {
        try expect(
            """
            debug = "much"
            loadmodule "nowhere.so"
            loadmodule "no_symbol.so"
            loadmodule "dialog.so"
            loadmodule "sst.so"
            loadmodule "tm.so"
            modparam("sst", "min_se", 30)
            modparam("sst", "min_sse", 90)
            modparam("ss", "min_se", 90)
            request_route {
                t_rely();
                t_relay(1);
                setflag(32);
                route(NOWHERE);
            }
            onreply_route {
                t_relay();
            }
            """,
            plugins: ["dialog=needs_tm", "tm=offers_tm", "sst", "no_symbol"],
            says: """
                modules.conf:1:9: error: debug must be a number, not a string
                   1 | debug = "much"
                     |         ^~~~~~
                  help: debug is the highest level that is logged: -1 error, 0 warning, 2 info, 3 debug; the default is 0
                modules.conf:2:12: error: nowhere.so is not in the plugin folders
                   2 | loadmodule "nowhere.so"
                     |            ^~~~~~~~~~~~
                  looked in plugins
                  looked in \(Fixtures.home)
                  help: install the plugin, or take the line out
                modules.conf:3:12: error: no_symbol.so is not a Martlet plugin: it does not export martlet_plugin
                  help: a plugin is built against martlet.h; see PluginAPI/README.md
                modules.conf:4:12: error: dialog needs "tm" 1.2 or later, and no earlier line loads it
                   4 | loadmodule "dialog.so"
                     |            ^~~~~~~~~~~
                  tm.so, on line 6, offers "tm" 1.4
                  help: move line 6 above line 4
                modules.conf:7:27: error: sst: min_se must be 90 to 86400, not 30
                   7 | modparam("sst", "min_se", 30)
                     |                           ^~
                  help: min_se is the least session timer, in seconds; the default is 90
                modules.conf:8:17: error: sst has no parameter "min_sse"
                   8 | modparam("sst", "min_sse", 90)
                     |                 ^~~~~~~~~
                  help: did you mean "min_se"?
                modules.conf:9:10: error: no loaded plugin is called "ss"
                   9 | modparam("ss", "min_se", 90)
                     |          ^~~~
                  help: did you mean "sst"?
                modules.conf:11:5: error: unknown function t_rely
                  11 |     t_rely();
                     |     ^~~~~~
                  help: did you mean "t_relay"?
                modules.conf:12:5: error: t_relay takes no arguments, not 1
                  12 |     t_relay(1);
                     |     ^~~~~~~
                  help: t_relay()
                modules.conf:13:13: error: a flag is 0 to 31, not 32
                  13 |     setflag(32);
                     |             ^~
                modules.conf:14:11: error: there is no route[NOWHERE]
                  14 |     route(NOWHERE);
                     |           ^~~~~~~
                  help: add route[NOWHERE] { ... } to the file
                modules.conf:17:5: error: t_relay may not be called in onreply_route
                  17 |     t_relay();
                     |     ^~~~~~~
                  help: it may be called in request_route, failure_route and branch_route
                """)
    }

    @Test func `a file that does not exist`() throws {
        let desk = try Desk()
        let output = try desk.run([Fixtures.martlet(), "check", "nothing.conf"])
        #expect(output.err == "error: there is no file \"nothing.conf\"\n")
        #expect(output.status == 1)
    }

    @Test func `nothing of a plugin but its table has run when the file is wrong`() throws {
        let desk = try Desk(
            "loadmodule \"first.so\"\nmodparam(\"first\", \"file\", \"order\")\nmodparam(\"first\", \"fiel\", \"order\")",
            plugins: ["first"])
        #expect(try desk.check().status == 1)
        #expect(desk.text("order") == nil)
    }
}
