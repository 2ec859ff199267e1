// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// `/expression/replacement/flags`, compiled: what `{re.subst}` and the functions of its kind do.
///
/// The expression is POSIX extended; `\0` to `\9` and variables may stand in the replacement. Flags: `i`
/// ignores case, `g` replaces all, `s` lets a dot match the end of a line.
public struct Substitution {
    let code: UnsafePointer<SubstitutionCode>

    init(code: UnsafePointer<SubstitutionCode>) { self.code = code }

    public static func compile(_ text: [UInt8], _ parser: VariableParser) -> Result<
        Substitution, VariableError
    > {
        guard let separator = text.first, !separator.isAlpha, !separator.isDigit,
            separator != UInt8(ascii: "\\")
        else {
            return .failure(
                VariableError(
                    "a substitution starts with a separator", help: "write /expression/replacement/", at: 0))
        }
        var parts: [[UInt8]] = [[]]
        var starts = [1]
        var at = 1
        while at < text.count {
            if text[at] == UInt8(ascii: "\\"), at + 1 < text.count {
                // An escaped separator is the character itself.
                if text[at + 1] != separator { parts[parts.count - 1].append(text[at]) }
                parts[parts.count - 1].append(text[at + 1])
                at += 2
            } else if text[at] == separator, parts.count < 3 {
                parts.append([])
                at += 1
                starts.append(at)
            } else {
                parts[parts.count - 1].append(text[at])
                at += 1
            }
        }
        guard parts.count == 3 else {
            return .failure(
                VariableError(
                    "a substitution needs three separators", help: "write /expression/replacement/", at: 0,
                    length: max(1, text.count)))
        }
        var ignoresCase = false
        var isGlobal = false
        var crossesLines = false
        for (offset, flag) in parts[2].enumerated() {
            switch flag {
            case UInt8(ascii: "i"): ignoresCase = true
            case UInt8(ascii: "g"): isGlobal = true
            case UInt8(ascii: "s"): crossesLines = true
            case 0x20: break
            default:
                return .failure(
                    VariableError(
                        "unknown flag \"\(Character(Unicode.Scalar(flag)))\"", help: "flags are i, g and s",
                        at: starts[2] + offset))
            }
        }
        let pattern: Pattern
        switch Pattern.compile(
            parts[0], ignoringCase: ignoresCase, newlines: !crossesLines, in: parser.storage)
        {
        case .success(let compiled): pattern = compiled
        case .failure(let error): return .failure(error.moved(by: 1))
        }
        return replacement(parts[1], parser, at: starts[1]).map { pieces in
            Substitution(
                code: UnsafePointer(
                    parser.storage.place(
                        SubstitutionCode(
                            pattern: pattern, pieces: parser.storage.place(pieces), isGlobal: isGlobal))))
        }
    }

    private static func replacement(
        _ text: [UInt8], _ parser: VariableParser, at offset: Int
    ) -> Result<[SubstitutionCode.Piece], VariableError> {
        var pieces: [SubstitutionCode.Piece] = []
        var literal: [UInt8] = []
        func flush() {
            if !literal.isEmpty { pieces.append(.literal(parser.storage.text(literal))) }
            literal = []
        }
        var at = 0
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\\"), at + 1 < text.count {
                let next = text[at + 1]
                at += 2
                if next.isDigit {
                    flush()
                    pieces.append(.group(Int(next - UInt8(ascii: "0"))))
                } else {
                    switch next {
                    case UInt8(ascii: "n"): literal.append(10)
                    case UInt8(ascii: "r"): literal.append(13)
                    case UInt8(ascii: "t"): literal.append(9)
                    case UInt8(ascii: "\\"): literal.append(next)
                    default: literal += [byte, next]
                    }
                }
            } else if byte == UInt8(ascii: "$"), at + 1 < text.count {
                if text[at + 1] == byte {
                    literal.append(byte)
                    at += 2
                    continue
                }
                flush()
                var reader = VariableReader(text, parser, at: at)
                do {
                    pieces.append(.variable(try reader.variable()))
                } catch {
                    return .failure(error.moved(by: offset))
                }
                at = reader.index
            } else {
                literal.append(byte)
                at += 1
            }
        }
        flush()
        return .success(pieces)
    }

    /// The text with its matches replaced; nil when there is none.
    public func apply(to text: Slice, _ context: Context) -> Slice? {
        withUnsafeTemporaryAllocation(of: regmatch_t.self, capacity: 10) { groups in
            let pattern = code.pointee.pattern
            guard pattern.find(text, from: 0, into: groups) else { return nil }
            var out = ArenaText(context.pointee.message, room: text.count + 64)
            var at = 0
            repeat {
                let start = Int(groups[0].rm_so)
                let end = Int(groups[0].rm_eo)
                out.append(text[at..<start])
                append(text, UnsafeBufferPointer(groups), to: &out, context)
                at = end
                guard code.pointee.isGlobal else { break }
                if end == start {
                    guard end < text.count else { break }
                    out.append(text[end])
                    at = end + 1
                }
            } while at <= text.count && pattern.find(text, from: at, into: groups)
            out.append(text.dropFirst(at))
            return out.slice
        }
    }

    private func append(
        _ text: Slice, _ groups: UnsafeBufferPointer<regmatch_t>, to out: inout ArenaText, _ context: Context
    ) {
        for index in 0..<code.pointee.pieces.count {
            switch code.pointee.pieces[index] {
            case .literal(let literal): out.append(literal)
            case .group(let group):
                let start = Int(groups[group].rm_so)
                if start >= 0 { out.append(text[start..<Int(groups[group].rm_eo)]) }
            case .variable(let variable):
                out.append(VariableCode.read(variable, context).asText(context.pointee.message))
            }
        }
    }
}

struct SubstitutionCode {
    enum Piece {
        case literal(Slice)
        case group(Int)
        case variable(UnsafePointer<VariableCode>)
    }

    let pattern: Pattern
    let pieces: UnsafeBufferPointer<Piece>
    let isGlobal: Bool
}
