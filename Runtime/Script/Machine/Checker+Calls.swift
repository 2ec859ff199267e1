// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension Checker {
    /// A function that nothing which is loaded offers. Where a plugin of the file could not be loaded it may well be
    /// its: then that is no error, unless it is but a letter away from one that is there.
    private func tellUnknown(_ name: String, at place: Place) {
        let offer = symbols.file(offering: name).map { "load \"\($0)\", which offers it" }
        let near = Suggestion.nearest(to: name, in: symbols.functionNames)
        if symbols.isIncomplete, offer != nil || near.map({ !Suggestion.isSlip(name, of: $0) }) ?? true {
            guard let offer else { return }
            return diagnostics.warning(
                "unknown function \(name), unless a plugin that could not be loaded offers it", at: place,
                help: offer)
        }
        error(
            "unknown function \(name)", at: place,
            help: offer ?? near.map { "did you mean \"\($0)\"?" }
                ?? "no plugin here offers it; see that its file is in the plugin folder")
    }

    func call(_ call: Call, at place: Place) -> CheckedCall? {
        let name = call.name.value
        // A plugin may bring a function that the language once had itself.
        let offered = symbols.functions(named: name)
        if let core = call.core, offered.isEmpty { return self.core(core, call) }
        guard !offered.isEmpty else {
            missesFunctions = true
            for argument in call.arguments { inspect(argument) }
            tellUnknown(name, at: call.name.place)
            return nil
        }
        let count = call.arguments.count
        guard
            let function = offered.first(where: {
                $0.counts.contains(count) && $0.arguments.count <= MachineState.maxArguments
            })
        else {
            for argument in call.arguments { inspect(argument) }
            error(
                "\(name) takes \(Self.counts(of: offered)), not \(count)", at: call.name.place,
                help: Self.signatures(of: offered))
            return nil
        }
        let isPlaced = mayStandHere(function, at: call.name.place)
        var arguments: [CheckedArgument] = []
        var isFine = isPlaced
        for (index, argument) in function.arguments.enumerated() {
            let checked =
                index < count
                ? self.argument(call.arguments[index], for: argument, of: function)
                : missing(argument, of: function, at: call.name.place)
            if let checked { arguments.append(checked) } else { isFine = false }
        }
        return isFine ? .plugin(function, arguments, call.name.place) : nil
    }

    /// Finds what is wrong in an argument of a call that is wrong anyway.
    private func inspect(_ argument: Expression) { _ = term(argument) }

    /// "2 arguments", "1 or 2 arguments", "no arguments or 3".
    private static func counts(of functions: [ScriptFunction]) -> String {
        let all = Set(functions.flatMap { Array($0.counts) }).sorted()
        let words = all.map { $0 == 0 ? "no" : "\($0)" }
        return list(words, "or") + (all == [1] ? " argument" : " arguments")
    }

    private static func signatures(of functions: [ScriptFunction]) -> String {
        functions.map { function in
            let names = function.arguments.map { $0.isOptional ? "[\($0.name)]" : $0.name }
            return "\(function.name)(\(names.joined(separator: ", ")))"
        }.joined(separator: " or ")
    }

    private func mayStandHere(_ function: ScriptFunction, at place: Place) -> Bool {
        var accepted = kind
        // The kind of an event is that of a request besides, as the peers have it; so are these two.
        let others = UInt32(MT_IN_EVENT | MT_IN_LOCAL | MT_IN_ERROR)
        if kind & others != 0 { accepted |= UInt32(MT_IN_REQUEST) }
        let here = RouteTable.keywords.first { $0.bit == kind }?.name ?? "this block"
        if function.places & accepted != 0 {
            guard function.suspends, kind == UInt32(MT_IN_SEND) else { return true }
            error(
                "\(function.name) may have to wait, and cannot in \(here)", at: place,
                help: "the message is on its way already")
            return false
        }
        let places = RouteTable.keywords.filter { function.places & $0.bit != 0 }.map(\.name)
        error(
            "\(function.name) may not be called in \(here)", at: place,
            help: places.isEmpty ? nil : "it may be called in \(Self.list(places))")
        return false
    }

    // MARK: - Arguments

    private func missing(_ argument: ScriptArgument, of function: ScriptFunction, at place: Place)
        -> CheckedArgument?
    {
        guard let fallback = argument.fallback else { return .constant(mt_value()) }
        return self.argument(Expression(.string(Text(fallback)), at: place), for: argument, of: function)
    }

    private func argument(
        _ expression: Expression, for argument: ScriptArgument, of function: ScriptFunction
    ) -> CheckedArgument? {
        switch expression.kind {
        case .string(let text):
            if argument.type == UInt32(MT_EXPR) {
                return self.expression(text, for: argument, of: function, at: expression.place)
            }
            if !argument.isVerbatim, argument.type != UInt32(MT_REGEX), text.bytes.contains(UInt8(ascii: "$"))
            {
                switch parser.format(bytes: text.bytes) {
                case .failure(let fault):
                    error(fault, in: text, at: expression.place)
                    return nil
                case .success(let format):
                    tellOddities(in: text, at: expression.place)
                    if !format.isConstant { return .computed(.format(format), argument) }
                    return constant(
                        Text(format.constant.bytes), for: argument, of: function, at: expression.place,
                        shown: "\"\(text)\"")
                }
            }
            return constant(text, for: argument, of: function, at: expression.place, shown: "\"\(text)\"")
        case .integer(let number):
            return constant(
                Text("\(number)"), for: argument, of: function, at: expression.place, shown: "\(number)")
        case .variable(let text) where argument.type == UInt32(MT_EXPR):
            return self.expression(text, for: argument, of: function, at: expression.place)
        case .word(let word):
            return constant(Text(word), for: argument, of: function, at: expression.place, shown: word)
        default: break
        }
        guard let term = term(expression) else { return nil }
        switch term.kind {
        case .integer(let number):
            return constant(
                Text("\(number)"), for: argument, of: function, at: expression.place, shown: "\(number)")
        case .text(let text):
            return constant(
                Text(text.bytes), for: argument, of: function, at: expression.place,
                shown: "\"\(text.string)\"")
        default: break
        }
        if argument.type == UInt32(MT_EXPR) {
            error("\(function.name): \(argument.name) must be a variable", at: expression.place)
            return nil
        }
        return .computed(.term(term), argument)
    }

    /// An argument that the function itself reads from and writes to.
    private func expression(
        _ text: Text, for argument: ScriptArgument, of function: ScriptFunction, at place: Place
    ) -> CheckedArgument? {
        switch parser.format(bytes: text.bytes) {
        case .failure(let fault):
            error(fault, in: text, at: place)
            return nil
        case .success(let format):
            guard format.variable != nil else {
                error(
                    "\(function.name): \(argument.name) must be a variable, not \"\(text)\"", at: place,
                    help: argument.help)
                return nil
            }
            var value = mt_value()
            value.type = UInt32(MT_EXPR)
            value.str = storage.text(text.bytes).mt
            value.ptr = UnsafeMutableRawPointer(mutating: format.opaque)
            return prepared(value, for: argument, of: function, at: place)
        }
    }

    private func constant(
        _ text: Text, for argument: ScriptArgument, of function: ScriptFunction, at place: Place,
        shown: String
    ) -> CheckedArgument? {
        func wrong(_ what: String, notes: [String] = [], help: String? = nil) -> CheckedArgument? {
            error(
                "\(function.name): \(argument.name) \(what)", at: place, notes: notes,
                help: help ?? argument.help)
            return nil
        }
        var value = mt_value()
        value.type = argument.type
        switch Int(argument.type) {
        case Int(MT_INT), Int(MT_BOOL), Int(MT_MS):
            switch ArgumentValue.number(of: Slice.of(text, in: storage), type: argument.type) {
            case nil: return wrong("must be \(ArgumentValue.wanted(argument.type)), not \(shown)")
            case let number?:
                if let range = argument.range, !range.contains(number) {
                    let unit = argument.type == UInt32(MT_MS) ? " ms" : ""
                    return wrong("must be \(range.lowerBound) to \(range.upperBound)\(unit), not \(shown)")
                }
                value.num = number
            }
        case Int(MT_STR):
            value.str = storage.text(text.bytes).mt
        case Int(MT_EXPR):
            return wrong("must be a variable, not \(shown)")
        case Int(MT_ROUTE):
            let number = table.number(argument.block, named: text.string)
            guard number != 0 else {
                let keyword = RouteTable.keyword(argument.block)
                return wrong(
                    "names no block: there is no \(keyword)[\(text)]",
                    help: Suggestion.help(for: text.string, in: table.names(argument.block))
                        ?? "add \(keyword)[\(text)] { ... } to the file")
            }
            value.num = Int64(number)
            value.str = storage.text(text.bytes).mt
        case Int(MT_SOCKET):
            guard let socket = symbols.findSocket(text.string) else {
                return wrong(
                    "is no listening socket: \(shown)",
                    help: "write it as on its listen line, or use its name")
            }
            value.num = Int64(socket)
            value.str = storage.text(text.bytes).mt
        case Int(MT_REGEX):
            switch Pattern.compile(text.bytes, ignoringCase: true, in: storage) {
            case .success(let pattern): value.ptr = UnsafeMutableRawPointer(mutating: pattern.opaque)
            case .failure(let fault):
                error(fault, in: text, at: place)
                return nil
            }
            value.str = storage.text(text.bytes).mt
        case Int(MT_URL):
            guard let store = symbols.findStore(text.string) else {
                return wrong("is no URL that a loaded plugin stores things under: \(shown)")
            }
            value.str = storage.text(text.bytes).mt
            value.ptr = store
        default:
            return wrong("has a type that this server does not know")
        }
        return prepared(value, for: argument, of: function, at: place)
    }

    /// Lets the plugin look at a constant.
    private func prepared(
        _ value: mt_value, for argument: ScriptArgument, of function: ScriptFunction, at place: Place
    ) -> CheckedArgument? {
        guard let prepare = argument.prepare, !symbols.unstarted.contains(function.plugin) else {
            return .constant(value)
        }
        var value = value
        var out = mt_value()
        var call = mt_call()
        call.host = function.host
        call.user = function.prepareUser
        call.argc = 1
        let result = withUnsafePointer(to: &value) { input in
            withUnsafeMutablePointer(to: &out) { output in
                call.args = input
                call.out = output
                return prepare(&call)
            }
        }
        let failure = symbols.takeFailure()
        guard result > 0 else {
            error(
                "\(function.name): " + (failure?.what ?? "\(argument.name) was refused by the plugin"),
                at: place,
                help: failure.map { $0.help.isEmpty ? nil : $0.help } ?? argument.help)
            return nil
        }
        value.ptr = out.ptr
        return .constant(value)
    }
}

extension Slice {
    static func of(_ text: Text, in storage: CodeStorage) -> Slice { storage.text(text.bytes) }
}
