// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// What is said when plugins do not go together.
@Suite struct NeedMessages {
    @Test func `a need that nobody has`() throws {
        try expect(
            "\nloadmodule \"missing_need.so\"", plugins: ["missing_need"],
            says: """
                modules.conf:2:12: error: lonely needs "nowhere" 1.0 or later, and no earlier line loads it
                   2 | loadmodule "missing_need.so"
                     |            ^~~~~~~~~~~~~~~~~
                  help: load a plugin that offers "nowhere" above line 2
                """)
    }

    @Test(arguments: ["tm", "libmod_tm"])
    func `a need that a plugin in the folder offers`(file: String) throws {
        try expect(
            #"loadmodule "dialog.so""#, plugins: ["dialog=needs_tm", "\(file)=offers_tm"],
            says: """
                modules.conf:1:12: error: dialog needs "tm" 1.2 or later, and no earlier line loads it
                   1 | loadmodule "dialog.so"
                     |            ^~~~~~~~~~~
                  tm.so, in the plugin folder, offers "tm" 1.4
                  help: put loadmodule "tm.so" above line 1
                """)
    }

    @Test func `an offer that is too old`() throws {
        try expect(
            "loadmodule \"tm.so\"\nloadmodule \"dialog.so\"", plugins: ["dialog=needs_tm", "tm=old_tm"],
            says: """
                modules.conf:2:12: error: dialog needs "tm" 1.2 or later, and tm.so, on line 1, offers 1.1
                   2 | loadmodule "dialog.so"
                     |            ^~~~~~~~~~~
                  help: use a newer tm.so
                """)
    }

    @Test func `an offer of another major version`() throws {
        let desk = try Desk("loadmodule \"tm.so\"\nloadmodule \"dialog.so\"", plugins: ["dialog=needs_tm"])
        try Fixtures.compile(
            """
            #include <martlet.h>
            static const mt_head head = { 8, 2, 5 };
            static const mt_offer offers[] = { { "tm", &head } };
            static const mt_plugin plugin = { MT_PLUGIN("tm", "2.0.0", "Is too new."), .offers = MT_LIST(offers) };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """, to: desk.scratch.file("plugins/tm.so"))
        try expect(
            desk,
            says: """
                modules.conf:2:12: error: dialog needs "tm" 1.2 or later, and tm.so, on line 1, offers 2.5
                   2 | loadmodule "dialog.so"
                     |            ^~~~~~~~~~~
                  help: use versions of the two that go together
                """)
    }

    @Test func `a need that this server is too old for`() throws {
        try expect(
            #"loadmodule "newer.so""#, plugins: ["newer=newer_server"],
            says: """
                modules.conf:1:12: error: newer needs "martlet.message" 1.7, and this server has 1.0
                   1 | loadmodule "newer.so"
                     |            ^~~~~~~~~~
                  help: use a newer server, or an older newer.so
                """)
    }

