// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import XlogLogic

/// An argument of a logging function: text, a level or a facility, which its place tells apart.
///
/// It is compiled when the file is read and put together only when a line is written, so that a line that
/// nobody sees costs nothing. What is no constant, as in `"a" + $var(b)`, comes as the text that it is.
struct Piece: Scriptable {
    /// Borrowed: valid until the function returns.
    private let value: mt_value

    static var type: UInt32 { Text.type }
    static func read(_ value: UnsafePointer<mt_value>) -> Piece { Piece(value: value.pointee) }

    /// Nil when it says none.
    func level(_ call: borrowing Call) -> Host.Level? {
        if let level = made?._withUnsafeGuaranteedRef({ $0.level }) { return level }
        guard let value = now(call) else { return nil }
        return Level.of(Value(unchecked: value))
    }

    /// What it is now; nil when it cannot be had.
    func now(_ call: borrowing Call) -> mt_value? {
        guard let expression = made?._withUnsafeGuaranteedRef({ $0.expression }) else { return value }
        guard let value = call.read(expression) else { return nil }
        return value.raw
    }

    private var made: Unmanaged<Made>? { value.ptr.map { Unmanaged<Made>.fromOpaque($0) } }

    /// What a constant becomes. Never freed: it lives as long as the process.
    private final class Made: Sendable {
        let expression: Expression
        let level: Host.Level?

        init(_ expression: Expression, _ level: Host.Level?) {
            self.expression = expression
            self.level = level
        }
    }

    static let prepare: mt_fn = { call in
        guard let call = call?.pointee, let out = call.out else { return Outcome.error.code }
        let text = Text(unchecked: call.args.pointee.str)
        let level = Level.of(word: text)
        if level == nil, Level.looksLikeOne(text) {
            return Host.fail(
                "\"\(String(text))\" is no log level",
                help: "there are L_ALERT, L_BUG, L_CRIT, L_ERR, L_WARN, L_NOTICE, L_INFO and L_DBG"
            ).code
        }
        guard let expression = Expression.compile(text) else { return Outcome.error.code }
        out.pointee.ptr = Unmanaged.passRetained(Made(expression, level)).toOpaque()
        return Outcome.yes.code
    }
}
