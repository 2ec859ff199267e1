// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// `martlet check PLUGIN.so`: what an author hears of a plugin without a configuration.
@Suite struct PluginCheckTests {
    private func expect(
        _ plugins: [String], says expected: String, at location: SourceLocation = #_sourceLocation
    ) throws {
        let desk = try Desk(plugins: plugins)
        let file = plugins[0].split(separator: "=")[0]
        let output = try desk.run([Fixtures.martlet(), "check", "plugins/\(file).so"])
        #expect(output.err == expected + "\n", sourceLocation: location)
        #expect(output.out == "", sourceLocation: location)
        #expect(output.status == 1, sourceLocation: location)
    }

    @Test(arguments: [
        (
            ["good"],
            "good.so: good 1.0.0, ABI 1.0: nothing is wrong with its 6 parameters, 1 function, called in 1 way\n"
        ),
        (["late_tm", "tm=offers_tm"], "late_tm.so: latecomer 1.0.0, ABI 1.0: nothing is wrong\n"),
        (["dialog=needs_tm", "tm=offers_tm"], "dialog.so: dialog 1.0.0, ABI 1.0: nothing is wrong\n"),
        (["dialog=needs_tm", "libmod_tm=offers_tm"], "dialog.so: dialog 1.0.0, ABI 1.0: nothing is wrong\n"),
    ])
    func `a plugin that is in order`(plugins: [String], says: String) throws {
        let desk = try Desk(plugins: plugins)
        let file = plugins[0].split(separator: "=")[0]
        for command in [["plugins/\(file).so"], [desk.scratch.file("plugins/\(file).so")]] {
            let output = try desk.run([Fixtures.martlet(), "check"] + command)
            #expect(output.err == "")
            #expect(output.out == says)
            #expect(output.status == 0)
        }
    }

    @Test(.unsanitized) func `each plugin of the repository is in order`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Repository.build)
            .filter { $0.hasPrefix("libmod_") && $0.hasSuffix(".so") }
        #expect(files.count > 10)
        for file in files {
            let output = try martlet("check", "\(Repository.build)/\(file)")
            #expect(output.err == "" && output.status == 0, "\(file)")
        }
    }

    @Test(arguments: TableMessages.fixtures)
    func `a table that is wrong`(plugin: String, what: String, help: String) throws {
        try expect([plugin], says: "error: \(what)\n  help: \(help)")
    }

    @Test func `a name that no file has`() throws {
        let output = try Desk().run([Fixtures.martlet(), "check", "nothing.so"])
        #expect(
            output.err == """
                error: ./nothing.so cannot be read: No such file or directory
                  help: name the file of a plugin

                """)
        #expect(output.status == 1)
    }

    @Test func `a module of another SIP server`() throws {
        try expect(
            ["old=kamailio"],
            says: """
                error: old.so is not a Martlet plugin: it does not export martlet_plugin
                  it exports "module_version", as modules of another SIP server do; those cannot be loaded
                  help: look for a Martlet port of it
                """)
    }

    @Test func `more symbols than one`() throws {
        try expect(
            ["two_symbols"],
            says: """
                error: two_symbols.so exports more than martlet_plugin: stray
                  help: build with -fvisibility=hidden, or with a version script as PluginAPI/plugin.map
                """)
    }

    @Test func `a need that no plugin beside it meets`() throws {
        try expect(
            ["missing_need"],
            says: """
                error: lonely needs "nowhere" 1.0 or later, and no plugin beside it offers that
                  help: put one that offers "nowhere" into the same folder
                """)
    }

    @Test func `a plugin that cannot start`() throws {
        try expect(
            ["init_fails"], says: "error: hopeless: the directory is empty\n  help: put something into it")
    }

    @Test(.unsanitized)
    func `a plugin that crashes while it starts`() throws {
        let server = try martlet("version").out.split(separator: " ").prefix(2).joined(separator: " ")
        try expect(
            ["init_crashes"],
            says: """
                \(server): signal 11 in plugin clumsy 1.0.0, function init, check:1
                  loaded: clumsy 1.0.0 (ABI 1.0)
                error: init_crashes.so crashed with signal 11 while its init ran, or a hook
                """)
    }

    @Test(.unsanitized) func `a function that crashes is shown as it was called`() throws {
        let server = try martlet("version").out.split(separator: " ").prefix(2).joined(separator: " ")
        try expect(
            ["vendor=crashes"],
            says: """
                \(server): signal 11 in plugin vendor 2.1.0, function vendor_lookup, check:8
                  worker 0, INVITE, Call-ID check-1@127.0.0.1
                  loaded: vendor 2.1.0 (ABI 1.0)
                error: vendor.so crashed with signal 11 while it was called so: vendor_lookup();
                """)
    }

    @Test func `a function that does what none may do is shown as it was called`() throws {
        try expect(
            ["manners"],
            says: """
                error: manners: waits_undeclared: it answered MT_SUSPEND, and its table does not say MT_SUSPENDS
                  while it was called so: waits_undeclared();
                """)
    }

    @Test func `a function that does not return`() throws {
        let desk = try Desk()
        try Fixtures.compile(
            """
            #include <martlet.h>
            static mt_result f(mt_call *call) { while (call->args[0].str.len == 0) { } return MT_OK; }
            static const mt_field args[] = { { "text", MT_STR, 0, 0, 0, 0, 0, NULL, "Any." } };
            static const mt_function functions[] = { { "f", f, NULL, MT_LIST(args), MT_IN_ANY, 0, "Sticks." } };
            static const mt_plugin plugin = {
                MT_PLUGIN("sticky", "1.0.0", "Sticks."), .functions = MT_LIST(functions),
            };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """, to: desk.scratch.file("sticky.so"))
        let output = try desk.run([Fixtures.martlet(), "check", "sticky.so"])
        #expect(
            output.err == "error: sticky did not return within 10 s\n  while it was called so: f(\"\");\n")
        #expect(output.status == 1)
    }

    @Test func `what is there has to be explained`() throws {
        let desk = try Desk()
        try Fixtures.compile(
            """
            #include <martlet.h>
            static mt_result yes(mt_call *call) { return MT_OK; }
            static const mt_field params[] = { { "p", MT_INT } };
            static const mt_function functions[] = { { "f", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY } };
            static const mt_variable variables[] = { { "v", yes } };
            static const mt_command commands[] = { { "c", yes } };
            static const mt_counter counters[] = { { "n" } };
            static const mt_event events[] = { { "e" } };
            static const mt_plugin plugin = {
                MT_PLUGIN("bare", NULL, NULL), .params = MT_LIST(params), .functions = MT_LIST(functions),
                .variables = MT_LIST(variables), .commands = MT_LIST(commands), .counters = MT_LIST(counters),
                .events = MT_LIST(events),
            };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """, to: desk.scratch.file("bare.so"))
        let output = try desk.run([Fixtures.martlet(), "check", "bare.so"])
        let things = [
            ("parameter", "p"), ("function", "f"), ("variable", "v"), ("command", "c"), ("counter", "n"),
            ("event", "e"),
        ]
        #expect(
            output.err
                == "error: bare.so has no version\n  help: name one in MT_PLUGIN()\n"
                + "error: bare.so has no help\n  help: say in one sentence what it is\n"
                + things.map {
                    "error: bare.so: the \($0) \"\($1)\" has no help\n  help: say in one sentence what it is\n"
                }.joined())
        #expect(output.status == 1)
    }
}
