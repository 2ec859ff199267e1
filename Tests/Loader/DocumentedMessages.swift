// SPDX-License-Identifier: Apache-2.0
import Testing

/// The messages of the manual, which it shows as they are printed. The crash report is in CrashTests.
@Suite struct DocumentedMessages {
    @Test func `a need that a later line offers`() throws {
        try expect(
            lines([9: #"loadmodule "dialog.so""#, 14: #"loadmodule "tm.so""#]),
            plugins: ["dialog=needs_tm", "tm=offers_tm"],
            says: """
                modules.conf:9:12: error: dialog needs "tm" 1.2 or later, and no earlier line loads it
                   9 | loadmodule "dialog.so"
                     |            ^~~~~~~~~~~
                  tm.so, on line 14, offers "tm" 1.4
                  help: move line 14 above line 9
                """)
    }

    @Test func `a parameter out of its range`() throws {
        try expect(
            lines([5: #"loadmodule "sst.so""#, 21: #"modparam("sst", "min_se", 30)"#]), plugins: ["sst"],
            says: """
                modules.conf:21:27: error: sst: min_se must be 90 to 86400, not 30
                  21 | modparam("sst", "min_se", 30)
                     |                           ^~
                  help: min_se is the least session timer, in seconds; the default is 90
                """)
    }

    @Test func `a plugin that needs a newer ABI`() throws {
        try expect(
            lines([6: #"loadmodule "vendor.so""#]), plugins: ["vendor=newer_minor"],
            says: """
                modules.conf:6:12: error: vendor.so needs ABI 1.4, and this server speaks 1.0
                  help: use a server that speaks ABI 1.4, or ask its author for a build with MARTLET_MINOR 0 or less
                """)
    }

    @Test func `a module of another SIP server`() throws {
        try expect(
            lines([6: #"loadmodule "old.so""#]), plugins: ["old=kamailio"],
            says: """
                modules.conf:6:12: error: old.so is not a Martlet plugin: it does not export martlet_plugin
                  it exports "module_version", as modules of another SIP server do; those cannot be loaded
                  help: look for a Martlet port of it
                """)
    }

    @Test func `a library that is missing`() throws {
        try expect(
            lines([7: #"loadmodule "db_postgres.so""#]), plugins: ["db_postgres=missing_library"],
            says: """
                modules.conf:7:12: error: db_postgres.so cannot be opened: libpq-of-a-test.so.5 is missing
                  help: install that library; the plugin itself is in order
                """)
    }

    @Test func `a function in a block where it may not stand`() throws {
        try expect(
            lines([1: #"loadmodule "tm.so""#, 43: "onreply_route {", 44: "    t_relay();", 45: "}"]),
            plugins: ["tm=offers_tm"],
            says: """
                modules.conf:44:5: error: t_relay may not be called in onreply_route
                  44 |     t_relay();
                     |     ^~~~~~~
                  help: it may be called in request_route, failure_route and branch_route
                """)
    }

    @Test func `a parameter that a plugin does not have`() throws {
        try expect(
            lines([5: #"loadmodule "sst.so""#, 18: #"modparam("sst", "min_sse", 90)"#]), plugins: ["sst"],
            says: """
                modules.conf:18:17: error: sst has no parameter "min_sse"
                  18 | modparam("sst", "min_sse", 90)
                     |                 ^~~~~~~~~
                  help: did you mean "min_se"?
                """)
    }
}
