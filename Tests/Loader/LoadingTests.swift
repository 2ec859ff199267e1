// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// How a plugin's file is found, and which one when there are several.
@Suite struct LoadingTests {
    @Test(arguments: [
        #"loadmodule "sst.so""#, #"loadmodule "sst""#, #"loadmodule("sst.so")"#,
        #"loadmodule "plugins/sst.so""#,
        #"loadmodule "./plugins/sst.so""#, #"loadmodulex "sst.so""#, #"loadmodulex("sst")"#,
    ])
    func `a plugin is found by its name, with and without its ending`(line: String) throws {
        try expectFine("\(line)\nmodparam(\"sst\", \"min_se\", 90)", plugins: ["sst"])
    }

    @Test func `a plugin is found by its absolute name, which is taken as it is`() throws {
        let desk = try Desk(plugins: ["sst"])
        try desk.write("loadmodule \"\(desk.plugins)/sst.so\"")
        try expectFine(desk, options: [])
        try desk.write("loadmodule \"\(desk.plugins)/sst\"")
        try expect(
            desk,
            says: """
                modules.conf:1:12: error: there is no file \(desk.plugins)/sst
                   1 | loadmodule "\(desk.plugins)/sst"
                     |            ^\(String(repeating: "~", count: desk.plugins.utf8.count + 5))
                  help: install the plugin, or take the line out
                """)
    }

    @Test(arguments: [#"loadmodule "sst.so""#, #"loadmodule "sst""#, #"loadmodule "libmod_sst.so""#])
    func `a plugin is found under the name that the package manager gives it`(line: String) throws {
        try expectFine(line, plugins: ["libmod_sst=sst"])
    }

    @Test func `a plugin may lie in a folder of its own name`() throws {
        let desk = try Desk(#"loadmodule "sst.so""#)
        try desk.place("sst", in: "plugins/sst")
        try expectFine(desk)
    }

    @Test func `the name with its own ending goes before the package manager's`() throws {
        let desk = try Desk(
            "loadmodule \"a.so\"\nmodparam(\"sst\", \"min_se\", 90)", plugins: ["a=sst", "libmod_a=good"])
        try expectFine(desk)
    }

    @Test(arguments: [
        #"loadpath "plugins""#, #"mpath "plugins""#, #"loadpath="plugins/""#, #"mpath = "plugins:""#,
        #"loadpath "/no/such/folder:plugins:/nor/this/""#, #"loadpath ":/no/such:./plugins""#,
        "loadpath \"/no/such/folder\"\nmpath \"plugins\"",
    ])
    func `the file's own folders are looked into, as far as they exist`(line: String) throws {
        try expectFine(Desk("\(line)\nloadmodule \"sst.so\"", plugins: ["sst"]), options: [])
    }

    @Test func `folders are looked into in their order`() throws {
        let desk = try Desk("mpath \"a:b\"\nloadmodule \"x.so\"\nmodparam(\"sst\", \"min_se\", 90)")
        try desk.place("x=sst", in: "a")
        try desk.place("x=good", in: "b")
        try expectFine(desk, options: [])
    }

    @Test func `the folder of the command line wins over the file's`() throws {
        let desk = try Desk("mpath \"b\"\nloadmodule \"x.so\"\nmodparam(\"sst\", \"min_se\", 90)")
        try desk.place("x=sst", in: "a")
        try desk.place("x=good", in: "b")
        try expectFine(desk, options: ["-L", "a"])
        try expectFine(desk, options: ["-La:"])
        #expect(try desk.check(["-L", "nowhere"]).err.contains("x.so is not in the plugin folders"))
    }

    @Test func `what lies beside the server is found whatever folders the file lists`() throws {
        let desk = try Desk("mpath \"/usr/lib64/another/modules\"\nloadmodule \"sst.so\"")
        let server = desk.scratch.file("bin/martlet")
        try desk.place("libmod_sst=sst", in: "bin")
        // By a program of its own: a file that this process has open for writing could not be run yet.
        try #require(run("cp", try Fixtures.martlet(), server).status == 0)
        #expect(
            try desk.run([server, "check", "modules.conf"]).status == 0)
    }

    @Test func `an installed server finds what is installed with it`() throws {
        let desk = try Desk(#"loadmodule "sst""#)
        let server = desk.scratch.file("bin/martlet")
        try desk.place("libmod_sst=sst", in: "lib/martlet")
        try FileManager.default.createDirectory(
            atPath: desk.scratch.file("bin"), withIntermediateDirectories: true)
        // By a program of its own: a file that this process has open for writing could not be run yet.
        try #require(run("cp", try Fixtures.martlet(), server).status == 0)
        #expect(
            try desk.run([server, "check", "modules.conf"]).status == 0)
    }

    @Test func `a module of another server is passed over when there is a plugin of its name`() throws {
        let desk = try Desk("mpath \"theirs:ours\"\nloadmodule \"sst.so\"\nmodparam(\"sst\", \"min_se\", 90)")
        try desk.place("sst=kamailio", in: "theirs")
        try desk.place("libmod_sst=sst", in: "ours")
        try expectFine(desk, options: [])
    }

    @Test func `folders and other files of the name are passed over`() throws {
        let desk = try Desk("mpath \"a:b\"\nloadmodule \"sst.so\"")
        try FileManager.default.createDirectory(
            atPath: desk.scratch.file("a/sst.so"), withIntermediateDirectories: true)
        try desk.place("sst", in: "b")
        try expectFine(desk, options: [])
    }

    @Test func `a repeated line is no fault with the option o`() throws {
        try expectFine(
            "loadmodule \"sst.so\"\nloadmodule(\"sst.so\", \"o\")\nmodparam(\"sst\", \"min_se\", 90)",
            plugins: ["sst"])
    }

    @Test func `a function may come from two plugins, of which the later one counts`() throws {
        let desk = try Desk(
            """
            listen=udp:127.0.0.1:0
            loadmodule "sl.so"
            loadmodule "vendor.so"
            loadmodule "ours.so"
            request_route {
                vendor_lookup();
                sl_send_reply("200", "Ours");
            }
            """, plugins: ["vendor=crashes"])
        try Fixtures.compile(
            """
            #include <martlet.h>
            static mt_result yes(mt_call *call) { return MT_OK; }
            static const mt_function functions[] = { { "vendor_lookup", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY } };
            static const mt_plugin plugin = { MT_PLUGIN("ours", "1.0.0", "Ours."), .functions = MT_LIST(functions) };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """, to: desk.scratch.file("plugins/ours.so"))
        let server = try desk.serve()
        #expect(try server.answer(to: "bob") == "200 Ours")
        #expect(server.stop() == 0)
    }

    @Test func `a name may hold the variables that are known at start`() throws {
        try expectFine(
            """
            #!define PLUGIN "sst.so"
            #!define SECOND first
            loadmodule PLUGIN
            loadmodulex "$def(SECOND).so"
            modparamx("$def(SECOND)", "file", "order")
            """, plugins: ["sst", "first"])
    }

    @Test func `a plugin that was loaded is known to the preprocessor`() throws {
        try expectFine(
            """
            loadmodule "sst.so"
            #!ifdef MOD_sst
            modparam("sst", "min_se", 90)
            #!else
            modparam("nobody", "min_se", 90)
            #!endif
            """, plugins: ["sst"])
    }
}
