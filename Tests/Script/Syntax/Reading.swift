// SPDX-License-Identifier: Apache-2.0
@testable import Script

/// What comes of reading a text, with files that stand in memory.
struct Reading {
    let configuration: Configuration
    let diagnostics = Diagnostics()

    init(_ source: String, defines: [String] = [], files: [String: String] = [:]) {
        self.init(bytes: Array(source.utf8), defines: defines, files: files)
    }

    init(bytes: [UInt8], defines: [String] = [], files: [String: String] = [:]) {
        let reader = FileReader { (path: String) throws(FileReader.Failure) in
            guard let text = files[path] else { throw .missing }
            return Array(text.utf8)
        }
        configuration = Configuration.read(
            SourceFile(name: "modules.conf", bytes: bytes), defines: defines, files: reader,
            diagnostics: diagnostics)
    }

    /// What is told about it, as it is printed, without the last newline.
    var complaints: String { String(diagnostics.text.dropLast()) }

    var settings: Settings { configuration.settings }

    /// The blocks, each as `kind[name]`.
    var routes: [String] {
        configuration.items.compactMap {
            guard case .route(let route) = $0.kind else { return nil }
            return route.kind.rawValue + (route.name.map { "[\($0.value)]" } ?? "")
        }
    }

    /// The statements of all blocks.
    var script: String {
        configuration.items.compactMap {
            if case .route(let route) = $0.kind { outline(route.body) } else { nil }
        }.joined(separator: "\n")
    }
}

/// The statements of a request_route in the notation of `outline`, or what is wrong with them.
func statements(_ source: String) -> String {
    let reading = Reading("request_route { \(source) }")
    return reading.complaints.isEmpty ? reading.script : reading.complaints
}

/// An expression in the notation of `outline`, or what is wrong with it.
func expression(_ source: String) -> String {
    let reading = Reading("request_route {\nreturn \(source);\n}")
    guard reading.complaints.isEmpty else { return reading.complaints }
    return String(reading.script.dropFirst("return ".count))
}

// MARK: A notation in which structure can be seen

func outline(_ block: Block) -> String { block.statements.map(outline).joined(separator: "; ") }

private func braces(_ block: Block) -> String { "{\(outline(block))}" }

func outline(_ statement: Statement) -> String {
    switch statement.kind {
    case .call(let call): return outline(call)
    case .assign(let target, let value): return "\(outline(target)) = \(outline(value))"
    case .when(let condition, let then, let otherwise):
        return "if \(outline(condition)) \(braces(then))" + (otherwise.map { " else \(braces($0))" } ?? "")
    case .loop(let condition, let body): return "while \(outline(condition)) \(braces(body))"
    case .choose(let subject, let cases):
        return "switch \(outline(subject)) " + cases.map(outline).joined(separator: " ")
    case .leave: return "break"
    case .giveBack(let value): return "return" + (value.map { " \(outline($0))" } ?? "")
    case .exit(let value): return "exit" + (value.map { " \(outline($0))" } ?? "")
    case .drop(let value): return "drop" + (value.map { " \(outline($0))" } ?? "")
    }
}

private func outline(_ entry: Case) -> String {
    switch entry.label {
    case .value(let value): "[\(outline(value)): \(outline(entry.body))]"
    case .pattern(let pattern): "[/\(pattern.value)/: \(outline(entry.body))]"
    case .otherwise: "[default: \(outline(entry.body))]"
    }
}

func outline(_ expression: Expression) -> String {
    switch expression.kind {
    case .integer(let number): return "\(number)"
    case .string(let text): return "\"\(text)\""
    case .variable(let text): return text.string
    case .select(let select): return select.text
    case .operand(let operand): return operand.rawValue
    case .myself: return "myself"
    case .word(let word): return word
    case .network(let network):
        return network.bytes.map(String.init).joined(separator: ".") + "/\(network.bits)"
    case .socket(let socket):
        return
            "<\(socket.transport.map { "\($0) " } ?? "")\(socket.host)\(socket.port.map { " \($0)" } ?? "")>"
    case .unary(let operation, let value): return "(\(operation.rawValue) \(outline(value)))"
    case .binary(let operation, let left, let right):
        return "(\(outline(left)) \(operation.rawValue) \(outline(right)))"
    case .builtin(let builtin, let values):
        return "\(builtin.rawValue)(\(values.map(outline).joined(separator: ", ")))"
    case .call(let call):
        let name = call.core.map { "core.\($0.rawValue)" } ?? call.name.value
        return "\(name)(\(call.arguments.map(outline).joined(separator: ", ")))"
    case .route(let target): return "route(\(outline(target)))"
    case .assign(let target, let value): return "(\(outline(target)) = \(outline(value)))"
    }
}
