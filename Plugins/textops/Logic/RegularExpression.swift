// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A POSIX extended regular expression of the C library.
///
/// Made when the configuration is read and never freed: it has to live as long as the process. The one that
/// is made from a variable's value, for one call, is freed by who made it.
public struct RegularExpression: @unchecked Sendable {
    private let compiled: UnsafeMutablePointer<regex_t>

    public struct Options: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static let ignoresCase = Options(rawValue: REG_ICASE)
        /// `^` and `$` are a line's start and end, and `.` stops there.
        public static let lines = Options(rawValue: REG_NEWLINE)
    }

    public struct Malformed: Error, Equatable, Sendable { public let what: String }

    public init(_ source: some Sequence<UInt8>, _ options: Options) throws(Malformed) {
        let text = source.map { CChar(bitPattern: $0) } + [0]
        if text.dropLast().contains(0) { throw Malformed(what: "it has a zero byte in it") }
        compiled = .allocate(capacity: 1)
        let failure = regcomp(compiled, text, REG_EXTENDED | options.rawValue)
        guard failure == 0 else {
            var reason = [CChar](repeating: 0, count: 128)
            _ = regerror(failure, compiled, &reason, reason.count)
            compiled.deallocate()
            throw Malformed(what: String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))
        }
    }

    public func free() {
        regfree(compiled)
        compiled.deallocate()
    }

    /// The kept part of it, for a table of the plugin that holds plain pointers.
    public var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(compiled) }
    public init(pointer: UnsafeMutableRawPointer) { compiled = pointer.assumingMemoryBound(to: regex_t.self) }

    public func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        var bounds = regmatch_t(rm_so: 0, rm_eo: regoff_t(text.count))
        return text.withMemoryRebound(to: CChar.self) {
            regexec(compiled, $0.baseAddress ?? emptyText, 1, &bounds, REG_STARTEND) == 0
        }
    }

    /// Finds the first match at or behind `start`, and puts it and its groups into `found`.
    public func find(
        in text: UnsafeRawBufferPointer, from start: Int, _ found: UnsafeMutableBufferPointer<regmatch_t>
    ) -> Bool {
        guard start <= text.count, let first = found.baseAddress else { return false }
        first.pointee = regmatch_t(rm_so: regoff_t(start), rm_eo: regoff_t(text.count))
        // The library itself looks at the byte before the start, so `^` and word boundaries are right.
        return text.withMemoryRebound(to: CChar.self) {
            regexec(compiled, $0.baseAddress ?? emptyText, found.count, first, REG_STARTEND) == 0
        }
    }
}

/// Something to point at for text of no length.
nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = {
    let empty = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    empty.pointee = 0
    return UnsafePointer(empty)
}()
