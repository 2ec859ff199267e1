// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TextopsLogic

/// A substitution ready to be used: its pattern compiled, and its variables too.
final class Plan: Sendable {
    enum Piece: Sendable {
        case text([UInt8])
        case group(Int)
        case requestURI
        case format(Expression)
    }

    let pattern: RegularExpression
    let pieces: [Piece]
    let everywhere: Bool
    let groups: Int

    /// - Parameter reading: the configuration is being read, so that variables can be compiled. Later they
    ///   stay what they are: text.
    init(_ source: Text, reading: Bool) throws(Substitution.Malformed) {
        let parsed = try Substitution.parse(Array(UnsafeRawBufferPointer(source)))
        var options: RegularExpression.Options = parsed.spansLines ? [] : .lines
        if parsed.ignoresCase { options.insert(.ignoresCase) }
        do throws(RegularExpression.Malformed) {
            pattern = try RegularExpression(parsed.pattern, options)
        } catch {
            throw Substitution.Malformed(
                what: "\"\(String(source))\" has no regular expression: \(error.what)",
                help: "it has to be a POSIX extended one")
        }
        var pieces: [Piece] = []
        for piece in parsed.replacement {
            switch piece {
            case .text(let text): pieces.append(.text(text))
            case .group(let number): pieces.append(.group(number))
            case .requestURI: pieces.append(.requestURI)
            case .format(let text):
                let source = String(decoding: text, as: UTF8.self)
                guard reading else {
                    pieces.append(.text(text))
                    continue
                }
                guard let expression = Expression.compile(source) else {
                    throw Substitution.Malformed(
                        what: "\"\(source)\" cannot be read", help: "it is the replacement of a substitution")
                }
                pieces.append(.format(expression))
            }
        }
        self.pieces = pieces
        everywhere = parsed.everywhere
        groups = parsed.groups
    }

    /// The text after the substitution, in the message's memory. Nil when nothing matched.
    @_lifetime(copy message)
    func apply(to text: mt_str, _ call: borrowing Call, _ message: Message) -> Text? {
        let bytes = UnsafeRawBufferPointer(text)
        var builder = Builder(message)
        var matched = false
        var copied = 0
        var at = 0
        withMatches(groups) { matches in
            while pattern.find(in: bytes, from: at, matches) {
                matched = true
                let match = Range<Int>(matches[0])
                builder.append(UnsafeRawBufferPointer(rebasing: bytes[copied..<match.lowerBound]))
                for piece in pieces {
                    switch piece {
                    case .text(let text): text.withUnsafeBytes { builder.append($0) }
                    case .group(let number):
                        guard number < groups, matches[number].rm_so >= 0 else { continue }
                        builder.append(UnsafeRawBufferPointer(rebasing: bytes[Range(matches[number])]))
                    case .requestURI: builder.append(message.uri)
                    case .format(let expression):
                        guard let value = call.read(expression, of: message) else { continue }
                        if let number = value.int { builder.append(Line("\(number)").kept(by: message)) }
                        builder.append(value.text)
                    }
                }
                copied = match.upperBound
                guard everywhere else { return }
                // A match of nothing must not be found again.
                at = match.isEmpty ? match.upperBound + 1 : match.upperBound
            }
        }
        guard matched else { return nil }
        builder.append(UnsafeRawBufferPointer(rebasing: bytes[copied...]))
        return builder.text
    }
}

/// A substitution as an argument: "/pattern/replacement/flags".
struct PlanChoice: Scriptable, ~Escapable {
    private let text: Text
    private let made: UnsafeMutableRawPointer?

    static var type: UInt32 { Text.type }

    @_lifetime(immortal)
    static func read(_ value: UnsafePointer<mt_value>) -> PlanChoice {
        PlanChoice(text: Text(unchecked: value.pointee.str), made: value.pointee.ptr)
    }

    @_lifetime(copy text)
    private init(text: Text, made: UnsafeMutableRawPointer?) {
        self.text = text
        self.made = made
    }

    func use(_ body: (Plan) -> Outcome) -> Outcome {
        if let made { return Unmanaged<Plan>.fromOpaque(made)._withUnsafeGuaranteedRef { body($0) } }
        do throws(Substitution.Malformed) {
            let plan = try Plan(text, reading: false)
            defer { plan.pattern.free() }
            return body(plan)
        } catch {
            Host.log(.error, "the substitution \"\(String(text))\" cannot be used: \(error.what)")
            return .error
        }
    }

    static let prepare: mt_fn = { call in
        guard let call = call?.pointee, let out = call.out else { return Outcome.error.code }
        do throws(Substitution.Malformed) {
            let plan = try Plan(Text(unchecked: call.args.pointee.str), reading: true)
            out.pointee.ptr = Unmanaged.passRetained(plan).toOpaque()
            return Outcome.yes.code
        } catch {
            return Host.fail(error.what, help: error.help).code
        }
    }
}

func planArgument() -> Arg<PlanChoice> {
    Arg(
        "substitution", PlanChoice.self, is: .verbatim, prepare: PlanChoice.prepare,
        "\"/pattern/replacement/flags\", as sed writes it.")
}
