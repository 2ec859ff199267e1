// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

@Suite struct SyntaxDiagnosticTests {
    /// A file with one line of interest.
    private func file(_ line: String, number: Int) -> SourceFile {
        SourceFile(name: "modules.conf", text: String(repeating: "\n", count: number - 1) + line + "\n")
    }

    @Test func `a message shows the line, the place, the reason and the mend`() {
        let file = file("loadmodule \"dialog.so\"", number: 9)
        let diagnostic = Diagnostic(
            .error, at: Place(file: file, line: 9, column: 12, length: 11),
            "dialog needs \"tm\" 1.2 or later, and no earlier line loads it",
            notes: ["tm.so, on line 14, offers \"tm\" 1.4"], help: "move line 14 above line 9")
        #expect(
            diagnostic.description == """
                modules.conf:9:12: error: dialog needs "tm" 1.2 or later, and no earlier line loads it
                   9 | loadmodule "dialog.so"
                     |            ^~~~~~~~~~~
                  tm.so, on line 14, offers "tm" 1.4
                  help: move line 14 above line 9
                """)
    }

    @Test func `a message need not show its line`() {
        let file = file("loadmodule \"vendor.so\"", number: 6)
        let diagnostic = Diagnostic(
            .error, at: Place(file: file, line: 6, column: 12, length: 11),
            "vendor.so needs ABI 1.4, and this server speaks 1.2", quotes: false)
        #expect(
            diagnostic.description
                == "modules.conf:6:12: error: vendor.so needs ABI 1.4, and this server speaks 1.2")
    }

    @Test func `the caret stands right behind tabs and letters of several bytes`() {
        let file = file("\t\"gr\u{FC}n\" x", number: 12345)
        let diagnostic = Diagnostic(.warning, at: Place(file: file, line: 12345, column: 10, length: 1), "w")
        #expect(
            diagnostic.description
                == "modules.conf:12345:10: warning: w\n12345 | \t\"gr\u{FC}n\" x\n      | \t       ^")
    }

    @Test func `of a line without end only the part in question is shown`() {
        let file = file(
            String(repeating: "a", count: 5000) + "X" + String(repeating: "b", count: 5000), number: 1)
        let diagnostic = Diagnostic(.notice, at: Place(file: file, line: 1, column: 5001, length: 1), "n")
        let lines = diagnostic.description.split(separator: "\n").map(String.init)
        #expect(lines[1].utf8.count < 260)
        let caret = lines[2].utf8.firstIndex(of: UInt8(ascii: "^"))
        #expect(caret.map { lines[1].utf8[$0] } == UInt8(ascii: "X"))
    }

    @Test func `messages come in the order of the file, whoever found them first`() {
        let main = SourceFile(name: "a", text: "1\n2\n3\n")
        let part = SourceFile(
            name: "b", bytes: Array("1\n2\n".utf8),
            includedAt: Place(file: main, line: 2, column: 1, length: 1))
        let diagnostics = Diagnostics()
        for (file, line) in [(main, 3), (part, 2), (main, 1), (part, 1)] {
            diagnostics.error("x", at: Place(file: file, line: line, column: 1, length: 1))
        }
        diagnostics.warning("nowhere", at: nil)
        #expect(
            diagnostics.sorted.map { $0.place?.description ?? "-" } == [
                "-", "a:1:1", "b:1:1", "b:2:1", "a:3:1",
            ])
        #expect(diagnostics.count(.error) == 4 && diagnostics.hasErrors)
    }

    @Test(
        arguments: [
            ("min_sse", "min_se"), ("chilren", "children"), ("childern", "children"), ("T_RELAY", "t_relay"),
            ("t_rely", "t_relay"), ("xyz", nil), ("", nil), ("a", nil), ("forc_rport", "force_rport"),
        ])
    func `what is near is suggested`(name: String, near: String?) {
        let names = ["min_se", "children", "t_relay", "force_rport", "dns"]
        #expect(Suggestion.nearest(to: name, in: names) == near)
    }

    @Test(
        arguments: [
            ("192.0.2.7", "192.0.2.7/32"), ("192.0.2.7/24", "192.0.2.0/24"),
            ("192.0.2.7/255.255.0.0", "192.0.0.0/16"),
            ("0.0.0.0/0", "0.0.0.0/0"), ("192.0.2.7/33", nil), ("192.0.2.7/255.0.255.0", nil),
            ("192.0.2", nil),
            ("192.0.2.7/", nil), ("192.0.2.7/-1", nil), ("x", nil), ("", nil), ("::/129", nil), ("[::1", nil),
        ])
    func `networks are read`(text: String, network: String?) {
        let subnet = Subnet(parsing: text)
        #expect(subnet.map { $0.bytes.map(String.init).joined(separator: ".") + "/\($0.bits)" } == network)
    }
}
