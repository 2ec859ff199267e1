// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// A POSIX extended regular expression, compiled: one pointer, trivially copyable, usable on every worker at
/// once.
///
/// Whether it matches anywhere is decided by a table-driven automaton of our own, which allocates nothing and
/// takes a handful of instructions per byte. What the automaton does not speak (back-references, word ends)
/// and where a match stands is glibc's work.
public struct Pattern {
    let code: UnsafePointer<PatternCode>

    init(code: UnsafePointer<PatternCode>) { self.code = code }

    /// For interfaces of C: an `mt_regex`.
    public var opaque: UnsafeRawPointer { UnsafeRawPointer(code) }
    public init(opaque: UnsafeRawPointer) { code = opaque.assumingMemoryBound(to: PatternCode.self) }

    /// Compiles; the pattern lives as long as `storage`.
    public static func compile(
        _ pattern: [UInt8], ignoringCase: Bool = true, newlines: Bool = false, in storage: CodeStorage
    ) -> Result<Pattern, VariableError> {
        let regex = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        let flags = REG_EXTENDED | (ignoringCase ? REG_ICASE : 0) | (newlines ? REG_NEWLINE : 0)
        let code = pattern.prefix { $0 != 0 }.withContiguousNULTerminated { regcomp(regex, $0, flags) }
        guard code == 0 else {
            var text = [CChar](repeating: 0, count: 128)
            regerror(code, regex, &text, text.count)
            regex.deallocate()
            let what = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            return .failure(
                VariableError("not a regular expression: \(what)", at: 0, length: max(1, pattern.count)))
        }
        storage.atEnd {
            regfree(regex)
            regex.deallocate()
        }
        let automaton =
            newlines ? nil : PatternAutomaton.make(pattern, ignoringCase: ignoringCase, in: storage)
        return .success(
            Pattern(code: UnsafePointer(storage.place(PatternCode(regex: regex, automaton: automaton)))))
    }

    public static func compile(
        _ pattern: String, ignoringCase: Bool = true, in storage: CodeStorage
    ) -> Result<Pattern, VariableError> {
        compile(Array(pattern.utf8), ignoringCase: ignoringCase, in: storage)
    }

    /// Does it match anywhere in the text?
    @inline(__always)
    public func matches(_ text: Slice) -> Bool {
        if let automaton = code.pointee.automaton { return automaton.pointee.matches(text) }
        return matchesByLibrary(text)
    }

    func matchesByLibrary(_ text: Slice) -> Bool {
        var bounds = regmatch_t(rm_so: 0, rm_eo: regoff_t(text.count))
        let empty: StaticString = ""
        let base = UnsafeRawPointer(text.base ?? empty.utf8Start).assumingMemoryBound(to: CChar.self)
        return regexec(code.pointee.regex, base, 1, &bounds, REG_STARTEND) == 0
    }

    /// The first match at or after `start` and its groups, up to ten ranges in all; an unused one starts at
    /// -1.
    func find(_ text: Slice, from start: Int, into groups: UnsafeMutableBufferPointer<regmatch_t>) -> Bool {
        guard start <= text.count, groups.count > 0 else { return false }
        if start == 0, let automaton = code.pointee.automaton, !automaton.pointee.matches(text) {
            return false
        }
        groups[0] = regmatch_t(rm_so: regoff_t(start), rm_eo: regoff_t(text.count))
        let empty: StaticString = ""
        let base = UnsafeRawPointer(text.base ?? empty.utf8Start).assumingMemoryBound(to: CChar.self)
        let flags = REG_STARTEND | (start > 0 ? REG_NOTBOL : 0)
        return regexec(code.pointee.regex, base, groups.count, groups.baseAddress, flags) == 0
    }
}

struct PatternCode {
    let regex: UnsafeMutablePointer<regex_t>
    let automaton: UnsafePointer<PatternAutomaton>?
}

extension Collection<UInt8> {
    func withContiguousNULTerminated<Answer>(_ body: (UnsafePointer<CChar>) -> Answer) -> Answer {
        (map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
