// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// A header in numbers, as the compiler sees it on this machine.
///
/// Structs and fields come from clang's own record layouts, numbers from a program that prints them: nothing
/// is listed by hand, so nothing new can be forgotten.
struct Layout: Equatable {
    struct Struct: Equatable {
        var name: String
        var size = 0
        var fields: [String] = []  // "8 uint32_t count"
    }

    var structs: [Struct] = []
    var numbers: [String] = []  // "MT_OK 1"

    /// Passed by value or kept by others: they may not even grow.
    static let frozen: Set = [
        "mt_head", "mt_str", "mt_value", "mt_list", "mt_header", "mt_flow", "mt_uri", "mt_address",
        "mt_match",
    ]

    init(of header: String) throws {
        let scratch = try Scratch()
        let source = scratch.file("layout.c")
        try "#include \"\(header)\"\n".write(toFile: source, atomically: true, encoding: .utf8)
        let dump = try run("clang", "-Xclang", "-fdump-record-layouts-complete", "-fsyntax-only", source)
        guard dump.status == 0 else { throw Problem(what: dump.err) }
        structs = Layout.structs(in: dump.out)
        numbers = try Layout.numbers(of: header, in: scratch)
    }

    /// Lines as "         8 |   uint32_t count"; members of members stand further to the right.
    private static func structs(in dump: String) -> [Struct] {
        var all: [Struct] = []
        var current: Struct?
        for line in dump.split(separator: "\n") {
            guard let bar = line.firstIndex(of: "|") else { continue }
            let offset = line[..<bar].trimmingCharacters(in: .whitespaces)
            let rest = line[line.index(after: bar)...]
            let indent = rest.prefix { $0 == " " }.count
            let text = rest.trimmingCharacters(in: .whitespaces)
            if indent == 1, text.hasPrefix("struct mt_") {
                current = Struct(name: String(text.dropFirst(7)))
            } else if indent == 3, current != nil, !offset.isEmpty {
                current?.fields.append("\(offset) \(text.replacing("struct ", with: ""))")
            } else if text.hasPrefix("[sizeof="), var done = current {
                done.size = Int(text.dropFirst(8).prefix { $0.isNumber }) ?? 0
                all.append(done)
                current = nil
            } else if indent == 1 {
                current = nil
            }
        }
        return all
    }

    private static func numbers(of header: String, in scratch: Scratch) throws -> [String] {
        let text = try String(contentsOfFile: header, encoding: .utf8)
            .replacing(#/(?s)\/\*.*?\*\//#, with: "")
        var names: [String] = []
        for list in text.matches(of: #/enum\s*\{([^}]*)\}/#) {
            names += list.1.matches(of: #/\b(MT_\w+)\b\s*(?:=|,|$|\n)/#).map { String($0.1) }
        }
        for macro in text.matches(of: #/#define[ \t]+((?:MT|MARTLET)_\w+)[ \t]+\S/#)
        where macro.1 != "MARTLET_EXPORT" {
            names.append(String(macro.1))
        }
        let program = scratch.file("numbers.c")
        let lines = names.map { "printf(\"\($0) %lld\\n\", (long long)(\($0)));" }
        try """
        #include "\(header)"
        #include <stdio.h>
        int main(void) { \(lines.joined(separator: "\n")) return 0; }
        """.write(toFile: program, atomically: true, encoding: .utf8)
        let built = try run("clang", "-o", scratch.file("numbers"), program)
        guard built.status == 0 else { throw Problem(what: built.err) }
        let listed = try run(scratch.file("numbers")).out.split(separator: "\n").map(String.init)
        return listed.sorted()
    }

    struct Problem: Error { let what: String }

    /// As it is kept in layout.txt.
    var text: String {
        var lines: [String] = []
        for one in structs {
            lines.append("\(one.name) \(one.size)\(Layout.frozen.contains(one.name) ? " frozen" : "")")
            lines += one.fields.map { "  \($0)" }
        }
        return (lines + numbers).joined(separator: "\n") + "\n"
    }

    /// What a newer header has done to this one that it may not do.
    func breaches(by newer: Layout) -> [String] {
        var found: [String] = []
        for old in structs {
            guard let new = newer.structs.first(where: { $0.name == old.name }) else {
                found.append("\(old.name) is gone")
                continue
            }
            if Layout.frozen.contains(old.name), new != old {
                found.append("\(old.name) is frozen, and changed")
            }
            for (index, field) in old.fields.enumerated()
            where index >= new.fields.count || new.fields[index] != field {
                let now = index < new.fields.count ? new.fields[index] : "nothing"
                found.append("\(old.name): \"\(field)\" became \"\(now)\"")
            }
        }
        for number in numbers where !newer.numbers.contains(number) { found.append("\(number) changed") }
        return found
    }
}
