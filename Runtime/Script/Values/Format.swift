// SPDX-License-Identifier: Apache-2.0
import Message

/// Text with variables in it, "call $ci from $fu", compiled into its parts.
///
/// One pointer; trivially copyable. Undefined variables print as `<null>`, `$$` is a dollar.
public struct Format {
    let code: UnsafePointer<FormatCode>

    init(code: UnsafePointer<FormatCode>) { self.code = code }

    /// For interfaces of C.
    public var opaque: UnsafeRawPointer { UnsafeRawPointer(code) }
    public init(opaque: UnsafeRawPointer) { code = opaque.assumingMemoryBound(to: FormatCode.self) }

    /// The text when there is no variable in it, else absent.
    public var constant: Slice { code.pointee.constant }
    public var isConstant: Bool { constant.isPresent }

    /// The variable when it is all there is.
    public var variable: VariableReference? {
        guard code.pointee.parts.count == 1 else { return nil }
        return code.pointee.parts[0].variable.map { VariableReference(code: $0) }
    }

    /// The text as of now: a constant or a single variable as it stands, anything else put together in the
    /// arena.
    public func text(_ context: Context) -> Slice {
        let parts = code.pointee.parts
        if code.pointee.constant.isPresent { return code.pointee.constant }
        if parts.count == 1 { return parts[0].text(context) }
        return withUnsafeTemporaryAllocation(of: Slice.self, capacity: parts.count) { pieces in
            var length = 0
            for index in 0..<parts.count {
                pieces[index] = parts[index].text(context)
                length += pieces[index].count
            }
            let room = context.pointee.message.bytes(length)
            var end = room
            for index in 0..<parts.count {
                let piece = pieces[index]
                if let base = piece.base { end.update(from: base, count: piece.count) }
                end += piece.count
            }
            return Slice(base: UnsafePointer(room), count: length)
        }
    }

    /// A single variable keeps its kind: a number stays one, undefined stays so. Otherwise the text.
    public func value(_ context: Context) -> ScriptValue {
        if let variable { return variable.read(context) }
        return ScriptValue(text(context))
    }
}

struct FormatCode {
    let parts: UnsafeBufferPointer<FormatPart>
    let constant: Slice
}

struct FormatPart {
    let literal: Slice
    let variable: UnsafePointer<VariableCode>?

    func text(_ context: Context) -> Slice {
        guard let variable else { return literal }
        let value = VariableCode.read(variable, context)
        guard value.isNull else { return value.asText(context.pointee.message) }
        // A transformation of nothing prints nothing.
        return variable.pointee.transformations.isEmpty ? "<null>" : .empty
    }
}