    @Test func `a need of the server's that it does not have`() throws {
        let desk = try Desk(#"loadmodule "odd.so""#)
        try Fixtures.compile(
            """
            #include <martlet.h>
            static const void *slot;
            static const mt_need needs[] = { { "martlet.mesage", 1, 0, 0, &slot } };
            static const mt_plugin plugin = { MT_PLUGIN("odd", "1.0.0", "Is odd."), .needs = MT_LIST(needs) };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """, to: desk.scratch.file("plugins/odd.so"))
        try expect(
            desk,
            says: """
                modules.conf:1:12: error: odd needs "martlet.mesage" 1.0, and this server has no such interface
                   1 | loadmodule "odd.so"
                     |            ^~~~~~~~
                  help: did you mean "martlet.message"?
                """)
    }

    @Test func `what is used when it is there has to come earlier`() throws {
        try expect(
            "loadmodule \"maybe.so\"\nloadmodule \"tm.so\"", plugins: ["maybe=maybe_tm", "tm=offers_tm"],
            says: """
                modules.conf:1:12: error: maybe uses "tm", and a later line loads it
                   1 | loadmodule "maybe.so"
                     |            ^~~~~~~~~~
                  tm.so, on line 2, offers "tm" 1.4
                  help: move line 2 above line 1
                """)
    }

    @Test func `a plugin that needs itself`() throws {
        let desk = try Desk(#"loadmodule "odd.so""#)
        try Fixtures.compile(
            """
            #include <martlet.h>
            static const mt_head head = { 8, 1, 0 };
            static const void *slot;
            static const mt_offer offers[] = { { "odd", &head } };
            static const mt_need needs[] = { { "odd", 1, 0, 0, &slot } };
            static const mt_plugin plugin = {
                MT_PLUGIN("odd", "1.0.0", "Is odd."), .offers = MT_LIST(offers), .needs = MT_LIST(needs),
            };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """, to: desk.scratch.file("plugins/odd.so"))
        try expect(
            desk,
            says: """
                modules.conf:1:12: error: odd needs "odd", which it offers itself
                   1 | loadmodule "odd.so"
                     |            ^~~~~~~~
                  help: this is for its author to mend
                """)
    }

    @Test func `an event of a plugin that is not loaded`() throws {
        try expect(
            #"loadmodule "listener.so""#, plugins: ["listener=missing_event"],
            says: """
                modules.conf:1:12: error: listener hooks the event "tm.finished", which nobody emits
                   1 | loadmodule "listener.so"
                     |            ^~~~~~~~~~~~~
                  help: put loadmodule "tm.so" into the file
                """)
    }

    @Test func `an event that a loaded plugin does not have`() throws {
        try expect(
            "loadmodule \"tm.so\"\nloadmodule \"listener.so\"",
            plugins: ["tm=offers_tm", "listener=missing_event"],
            says: """
                modules.conf:2:12: error: listener hooks the event "tm.finished", which nobody emits
                   2 | loadmodule "listener.so"
                     |            ^~~~~~~~~~~~~
                  help: use versions of the two that go together
                """)
    }

    @Test func `an event that the server does not have`() throws {
        try expect(
            #"loadmodule "early.so""#, plugins: ["early=unknown_event"],
            says: """
                modules.conf:1:12: error: early hooks the event "core.sunrise", which nobody emits
                   1 | loadmodule "early.so"
                     |            ^~~~~~~~~~
                  help: use a newer server, or an older early.so
                """)
    }

    @Test func `one plugin that cannot be loaded is one problem, whoever needs it`() throws {
        try expect(
            """
            loadmodule "tm.so"
            loadmodule "dialog.so"
            loadmodule "listener.so"
            modparam("tm", "fr_timer", 5)
            request_route {
                t_relay();
            }
            """,
            plugins: ["dialog=needs_tm", "listener=missing_event"],
            says: """
                modules.conf:1:12: error: tm.so is not in the plugin folders
                   1 | loadmodule "tm.so"
                     |            ^~~~~~~
                  looked in plugins
                  looked in \(Fixtures.home)
                  help: install the plugin, or take the line out
                """)
    }

    @Test func `an event may be missing when its hook says so`() throws {
        try expectFine(#"loadmodule "optional_event.so""#, plugins: ["optional_event"])
    }

    @Test func `what may be missing may be missing, and may come earlier`() throws {
        try expectFine(#"loadmodule "maybe.so""#, plugins: ["maybe=maybe_tm"])
        try expectFine(
            "loadmodule \"tm.so\"\nloadmodule \"maybe.so\"", plugins: ["maybe=maybe_tm", "tm=offers_tm"])
    }

    @Test func `what is needed late may come later, or earlier, but not never`() throws {
        let plugins = ["late=late_tm", "tm=offers_tm"]
        try expectFine("loadmodule \"late.so\"\nloadmodule \"tm.so\"", plugins: plugins)
        try expectFine("loadmodule \"tm.so\"\nloadmodule \"late.so\"", plugins: plugins)
        try expect(
            "loadmodule \"late.so\"", plugins: ["late=late_tm"],
            says: """
                modules.conf:1:12: error: latecomer needs "tm" 1.0 or later, and no line loads it
                   1 | loadmodule "late.so"
                     |            ^~~~~~~~~
                  help: load a plugin that offers "tm"
                """)
    }
}
