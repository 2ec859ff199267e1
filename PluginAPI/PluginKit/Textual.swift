// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What can be handed to the server as text: `Text`, a literal, a `String`, or the C ABI's own `mt_str`.
public protocol Textual: ~Escapable {
    /// The bytes, for as long as the closure runs.
    func withRaw<Result>(_ body: (mt_str) throws -> Result) rethrows -> Result
}

extension Text: Textual {
    @inlinable public func withRaw<Result>(_ body: (mt_str) throws -> Result) rethrows -> Result {
        try body(raw)
    }
}

extension mt_str: Textual {
    @inlinable public func withRaw<Result>(_ body: (mt_str) throws -> Result) rethrows -> Result {
        try body(self)
    }

    /// A literal: it lives as long as the process.
    @inlinable public init(_ literal: StaticString) { self = Text(literal).raw }
}

extension StaticString: Textual {
    @inlinable public func withRaw<Result>(_ body: (mt_str) throws -> Result) rethrows -> Result {
        try body(Text(self).raw)
    }
}

extension String: Textual {
    /// Swift keeps its strings as UTF-8, so nothing is copied.
    @inlinable public func withRaw<Result>(_ body: (mt_str) throws -> Result) rethrows -> Result {
        var text = self
        return try text.withUTF8 {
            try $0.withMemoryRebound(to: CChar.self) { bytes in
                // An empty String may have no address; empty is not absent.
                guard let start = bytes.baseAddress, bytes.count > 0 else { return try body(Text("").raw) }
                return try body(mt_str(ptr: start, len: bytes.count))
            }
        }
    }
}

extension Optional: Textual where Wrapped == String {
    /// Nil is absent.
    @inlinable public func withRaw<Result>(_ body: (mt_str) throws -> Result) rethrows -> Result {
        guard let text = self else { return try body(mt_str()) }
        return try text.withRaw(body)
    }
}
