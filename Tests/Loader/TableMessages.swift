// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What is said of a plugin whose table is wrong. None of its code has run by then but martlet_plugin.
@Suite struct TableMessages {
    /// A plugin of Tests/Fixtures/Plugins, what is said of it, and the help.
    static let fixtures: [(plugin: String, what: String, help: String)] = [
        (
            "no_table", "no_table.so has no table for ABI 1.0: martlet_plugin answered NULL",
            "ask its author for a build for ABI 1"
        ),
        (
            "changing_table", "changing_table.so: martlet_plugin answers another table each time",
            "its author has to return one constant table"
        ),
        (
            "wrong_magic",
            "wrong_magic.so is not a Martlet plugin: its table does not begin with MARTLET_MAGIC",
            "martlet_plugin has to return a table that MT_PLUGIN() began"
        ),
        (
            "wrong_major", "wrong_major.so needs ABI 2.0, and this server speaks 1.0",
            "use a server that speaks ABI 2.0, or ask its author for a build for ABI 1"
        ),
        (
            "tiny_table",
            "tiny_table.so has a table of 24 bytes, which is shorter than any that ABI 1.0 knows",
            "its author has to begin the table with MT_PLUGIN()"
        ),
        ("no_name", "no_name.so: the plugin has no name", mend),
        (
            "unknown_plugin_flag",
            "unknown_plugin_flag.so sets flag bits 0x8 of its table, which this server does not know", newer
        ),
        ("null_slot", "null_slot.so: the need \"martlet.message\" has no slot", mend),
        (
            "null_offer", "null_offer.so: the table of its offer \"hollow\" does not begin with an mt_head",
            mend
        ),
        ("two_offers", "two_offers.so: it has the offer \"twin\" twice", mend),
        (
            "unknown_flag",
            "unknown_flag.so: the parameter \"limit\" sets flag bits 0x100000, which this server does not know",
            newer
        ),
        (
            "unknown_type",
            "unknown_type.so: the parameter \"limit\" has type 77, which this server does not know", newer
        ),
        ("null_name", "null_name.so: a function has no name", mend),
        ("null_call", "null_call.so: the function \"hollow\" has no code to call", mend),
        ("name_twice", "name_twice.so: it has the function \"twice\" with no arguments twice", mend),
        ("nowhere", "nowhere.so: the function \"nowhere_yes\" may be called nowhere", mend),
        (
            "reserved",
            "reserved.so: the function \"reserved_yes\" has something in a field that is reserved", mend
        ),
        ("narrow_stride", "narrow_stride.so: its list of functions is broken", mend),
    ]
    static let mend = "this is for its author to mend"
    static let newer = "use a newer server, or ask its author for a build for ABI 1.0"

    @Test(arguments: fixtures) func `a wrong table`(plugin: String, what: String, help: String) throws {
        try expect(
            "loadmodule \"\(plugin).so\"", plugins: [plugin],
            says: "modules.conf:1:12: error: \(what)\n  help: \(help)")
    }

