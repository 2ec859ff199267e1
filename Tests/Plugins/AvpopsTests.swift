// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AvpopsLogic

@Suite struct AvpopsSpecificationTests {
    @Test func `slashes in a variable's parentheses do not cut`() {
        #expect(Specification.parts("$avp(a)/$avp(b)/gd") == ["$avp(a)", "$avp(b)", "gd"])
        #expect(Specification.parts("$(avp(a){re.subst,/x/y/})/g") == ["$(avp(a){re.subst,/x/y/})", "g"])
        #expect(Specification.parts("") == [""])
    }

    @Test func `an operation has an operator, a value and perhaps flags`() throws {
        let plain = try #require(Specification.operation("lt/i:345/g", flags: "gi"))
        #expect(plain == ("lt", "i:345", "g"))
        let url = try #require(Specification.operation("RE/sip:.*/x@bar.net/GI", flags: "gi"))
        #expect(url == ("re", "sip:.*/x@bar.net", "gi"))
        let none = try #require(Specification.operation("eq/$td", flags: "gi"))
        #expect(none == ("eq", "$td", ""))
        #expect(Specification.operation("eq", flags: "gi") == nil)
    }

    @Test func `only an AVP has a name`() {
        #expect(Specification.avpName("$avp(s:old)") == "s:old")
        #expect(Specification.avpName("$avp($var(name))") == "$var(name)")
        #expect(Specification.avpName("$ru") == nil)
        #expect(Specification.avpName("$avp()") == nil)
    }

    @Test func `constants are numbers or text`() {
        #expect(Specification.constant("i:10") == .number(10))
        #expect(Specification.constant("i:0xabcd") == .number(0xabcd))
        #expect(Specification.constant("i:ten") == nil)
        #expect(Specification.constant("s:i:10") == .text("i:10"))
        #expect(Specification.constant("plain") == .text("plain"))
    }
}

@Suite struct ArithmeticTests {
    @Test(arguments: [
        (Arithmetic.add, 10), (.sub, 4), (.mul, 21), (.div, 2), (.mod, 1), (.and, 3), (.or, 7), (.xor, 4),
        (.not, -4),
    ])
    func `seven and three`(operation: Arithmetic, result: Int) { #expect(operation.apply(7, 3) == result) }

    @Test func `nothing traps`() {
        #expect(Arithmetic.div.apply(1, 0) == nil)
        #expect(Arithmetic.mod.apply(1, 0) == nil)
        #expect(Arithmetic.div.apply(.min, -1) == .min)
        #expect(Arithmetic.mul.apply(.max, 2) == -2)
    }
}
