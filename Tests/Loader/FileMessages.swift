// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What is said of a file that cannot be loaded, whatever the table in it would have said.
@Suite struct FileMessages {
    @Test func `a file that is nowhere`() throws {
        try expect(
            #"loadmodule "nowhere.so""#,
            says: """
                modules.conf:1:12: error: nowhere.so is not in the plugin folders
                   1 | loadmodule "nowhere.so"
                     |            ^~~~~~~~~~~~
                  looked in plugins
                  looked in \(Fixtures.home)
                  help: install the plugin, or take the line out
                """)
    }

    @Test func `a name that is almost right`() throws {
        try expect(
            #"loadmodule "siputil.so""#, plugins: ["libmod_siputils=good"],
            says: """
                modules.conf:1:12: error: siputil.so is not in the plugin folders
                   1 | loadmodule "siputil.so"
                     |            ^~~~~~~~~~~~
                  looked in plugins
                  looked in \(Fixtures.home)
                  help: did you mean "siputils"?
                """)
    }

    @Test func `an absolute name that is wrong`() throws {
        try expect(
            #"loadmodule "/no/such/folder/tm.so""#,
            says: """
                modules.conf:1:12: error: there is no file /no/such/folder/tm.so
                   1 | loadmodule "/no/such/folder/tm.so"
                     |            ^~~~~~~~~~~~~~~~~~~~~~~
                  help: install the plugin, or take the line out
                """)
    }

    @Test func `no name at all`() throws {
        try expect(
            #"loadmodule """#,
            says: """
                modules.conf:1:12: error: loadmodule needs the name of a plugin
                   1 | loadmodule ""
                     |            ^~
                  help: loadmodule "tm.so"
                """)
    }

    @Test func `a shared object that is no plugin`() throws {
        try expect(
            #"loadmodule "no_symbol""#, plugins: ["no_symbol"],
            says: """
                modules.conf:1:12: error: no_symbol.so is not a Martlet plugin: it does not export martlet_plugin
                  help: a plugin is built against martlet.h; see PluginAPI/README.md
                """)
    }

    /// Which byte of a plugin is changed to which value, what is said then, and the help.
    static let damages: [(at: Int, to: UInt8, what: String, help: String)] = [
        (4, 1, "is built for another kind of machine", other),
        (5, 2, "is built for another kind of machine", other),
        (18, 8, "is built for another kind of machine", other),
        (16, 2, "is not a shared object", "link it with -shared"),
        (45, 1, "is not whole: its end is missing", "copy it again, or build it anew"),
    ]
    #if arch(arm64)
        static let other = "build it for this one, aarch64/linux"
    #else
        static let other = "build it for this one, x86_64/linux"
    #endif

    @Test(arguments: damages)
    func `a file that cannot be opened here`(at: Int, to: UInt8, what: String, help: String) throws {
        let desk = try Desk(#"loadmodule "odd.so""#)
        var bytes = try Data(contentsOf: URL(filePath: Fixtures.plugin("good")))
        bytes[at] = to
        try bytes.write(to: URL(filePath: desk.scratch.file("plugins/odd.so")))
        try expect(desk, says: "modules.conf:1:12: error: odd.so \(what)\n  help: \(help)")
    }

    @Test(arguments: [100, 1000, 5000, -1])
    func `a file of which a part is missing`(length: Int) throws {
        let desk = try Desk(#"loadmodule "odd.so""#)
        let bytes = try Data(contentsOf: URL(filePath: Fixtures.plugin("good")))
        try bytes.prefix(length < 0 ? bytes.count + length : length)
            .write(to: URL(filePath: desk.scratch.file("plugins/odd.so")))
        try expect(
            desk,
            says: """
                modules.conf:1:12: error: odd.so is not whole: its end is missing
                  help: copy it again, or build it anew
                """)
    }

    @Test(arguments: ["", "This is a letter.\n", "\u{7f}ELF and no more"])
    func `a file that is no shared object`(bytes: String) throws {
        let desk = try Desk(#"loadmodule "letter.so""#)
        _ = try desk.scratch.file("plugins/letter.so", with: bytes)
        try expect(
            desk,
            says: """
                modules.conf:1:12: error: letter.so is not a shared object
                  help: check what the file is, and build it anew
                """)
    }

    @Test func `a symbol that nothing has`() throws {
        try expect(
            #"loadmodule "undefined.so""#, plugins: ["undefined"],
            says: """
                modules.conf:1:12: error: undefined.so cannot be opened: nothing offers the symbol \
                "nobody_has_this" that it uses
                  help: its author has to link it with the library that has it
                """)
    }

    @Test func `the same line twice`() throws {
        try expect(
            "loadmodule \"sst.so\"\nloadmodule \"sst\"", plugins: ["sst"],
            says: """
                modules.conf:2:12: error: sst.so is loaded already
                   2 | loadmodule "sst"
                     |            ^~~~~
                  sst.so was loaded on line 1
                  help: take this line out
                """)
    }

    @Test func `two files with plugins of one name`() throws {
        try expect(
            "loadmodule \"sst.so\"\nloadmodule \"timer.so\"", plugins: ["sst", "timer=other_sst"],
            says: """
                modules.conf:2:12: error: a plugin called sst is loaded already
                   2 | loadmodule "timer.so"
                     |            ^~~~~~~~~~
                  sst.so was loaded on line 1
                  help: take this line out
                """)
    }

    @Test func `two plugins that offer the same`() throws {
        try expect(
            "loadmodule \"tm.so\"\nloadmodule \"tmx.so\"", plugins: ["tm=offers_tm", "tmx=other_tm"],
            says: """
                modules.conf:2:12: error: tmx.so offers "tm", and tm.so, on line 1, offers it too
                   2 | loadmodule "tmx.so"
                     |            ^~~~~~~~
                  help: load one of the two
                """)
    }

    @Test func `a plugin that offers what is the server's`() throws {
        try expect(
            #"loadmodule "server_name.so""#, plugins: ["server_name"],
            says: """
                modules.conf:1:12: error: server_name.so offers "martlet.message", which only the server itself may
                  help: this is for its author to mend
                """)
    }
}