    /// A list of the plugin's, one item for it as C writes it, what is said, and the help.
    static let items: [(list: String, item: String, what: String, help: String)] = [
        ("needs", "{ NULL, 1, 0, 0, &slot }", "a need has no name", mend),
        ("needs", #"{ "tm", 1, 0, 16, &slot }"#, #"the need "tm" sets flag bits 0x10, \#(unknown)"#, newer),
        (
            "needs", #"{ "tm", 1, 0, 0, &slot }, { "tm", 1, 0, 0, &slot }"#, #"it has the need "tm" twice"#,
            mend
        ),
        ("offers", "{ NULL, &head }", "an offer has no name", mend),
        (
            "offers", #"{ "odd", &small }"#, #"the table of its offer "odd" does not begin with an mt_head"#,
            mend
        ),

        ("params", "{ NULL, MT_INT }", "a parameter has no name", mend),
        ("params", #"{ "", MT_INT }"#, "a parameter has no name", mend),
        ("params", #"{ "a", MT_INT, 0, 0, 9 }"#, #"the parameter "a" \#(reserved)"#, mend),
        ("params", #"{ "a", MT_INT }, { "a", MT_STR }"#, #"it has the parameter "a" twice"#, mend),
        ("params", #"{ "a", MT_NULL }"#, #"the parameter "a" has type 0, \#(unknown)"#, newer),

        (
            "functions", #"{ "f", yes, NULL, NONE, MT_IN_ANY | 1 << 12 }"#,
            #"the function "f" sets flag bits 0x1000, \#(unknown)"#, newer
        ),
        (
            "functions", #"{ "f", yes, NULL, ONE({ NULL, MT_INT }), MT_IN_ANY }"#,
            #"an argument of "f" has no name"#, mend
        ),
        (
            "functions", #"{ "f", yes, NULL, ONE({ "a", MT_INT, MT_REQUIRED }), MT_IN_ANY }"#,
            #"the argument "a" of "f" sets flag bits 0x4, \#(unknown)"#, newer
        ),
        (
            "functions", #"{ "f", yes, NULL, ONE({ "a", 99 }), MT_IN_ANY }"#,
            #"the argument "a" of "f" has type 99, \#(unknown)"#, newer
        ),
        (
            "functions", #"{ "f", yes, NULL, { NULL, 2, 64 }, MT_IN_ANY }"#,
            #"its list of arguments of "f" is broken"#, mend
        ),
        (
            "functions",
            #"{ "f", yes, NULL, ONE({ "a", MT_INT }), 1 }, { "f", yes, NULL, ONE({ "b", MT_STR }), 1 }"#,
            #"it has the function "f" with 1 argument twice"#, mend
        ),
        (
            "functions",
            #"{ "f", yes, NULL, ONE({ "a", MT_INT, MT_OPTIONAL }), 1 }, { "f", yes, NULL, NONE, 1 }"#,
            #"it has the function "f" with no arguments twice"#, mend
        ),

        ("variables", "{ NULL, yes }", "a variable has no name", mend),
        ("variables", #"{ "v" }"#, #"the variable "v" has no code to call"#, mend),
        ("variables", #"{ "v", yes }, { "v", yes }"#, #"it has the variable "v" twice"#, mend),
        ("commands", "{ NULL, yes }", "a command has no name", mend),
        ("commands", #"{ "c" }"#, #"the command "c" has no code to call"#, mend),
        ("commands", #"{ "c", yes }, { "c", yes }"#, #"it has the command "c" twice"#, mend),
        (
            "commands", #"{ "c", yes, NULL, ONE({ "a", MT_INT, MT_MANY }) }"#,
            #"the argument "a" of "c" sets flag bits 0x40, \#(unknown)"#, newer
        ),
        ("counters", "{ NULL }", "a counter has no name", mend),
        ("counters", #"{ "n", 5 }"#, #"the counter "n" has kind 5, \#(unknown)"#, newer),
        ("counters", #"{ "n", MT_COUNTER, 3 }"#, #"the counter "n" \#(reserved)"#, mend),
        ("counters", #"{ "n" }, { "n" }"#, #"it has the counter "n" twice"#, mend),
        ("events", "{ NULL }", "an event has no name", mend),
        ("events", #"{ "e" }, { "e" }"#, #"it has the event "e" twice"#, mend),
        ("hooks", "{ NULL, yes }", "a hook has no name", mend),
        ("hooks", #"{ "core.ready" }"#, #"the hook on "core.ready" has no code to call"#, mend),
        (
            "hooks", #"{ "core.ready", yes, NULL, 0, 2 }"#,
            #"the hook on "core.ready" sets flag bits 0x2, \#(unknown)"#, newer
        ),
    ]
    static let unknown = "which this server does not know"
    static let reserved = "has something in a field that is reserved"

    /// Lists that cannot be any, as C writes an mt_list.
    static let lists = ["{ NULL, 3, 64 }", "{ (void *)16, 3, 7 }", "{ (void *)16, 70000, 64 }"]
    /// The members of mt_plugin, the types of their items, and what they are called.
    static let members = [
        ("needs", "mt_need", "needs"), ("offers", "mt_offer", "offers"), ("params", "mt_field", "parameters"),
        ("functions", "mt_function", "functions"), ("variables", "mt_variable", "variables"),
        ("commands", "mt_command", "commands"), ("counters", "mt_counter", "counters"),
        ("events", "mt_event", "events"), ("hooks", "mt_hook", "hooks"),
    ]

    @Test(arguments: items.indices) func `a wrong item`(number: Int) throws {
        try expectOdd(number, Self.items[number].what, Self.items[number].help)
    }

    @Test(arguments: members.indices) func `a list that cannot be one`(member: Int) throws {
        for list in Self.lists.indices {
            try expectOdd(
                Self.items.count + member * Self.lists.count + list,
                "its list of \(Self.members[member].2) is broken", Self.mend)
        }
    }

    private func expectOdd(_ number: Int, _ what: String, _ help: String) throws {
        let desk = try Desk(#"loadmodule "odd.so""#)
        try FileManager.default.createSymbolicLink(
            atPath: desk.scratch.file("plugins/odd.so"), withDestinationPath: Self.odd.get())
        let output = try desk.run([
            "env", "ODD=\(number)", Fixtures.martlet(), "check", "-L", "plugins", "modules.conf",
        ])
        #expect(output.err == "modules.conf:1:12: error: odd.so: \(what)\n  help: \(help)\n")
        #expect(output.status == 1)
    }

    /// One plugin that has all these tables, and is told by its environment which one to show.
    private static let odd = Result {
        var source = """
            #include <martlet.h>
            #include <stdlib.h>
            #define NONE { NULL, 0, 0 }
            #define ONE(...) { (const mt_field[]){ __VA_ARGS__ }, 1, sizeof(mt_field) }
            static mt_result yes(mt_call *call) { return MT_OK; }
            static const void *slot;
            static const mt_head head = { 8, 1, 0 }, small = { 4, 1, 0 };

            """
        var tables: [String] = []
        for item in items {
            let name = "items\(tables.count)"
            let type = members.first { $0.0 == item.list }?.1 ?? ""
            source += "static const \(type) \(name)[] = { \(item.item) };\n"
            tables.append(".\(item.list) = MT_LIST(\(name))")
        }
        for member in members { tables += lists.map { ".\(member.0) = \($0)" } }
        source += "static const mt_plugin plugins[] = {\n"
        source += tables.map { "{ MT_PLUGIN(\"odd\", \"1.0.0\", \"Is odd.\"), \($0) },\n" }.joined()
        source +=
            "};\nconst mt_plugin *martlet_plugin(uint32_t abi) { return &plugins[atoi(getenv(\"ODD\"))]; }\n"
        let file = try Fixtures.plugin("odd_tables")
        try Fixtures.compile(source, to: file)
        return file
    }

    @Test func `a table that ends early, as older headers make it, is in order`() throws {
        try expectFine(
            "loadmodule \"short_table.so\"\nrequest_route { short_yes(); }", plugins: ["short_table"])
    }
}
