// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@testable import Script

@Suite struct PatternTests {
    private let storage = CodeStorage()

    private func compile(_ pattern: String, ignoringCase: Bool = true) throws -> Pattern {
        try Pattern.compile(pattern, ignoringCase: ignoringCase, in: storage).get()
    }

    private func slice(_ text: String) -> Slice { storage.text(Array(text.utf8)) }

    @Test func `patterns as scripts use them`() throws {
        let rows: [(String, String, Bool)] = [
            ("friendly|scanner|sipcli|sipvicious|pplsip", "Friendly-Scanner", true),
            ("friendly|scanner|sipcli|sipvicious|pplsip", "Asterisk PBX 18.2", false),
            ("^sip:", "sip:bob@example.com", true),
            ("^sip:", "<sip:bob@example.com>", false),
            ("[456][0-9][0-9]", "404", true),
            ("[456][0-9][0-9]", "302", false),
            ("^(sip|sips):[0-9]+@", "sips:+49@x", false),
            ("^(sip|sips):[+]?[0-9]+@", "sips:+49@x", true),
            ("example\\.com$", "sip:a@example.com", true),
            ("example\\.com$", "sip:a@examplexcom", false),
            ("^$", "", true),
            ("^$", "x", false),
            ("", "anything", true),
            ("a.c", "a\nc", true),
            ("\\d", "d", false),
            ("\\D", "d", true),
            ("[[:digit:]]{3,5}", "x1234", true),
            ("^[[:digit:]]{3,5}$", "123456", false),
            ("[^a]", "A", false),
            ("(ab)*c", "xababc", true),
            ("a|b|", "zzz", true),
            ("10\\.[0-9]+\\.", "192.10.1.1", true),
        ]
        for (pattern, text, expected) in rows {
            let compiled = try compile(pattern)
            #expect(compiled.matches(slice(text)) == expected, "\(pattern) on \(text)")
            #expect(compiled.matchesByLibrary(slice(text)) == expected, "\(pattern) on \(text), glibc")
            #expect(compiled.code.pointee.automaton != nil, "\(pattern) is left to glibc")
        }
    }

    @Test func `what only glibc knows is left to it`() throws {
        for (pattern, text) in [
            ("(a)\\1", "xaa"), ("\\bword\\b", "a word"), ("[[=a=]]", "a"), ("\\<b", "a b"),
        ] {
            let compiled = try compile(pattern)
            #expect(compiled.code.pointee.automaton == nil, "\(pattern)")
            #expect(compiled.matches(slice(text)), "\(pattern)")
        }
    }

    @Test func `case counts when asked to`() throws {
        #expect(try !compile("abc", ignoringCase: false).matches(slice("xABCx")))
        #expect(try compile("[A-C]", ignoringCase: false).matches(slice("B")))
        #expect(try !compile("[A-C]", ignoringCase: false).matches(slice("b")))
    }

    @Test func `a bad pattern is an error`() throws {
        if case .failure(let error) = Pattern.compile("a(b", in: storage) {
            #expect(error.what == "not a regular expression: Unmatched ( or \\(")
        } else {
            Issue.record("accepted")
        }
    }

    @Test func `computed patterns are kept`() throws {
        let bench = try Bench()
        let values = bench.context.pointee.values
        #expect(values.pointee.matches(slice("sip:x"), pattern: slice("^SIP")) == true)
        #expect(values.pointee.matches(slice("tel:x"), pattern: slice("^SIP")) == false)
        #expect(values.pointee.matches(slice("x"), pattern: slice("(")) == nil)
        for round in 0..<100 {
            #expect(values.pointee.matches(slice("round \(round)"), pattern: slice("d \(round)$")) == true)
        }
    }

    /// The same answers as glibc, for patterns and texts made at random from a fixed seed.
    @Test func `the automaton and glibc agree`() throws {
        var random = Random(state: 0x5EED_CAFE)
        var own = 0
        for _ in 0..<1500 {
            let pattern = random.pattern()
            let ignoresCase = random.below(2) == 0
            let storage = CodeStorage()
            guard
                case .success(let compiled) = Pattern.compile(
                    Array(pattern.utf8), ignoringCase: ignoresCase, in: storage)
            else { continue }
            if compiled.code.pointee.automaton != nil { own += 1 }
            for _ in 0..<12 {
                // glibc lets an anchor in the middle match at line ends that it was not told to look at.
                let anchored = pattern.contains("^") || pattern.contains("$")
                let text = anchored ? random.text().replacing("\n", with: " ") : random.text()
                let slice = storage.text(Array(text.utf8))
                #expect(
                    compiled.matches(slice) == compiled.matchesByLibrary(slice),
                    "\(pattern) on \"\(text)\", ignoring case: \(ignoresCase)")
            }
        }
        #expect(own > 900)
    }

    private struct Random {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }

        mutating func pick(_ all: [String]) -> String { all[below(all.count)] }

        mutating func atom(_ depth: Int) -> String {
            switch below(12) {
            case 0: return "."
            case 1:
                return "["
                    + pick(["abc", "^a", "a-c", "0-9", "^0-9a", "[:alpha:]", "[:upper:]x", "]a", "a-", "^]b"])
                    + "]"
            case 2 where depth < 3: return "(" + alternatives(depth + 1) + ")"
            case 3: return pick(["\\.", "\\w", "\\W", "\\s", "\\S", "\\[", "\\$", "\\d"])
            case 4: return pick(["^", "$", "-", ":"])
            default: return pick(["a", "b", "c", "A", "B", "0", "1", "x", " ", "ab", "sip"])
            }
        }

        mutating func piece(_ depth: Int) -> String {
            let atom = atom(depth)
            guard below(4) == 0 else { return atom }
            return atom + pick(["*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}"])
        }

        mutating func alternatives(_ depth: Int) -> String {
            (0...below(3)).map { _ in (0...below(4)).map { _ in piece(depth) }.joined() }.joined(
                separator: "|")
        }

        mutating func pattern() -> String { alternatives(0) }

        mutating func text() -> String {
            (0..<below(10)).map { _ in
                pick(["a", "b", "c", "A", "C", "0", "1", "9", "x", " ", ".", "-", "]", "sip", "\n", "é"])
            }
            .joined()
        }
    }
}
