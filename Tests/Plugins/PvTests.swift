// SPDX-License-Identifier: Apache-2.0
import PluginKit
import Testing

@testable import PvLogic

@Suite struct AssignmentTests {
    private func parse(_ line: String) -> Assignment? { line.withRaw { Assignment(Text(unchecked: $0)) } }

    @Test func `a number and a text are told apart by a letter`() {
        #expect(parse("debug=i:1")?.value == .number(1))
        #expect(parse("debug = i:-5")?.value == nil)
        #expect(parse("debug=i: -5 ")?.value == .number(-5))
        #expect(parse("gw=s:sip:10.0.0.1;a=b")?.value == .text("sip:10.0.0.1;a=b"))
        #expect(parse("gw=s:sip:10.0.0.1;a=b")?.name == "gw")
        #expect(parse("empty=s:")?.value == .text(""))
    }

    @Test(arguments: ["", "x", "x=", "x=i", "x=i:", "x=i:one", "x=f:1", "=i:1", "x:i=1"])
    func `anything else gives no value`(line: String) { #expect(parse(line) == nil) }
}

@Suite struct ParametersTests {
    private func pairs(_ text: String) -> [String]? {
        var found: [String] = []
        let whole = text.withRaw { raw in
            Parameters.each(in: Text(unchecked: raw)) { found.append("\(String($0))|\(String($1))") }
        }
        return whole ? found : nil
    }

    private func parts(_ text: String, _ separators: String, trim: Bool = true) -> [String] {
        var found: [String] = []
        text.withRaw { text in
            separators.withRaw {
                Parameters.parts(of: Text(unchecked: text), Text(unchecked: $0), trim: trim) {
                    found.append(String($0))
                }
            }
        }
        return found
    }

    @Test func `parameters have names, and values or none`() {
        #expect(pairs("a=b;c=d; e ;f = g ;") == ["a|b", "c|d", "e|", "f|g"])
        #expect(pairs("") == [])
        #expect(pairs(";;") == [])
    }

    @Test func `a value in quotes may have anything in it`() {
        #expect(pairs("a=\"b;c=d\";e") == ["a|b;c=d", "e|"])
    }

    @Test func `a value without a name is refused`() { #expect(pairs("a=b;=c") == nil) }

    @Test func `parts stand between any of the separators, and empty ones do not count`() {
        #expect(parts("a=b; c=d;", "=;") == ["a", "b", "c", "d"])
        #expect(parts("a, b", ",", trim: false) == ["a", " b"])
        #expect(parts("", ",") == [])
        #expect(parts("a", "") == ["a"])
    }
}
