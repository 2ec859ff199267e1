// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// An argument of a command, as it came over a wire.
public enum CommandArgument: Equatable, Sendable {
    case nothing
    case int(Int64)
    case text([UInt8])
}

/// The arguments as the server takes them, for as long as the closure runs.
public func withValues<Result>(_ arguments: [CommandArgument], _ body: ([mt_value]) -> Result) -> Result {
    // One block for all texts, so that pointers into it stay what they are.
    var texts: [UInt8] = []
    for case .text(let text) in arguments { texts += text }
    return texts.withUnsafeBytes { texts in
        var at = 0
        let values = arguments.map { argument in
            switch argument {
            case .nothing: return mt_value()
            case .int(let number): return mt_value(Int(number))
            case .text(let text):
                defer { at += text.count }
                guard !text.isEmpty else { return mt_value(mt_str("")) }
                let start = texts.baseAddress.map { ($0 + at).assumingMemoryBound(to: CChar.self) }
                return mt_value(mt_str(ptr: start, len: text.count))
            }
        }
        return body(values)
    }
}
