// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Script

@Suite struct SyntaxPreprocessorTests {
    private func level(_ source: String, defines: [String] = [], files: [String: String] = [:]) -> Int? {
        let reading = Reading("\(source)\ndebug=3", defines: defines, files: files)
        return reading.complaints.isEmpty ? reading.settings.children : nil
    }

    @Test(
        arguments: [
            "#!define N 7\nchildren=N",
            "#!def N 7\nchildren=N",
            "#!define N M\n#!define M 7\nchildren=N",
            "#!define LINE children=7\nLINE",
            "#!define N \\\n  7\nchildren=N",
            "#!define N 7\r\nchildren=N\r\n",
            "#!define EMPTY\nchildren=EMPTY 7",
            "#!define N 7\n#!trydef N 8\nchildren=N",
            "#!trydefine N 7\nchildren=N",
            "#!define N 8\n#!redef N 7\nchildren=N",
            "#!redefine N 7\nchildren=N",
            "#!define N 8\n#!undef N\n#!define N 7\nchildren=N",
            "#!tryundef N\nchildren=7",
            "children=#!define N 7\nN",
            "#!substdef \"/N/7/\"\nchildren=N",
            "#!substdef \"!N!7!g\"\nchildren=N",
            "#!defexp N 3 + 4\nchildren=N",
            "#!define A\n#!ifdef A\nchildren=7\n#!else\nchildren=8\n#!endif",
            "#!ifdef A\nchildren=8\n#!else\nchildren=7\n#!endif",
            "#!ifndef A\nchildren=7\n#!endif",
            "children=7\n#!ifdef A\n#!ifdef B\nchildren=8\n#!else\nchildren=8\n#!endif\nchildren=8\n#!endif",
            "#!ifdef A # why\nchildren=8 \"open\n#!else \t\nchildren=7\n  #!endif",
            "children=7\n#!ifdef A\n# #!ifdef B\n#!endif\n//#!endif",
            "#!ifexp 1 + 1 == 2 && !defined(X)\nchildren=7\n#!endif",
            "#!define A 5\n#!ifexp A * 2 > 9\nchildren=7\n#!endif",
            "#!ifexp KAMAILIO_VERSION >= 5006000\nchildren=7\n#!endif",
            "#!define D \"mysql\"\n#!ifexp D == \"mysql\" && strlen(D) == 5\nchildren=7\n#!endif",
            "#!ifdef KAMAILIO_5\n#!ifdef KAMAILIO_5_6\nchildren=7\n#!endif\n#!endif",
            "#!ifdef KAMAILIO_5_6_3\n#!ifdef MARTLET\nchildren=7\n#!endif\n#!endif",
            "#!ifdef KAMAILIO_6\nchildren=8\n#!else\nchildren=7\n#!endif",
            "loadmodule \"a/tm.so\"\n#!ifdef MOD_tm\nchildren=7\n#!endif",
            "#!ifdef MOD_tm\nchildren=8\n#!endif\nloadmodule \"tm\"\nchildren=7",
        ])
    func `children are seven`(source: String) {
        #expect(level(source) == 7)
    }

    @Test(
        arguments: [
            ("#!define A x\nlog_name=\"A\"", "A"),
            ("#!define A \"x\"\nlog_name=A \"y\"", "xy"),
            ("#!define A \"y\"\nlog_name=\"x\" A", "x"),
            ("#!subst \"/A/x/\"\nlog_name=\"AA\"", "xA"),
            ("#!subst \"/A/x/g\"\nlog_name=\"AA\"", "xx"),
            ("#!subst \"/a/x/gi\"\nlog_name='Aa'", "xx"),
            ("#!subst \"/(A)(B)/\\2\\1/g\"\nlog_name=\"ABAB\"", "BABA"),
            ("#!subst \"|/|\\|/|\"\nlog_name=\"a/b\"", "a|/b"),
            ("#!subst \"/A/B/\"\n#!subst \"/B/C/\"\nlog_name=\"A\"", "C"),
            ("#!subst \"/x*/-/g\"\nlog_name=\"axb\"", "-a-b-"),
            ("#!substdefs \"/A/3/\"\nlog_name=A", "3"),
            ("#!subst \"/A/$def(V)/\"\nlog_name=\"A\"", ""),
            ("#!define V v\n#!subst \"/A/$def(V)!/\"\nlog_name=\"A\"", "v!"),
            ("#!defexps A \"a\" + 1\nlog_name=A", "a1"),
        ])
    func `texts`(source: String, value: String) {
        let reading = Reading(source)
        #expect(reading.settings.logName?.string == value)
    }

    @Test func `rules change variables, and neither words nor numbers`() {
        let reading = Reading("#!subst \"/A/b/\"\nroute[A] { $var(A) = A(\"A\"); }")
        #expect(reading.script == "$var(b) = A(\"b\")")
        #expect(reading.routes == ["request_route[A]"])
    }

    @Test func `variables and words of the language know no defines`() {
        let reading = Reading("#!trydef A 1\nroute { $var(A) = @via.A; }")
        #expect(reading.script == "$var(A) = @via.A")
        #expect(Reading("#!define yes 5\nchildren=yes").settings.children == 1)
    }

