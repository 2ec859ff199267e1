// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TextopsLogic

/// A regular expression as an argument. A constant is compiled when the file is read; one from a variable for
/// each call, and freed behind it.
struct RegexChoice: Scriptable, ~Escapable {
    private let text: Text
    private let compiled: UnsafeMutableRawPointer?

    static var type: UInt32 { Text.type }

    @_lifetime(immortal)
    static func read(_ value: UnsafePointer<mt_value>) -> RegexChoice {
        RegexChoice(text: Text(unchecked: value.pointee.str), compiled: value.pointee.ptr)
    }

    @_lifetime(copy text)
    private init(text: Text, compiled: UnsafeMutableRawPointer?) {
        self.text = text
        self.compiled = compiled
    }

    /// Nil when it comes from a variable and is malformed; that has been logged.
    func use<Result>(
        _ options: RegularExpression.Options = RegexChoice.usual, _ body: (RegularExpression) -> Result
    ) -> Result? {
        if let compiled { return body(RegularExpression(pointer: compiled)) }
        do throws(RegularExpression.Malformed) {
            let expression = try RegularExpression(UnsafeRawBufferPointer(text), options)
            defer { expression.free() }
            return body(expression)
        } catch {
            Host.log(.error, "the regular expression \"\(String(text))\" cannot be used: \(error.what)")
            return nil
        }
    }

    /// As in other servers of the family: case does not count, and lines have a start and an end.
    static var usual: RegularExpression.Options { [.ignoresCase, .lines] }

    static let prepare: mt_fn = { prepare($0, usual) }
    /// The text is one whole, whatever line ends are in it.
    static let prepareAtOnce: mt_fn = { prepare($0, .ignoresCase) }
    static let prepareExact: mt_fn = { prepare($0, .lines) }

    private static func prepare(
        _ call: UnsafeMutablePointer<mt_call>?, _ options: RegularExpression.Options
    ) -> mt_result {
        guard let call = call?.pointee, let out = call.out else { return Outcome.error.code }
        let text = Text(unchecked: call.args.pointee.str)
        do throws(RegularExpression.Malformed) {
            out.pointee.ptr = try RegularExpression(UnsafeRawBufferPointer(text), options).pointer
            return Outcome.yes.code
        } catch {
            return Host.fail(
                "\"\(String(text))\" is no regular expression: \(error.what)",
                help: "it has to be a POSIX extended one"
            ).code
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a text, for as long as the text is valid.
    init(_ text: Text) { self.init(start: text.raw.ptr, count: text.raw.len) }
    init(_ text: mt_str) { self.init(start: text.ptr, count: text.len) }
}

extension mt_str {
    /// Part of something that is valid as long as it is.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    }
}
