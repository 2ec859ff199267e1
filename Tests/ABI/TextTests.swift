// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Testing

@Suite struct TextTests {
    @Test func `absent and empty are two things, and equal in bytes`() {
        #expect(Text.absent.isAbsent && Text.absent.isEmpty && !Text("").isAbsent && Text("").isEmpty)
        #expect(Text.absent.equals("") && Text("").count == 0 && Text.absent.firstIndex(of: 65) == nil)
        #expect(String(Text.absent).isEmpty && Text.absent.trimmed.isAbsent)
    }

    @Test func `text is compared byte for byte, or whatever the case`() {
        let text = Text("Supported")
        #expect(text == "Supported" && text != "supported" && text.equalsIgnoringCase("sUPPORTED"))
        #expect(
            text == Text("Supported") && text.hasPrefix("Sup") && text.hasSuffix("ted")
                && !text.hasSuffix("Sup"))
        #expect(text.hasPrefixIgnoringCase("SUP") && !text.hasPrefix("Supported by many"))
        let long = "Supported, and this is one that does not fit into a small String"
        #expect(text != long && text == String(long.prefix(9)) && !Text("[").equalsIgnoringCase("{"))
    }

    @Test func `text is cut without copying`() {
        let text = Text(" \tone, two\r\n")
        #expect(
            text.trimmed == "one, two" && text.trimmed.dropFirst(5) == "two"
                && text.trimmed.prefix(3) == "one")
        #expect(
            text.trimmed.suffix(3) == "two" && text.trimmed.dropLast(5) == "one"
                && text.trimmed[1..<3] == "ne")
        #expect(text.dropFirst(99).isEmpty && text.prefix(99) == text && text[2] == UInt8(ascii: "o"))
    }

    @Test func `a list is taken apart piece by piece`() {
        var list = Text("a,,b")
        var pieces: [String] = []
        while let piece = list.take(upTo: UInt8(ascii: ",")) { pieces.append(String(piece)) }
        #expect(pieces == ["a", "", "b"] && list.isEmpty)
    }

    @Test func `bytes and other text are found`() {
        let text = Text("sip:bob@b.example;lr")
        #expect(text.firstIndex(of: UInt8(ascii: "b")) == 4 && text.lastIndex(of: UInt8(ascii: "b")) == 8)
        #expect(
            text.find("b.e") == 8 && text.find("") == 0 && text.find("tel:") == nil && text.find(";lr") == 17)
        #expect(text.contains(UInt8(ascii: ";")) && !text.contains(UInt8(ascii: "?")))
        #expect(Text("aab").find("ab") == 1 && Text("ab").find("abc") == nil)
    }

    @Test func `numbers are read where they are, and not where they are not`() {
        #expect(
            Text("90;refresher=uac").leadingInt == 90 && Text("x").leadingInt == nil
                && Text("").leadingInt == nil)
        #expect(Text("90").integer == 90 && Text("-5").integer == -5 && Text("+5").integer == 5)
        #expect(Text("90;").integer == nil && Text("-").integer == nil && Text("").integer == nil)
        #expect(Text("999999999999999999").integer == 999_999_999_999_999_999)
        #expect(Text("9999999999999999999").integer == nil)
    }

    @Test func `a line is put together from text and numbers`() {
        let tag = Text("abc")
        #expect(string(Line("Min-SE", 90)) == "Min-SE: 90" && string(Line("To", tag)) == "To: abc")
        #expect(string("<sip:\(tag)@\(tag):\(5060);lr>") == "<sip:abc@abc:5060;lr>")
        #expect(string("\(Int.min)") == "-9223372036854775808" && string("\(0)\(-7)") == "0-7")
        #expect(
            string("\(Int.max)") == "9223372036854775807" && string("") == ""
                && string("\(Text.absent)") == "")
    }

    @Test func `lines within lines do not disturb each other`() {
        func inner(_ number: Int) -> Line { "[\(number)]" }
        #expect(string("a\(inner(1))b\(inner(22))c") == "a[1]b[22]c")
        let first: Line = "first \(1)"
        let second: Line = "second \(2)"
        #expect(string(first) == "first 1" && string(second) == "second 2")
        var grown: Line = "a"
        let other: Line = "other"
        grown.append("b\(3)")
        #expect(string(grown) == "ab3" && string(other) == "other")
    }

    @Test func `a line may be longer than the scratch memory`() {
        let long = String(repeating: "0123456789", count: 3000)
        var line: Line = "x"
        long.withRaw { line.append(Text(unchecked: $0)) }
        line.append("y")
        #expect(string(line) == "x" + long + "y")
        for round in 0..<5000 { #expect(string("round \(round)") == "round \(round)") }
    }

    private func string(_ line: Line) -> String { line.withRaw { String(Text(unchecked: $0)) } }
}
