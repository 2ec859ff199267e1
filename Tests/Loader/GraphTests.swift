// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// `martlet graph FILE`: who needs whom.
@Suite struct GraphTests {
    @Test func `plugins, needs and offers, as text and for Graphviz`() throws {
        let desk = try Desk(
            """
            loadmodule "maybe.so"
            loadmodule "late.so"
            loadmodule "tm.so"
            loadmodule "dialog.so"
            loadmodule "listener.so"
            """,
            plugins: [
                "maybe=maybe_other", "late=late_tm", "tm=offers_tm", "dialog=needs_tm",
                "listener=optional_event",
            ])
        let output = try desk.run([Fixtures.martlet(), "graph", "-L", "plugins", "modules.conf"])
        #expect(
            output.out == """
                // maybe 1.0.0, ABI 1.0, modules.conf:1:12
                //     needs nowhere 1.0 (optional), not there
                // latecomer 1.0.0, ABI 1.0, modules.conf:2:12
                //     needs tm 1.0 (late), from tm.so, line 3
                // tm 1.0.2, ABI 1.0, modules.conf:3:12
                //     offers tm 1.4
                // dialog 1.0.0, ABI 1.0, modules.conf:4:12
                //     needs tm 1.2, from tm.so, line 3
                // listener 1.0.0, ABI 1.0, modules.conf:5:12
                //     hooks tm.finished (optional)
                digraph plugins {
                    rankdir=LR;
                    node [shape=box];
                    "maybe" [label="maybe 1.0.0"];
                    "latecomer" [label="latecomer 1.0.0"];
                    "tm" [label="tm 1.0.2"];
                    "dialog" [label="dialog 1.0.0"];
                    "listener" [label="listener 1.0.0"];
                    "latecomer" -> "tm" [label="tm 1.0" style=dotted];
                    "dialog" -> "tm" [label="tm 1.2"];
                }

                """)
        #expect(output.err == "" && output.status == 0)
    }

    @Test func `a file that is wrong has no graph`() throws {
        let desk = try Desk(#"loadmodule "no_table""#, plugins: ["no_table"])
        let output = try desk.run([Fixtures.martlet(), "graph", "-L", "plugins", "modules.conf"])
        #expect(output.out == "" && output.err.contains("no_table.so has no table") && output.status == 1)
    }
}