    @Test func `the command line defines before the first line`() {
        #expect(Reading("#!ifdef A\nchildren=N\n#!endif", defines: ["A", "N=7"]).settings.children == 7)
        let text = "#!ifndef DBURL\n#!define DBURL \"mysql://x\"\n#!endif\nlog_name=DBURL"
        #expect(Reading(text, defines: ["DBURL=\"sqlite:///x=1.db\""]).settings.logName == "sqlite:///x=1.db")
    }

    @Test func `what was defined is kept for the script`() {
        let reading = Reading("#!define A \"x\"\nloadmodule \"tm.so\"", defines: ["B"])
        #expect(reading.configuration.defines["A"] == "\"x\"")
        #expect(reading.configuration.defines["B"] == "")
        #expect(reading.configuration.defines["MOD_tm"] == "")
    }

    @Test func `the environment defines`() {
        setenv("MARTLET_SYNTAX_TEST", "7", 1)
        #expect(level("#!defenv MARTLET_SYNTAX_TEST\nchildren=MARTLET_SYNTAX_TEST") == 7)
        #expect(level("#!defenv N=MARTLET_SYNTAX_TEST\nchildren=N") == 7)
        #expect(level("#!trydefenv N=MARTLET_SYNTAX_NONE\nchildren=7") == 7)
        #expect(Reading("#!defenvs N=MARTLET_SYNTAX_TEST\nlog_name=N").settings.logName == "7")
        #expect(Reading("#!subst \"/N/$env(MARTLET_SYNTAX_TEST)/\"\nlog_name=\"N\"").settings.logName == "7")
    }

    // MARK: Other files

    @Test(
        arguments: [
            "include_file \"a.cfg\"", "#!include_file \"a.cfg\"", "!!import_file \"a.cfg\"",
            "import_file \"a.cfg\"",
            "import_file \"none.cfg\"\ninclude_file 'a.cfg'", "#!subst \"/B/a/\"\ninclude_file \"B.cfg\"",
            "#!ifdef X\ninclude_file \"none\"\n#!endif\ninclude_file \"a.cfg\"",
        ])
    func `other files are read in their places`(source: String) {
        #expect(level("children=1\n\(source)", files: ["a.cfg": "children=7"]) == 7)
    }

    @Test func `a file is looked for from here, then beside the one that includes it`() {
        let files = ["etc/a.cfg": "include_file \"b.cfg\"", "etc/b.cfg": "children=7"]
        #expect(level("include_file \"etc/a.cfg\"", files: files) == 7)
        let both = files.merging(["b.cfg": "children=8"]) { a, _ in a }
        #expect(level("include_file \"etc/a.cfg\"", files: both) == 8)
    }

    @Test func `a file may be included in the middle of a route`() {
        let reading = Reading("route { include_file \"a\"\n exit; }", files: ["a": "drop;\n"])
        #expect(reading.script == "drop; exit")
    }

    @Test func `what is wrong in an included file is told with its name, and in the order of reading`() {
        let reading = Reading(
            "nosuch1=1\ninclude_file \"a\"\nnosuch2=1",
            files: ["a": "\nnosuch3=1\ninclude_file \"b\"", "b": "nosuch4=1"])
        #expect(
            reading.complaints == """
                modules.conf:1:1: error: there is no global parameter "nosuch1"
                   1 | nosuch1=1
                     | ^~~~~~~
                a:2:1: error: there is no global parameter "nosuch3"
                   2 | nosuch3=1
                     | ^~~~~~~
                b:1:1: error: there is no global parameter "nosuch4"
                   1 | nosuch4=1
                     | ^~~~~~~
                modules.conf:3:1: error: there is no global parameter "nosuch2"
                   3 | nosuch2=1
                     | ^~~~~~~
                """)
    }

    @Test func `files that include each other, and defines that grow, come to an end`() {
        let loop = Reading("include_file \"a\"", files: ["a": "include_file \"a\"\ninclude_file \"a\"\n"])
        #expect(loop.diagnostics.hasErrors)
        var growing = "#!define A0 debug=1\n"
        for level in 1...40 { growing += "#!define A\(level) A\(level - 1) A\(level - 1)\n" }
        #expect(Reading(growing + "A40").complaints.contains("this define comes to too much text"))
    }

    @Test func `real files are read, and folders are not`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "martlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // the system clears it
        let main = folder.appendingPathComponent("main.cfg")
        try "include_file \"part.cfg\"\ninclude_file \".\"\n".write(
            to: main, atomically: true, encoding: .utf8)
        try "children=7\n".write(
            to: folder.appendingPathComponent("part.cfg"), atomically: true, encoding: .utf8)
        let diagnostics = Diagnostics()
        let configuration = Configuration.read(file: main.path, diagnostics: diagnostics)
        #expect(configuration.settings.children == 7)
        #expect(diagnostics.all.map(\.what) == [". cannot be read: it is a folder"])
        let missing = Diagnostics()
        _ = Configuration.read(file: folder.path + "/none.cfg", diagnostics: missing)
        #expect(missing.text == "error: there is no file \"\(folder.path)/none.cfg\"\n")
    }
}
