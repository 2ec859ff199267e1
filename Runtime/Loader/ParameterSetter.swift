// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Script

/// Gives plugins the values of their `modparam` lines, and the defaults of what no line sets.
///
/// Types are strict, as everybody knows them: a number for a number, a text for a text. A value is converted and
/// checked once, here; what a plugin reads later is ready.
struct ParameterSetter {
    let loader: PluginLoader
    let values: ValueCompiler
    /// Replaces the variables in what `modparamx` says.
    let evaluate: (Text) -> Result<Text, PluginFault>
    private var diagnostics: Diagnostics { loader.diagnostics }

    func apply(_ configuration: Configuration) {
        for plugin in loader.plugins { setDefaults(of: plugin) }
        for item in configuration.items {
            if case .moduleParameter(let line) = item.kind { apply(evaluated(line)) }
        }
        for plugin in loader.plugins {
            for (index, field) in plugin.table.parameters.enumerated()
            where field.has(MT_REQUIRED) && !plugin.isSet[index] {
                plugin.isBroken = true
                diagnostics.error(
                    "\(plugin.name) needs its parameter \"\(field.name)\"", at: plugin.place,
                    help: "modparam(\"\(plugin.name)\", \"\(field.name)\", ...): \(described(field))")
            }
        }
    }

    // MARK: - lines

    private func evaluated(_ line: ModuleParameter) -> ModuleParameter {
        guard line.evaluated else { return line }
        var line = line
        func replace(_ text: Text, at place: Place) -> Text {
            switch evaluate(text) {
            case .success(let text): return text
            case .failure(let fault):
                diagnostics.error(fault.what, at: place, help: fault.help)
                return text
            }
        }
        line.modules.value = replace(line.modules.value, at: line.modules.place)
        line.name.value = replace(line.name.value, at: line.name.place)
        switch line.value.value {
        case .string(let text): line.value.value = .string(replace(text, at: line.value.place))
        case .variable(let text):
            let text = replace(Text(text), at: line.value.place)
            // A variable that is a number gives a number.
            line.value.value = Int(text.string).map { .integer($0) } ?? .string(text)
        case .integer, .word: break
        }
        return line
    }

    private func apply(_ line: ModuleParameter) {
        let modules = line.modules.value.string
        let targets = plugins(matching: line.modules)
        if targets.isEmpty {
            // What a plugin that could not be loaded would have taken is not known.
            if alternatives(modules).contains(where: loader.failed.contains) { return }
            let near = Suggestion.nearest(to: modules, in: loader.plugins.map(\.name))
            return diagnostics.error(
                "no loaded plugin is called \"\(modules)\"", at: line.modules.place,
                help: near.map { "did you mean \"\($0)\"?" }
                    ?? "put loadmodule \"\(modules).so\" above this line")
        }
        for plugin in targets {
            let errors = diagnostics.count(.error)
            set(line, of: plugin)
            if diagnostics.count(.error) > errors { plugin.isBroken = true }
        }
    }

    /// "tm|usrloc" stands for both: the text is a regular expression that the whole name has to match, in any case.
    private func plugins(matching modules: Placed<Text>) -> [Plugin] {
        let text = modules.value.string
        if let plugin = loader.plugins.first(where: { $0.name == text }) { return [plugin] }
        var pattern = regex_t()
        guard regcomp(&pattern, "^(\(text))$", REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0 else { return [] }
        defer { regfree(&pattern) }
        return loader.plugins.filter { regexec(&pattern, $0.name, 0, nil, 0) == 0 }
    }

    private func alternatives(_ modules: String) -> [String] {
        modules.split(whereSeparator: { "|()".contains($0) }).map(String.init)
    }

    private func set(_ line: ModuleParameter, of plugin: Plugin) {
        let name = line.name.value.string
        guard let index = plugin.table.parameters.firstIndex(where: { $0.name == name }) else {
            let near = Suggestion.nearest(to: name, in: plugin.table.parameters.map(\.name))
            let known = plugin.table.parameters.map(\.name).joined(separator: ", ")
            return diagnostics.error(
                "\(plugin.name) has no parameter \"\(name)\"", at: line.name.place,
                help: near.map { "did you mean \"\($0)\"?" }
                    ?? (known.isEmpty ? "it has none at all; take the line out" : "it has \(known)"))
        }
        let field = plugin.table.parameters[index]
        guard let value = converted(line.value, field, of: plugin) else { return }
        plugin.isSet[index] = true
        if field.has(MT_MANY) {
            append(value, to: plugin.values + index)
        } else {
            plugin.values[index] = value
        }
    }

    private func append(_ value: mt_value, to slot: UnsafeMutablePointer<mt_value>) {
        // Each line gets a new array; the old ones are few, small, and as long-lived as the process.
        let count = Int(slot.pointee.num)
        let all = UnsafeMutablePointer<mt_value>.allocate(capacity: count + 1)
        if count > 0, let old = slot.pointee.ptr?.assumingMemoryBound(to: mt_value.self) {
            all.update(from: old, count: count)
        }
        (all + count).initialize(to: value)
        slot.pointee.type = value.type
        slot.pointee.num = Int64(count + 1)
        slot.pointee.str = value.str
        slot.pointee.ptr = UnsafeMutableRawPointer(all)
    }

    // MARK: - values

    private func converted(_ given: Placed<ParameterValue>, _ field: PluginTable.Field, of plugin: Plugin)
        -> mt_value?
    {
        func wrong(_ wanted: String) -> mt_value? {
            diagnostics.error(
                "\(plugin.name): \(field.name) must be \(wanted), not \(shown(given.value))", at: given.place,
                help: described(field))
            return nil
        }
        func limited(_ number: Int, _ value: mt_value, unit: String = "") -> mt_value? {
            guard !field.isLimited || (field.min...field.max).contains(Int64(number)) else {
                diagnostics.error(
                    "\(plugin.name): \(field.name) must be \(field.min) to \(field.max)\(unit), not \(number)",
                    at: given.place, help: described(field))
                return nil
            }
            return value
        }
        func compiled(_ text: Text) -> mt_value? {
            switch values.compile(text, field) {
            case .success(let value): return value
            case .failure(let fault):
                diagnostics.error(
                    "\(plugin.name): \(field.name): \(fault.what)", at: given.place, notes: fault.notes,
                    help: fault.help)
                return nil
            }
        }
        switch (field.type, given.value) {
        case (MT_INT, .integer(let number)): return limited(number, .number(MT_INT, number))
        case (MT_INT, _): return wrong("a number")
        case (MT_BOOL, .integer(let number)): return .number(MT_BOOL, number == 0 ? 0 : 1)
        case (MT_BOOL, _): return wrong("yes or no")
        case (MT_MS, .integer(let number)): return limited(number, .number(MT_MS, number), unit: " ms")
        case (MT_MS, .string(let text)):
            guard let number = Self.milliseconds(text.string) else {
                return wrong("a time, as 500, \"500ms\" or \"2s\"")
            }
            return limited(number, .number(MT_MS, number), unit: " ms")
        case (MT_STR, .string(let text)): return values.text(text)
        case (MT_STR, .integer(let number)) where field.has(MT_VERBATIM):
            return values.text(Text(String(number)))
        case (MT_STR, _): return wrong("a text in quotes")
        case (MT_EXPR, .integer(let number)): return compiled(Text(String(number)))
        case (MT_EXPR, .string(let text)), (MT_REGEX, .string(let text)), (MT_ROUTE, .string(let text)),
            (MT_SOCKET, .string(let text)), (MT_URL, .string(let text)):
            return compiled(text)
        default: return wrong("a text in quotes")
        }
    }

    private func setDefaults(of plugin: Plugin) {
        for (index, field) in plugin.table.parameters.enumerated() {
            guard let fallback = field.fallback, !field.has(MT_MANY) else { continue }
            let value: mt_value? =
                switch field.type {
                case MT_INT: Self.integer(fallback).map { mt_value.number(MT_INT, $0) }
                case MT_BOOL: Self.boolean(fallback).map { mt_value.number(MT_BOOL, $0) }
                case MT_MS: Self.milliseconds(fallback).map { mt_value.number(MT_MS, $0) }
                case MT_STR: values.text(Text(fallback))
                default: try? values.compile(Text(fallback), field).get()  // Told below.
                }
            if let value {
                plugin.values[index] = value
            } else {
                diagnostics.error(
                    "\(plugin.name): the default of its parameter \"\(field.name)\" is \"\(fallback)\", which is wrong",
                    at: plugin.place, help: "this is for its author to mend")
            }
        }
    }

    /// "5", "500ms", "2s", "1h": what a time may look like, in milliseconds.
    static func milliseconds(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let factor: Int
        switch text.dropFirst(digits.count) {
        case "", "ms": factor = 1
        case "s": factor = 1000
        case "m", "min": factor = 60_000
        case "h": factor = 3_600_000
        case "d": factor = 86_400_000
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// As the language writes numbers: 0600 is octal.
    private static func integer(_ text: String) -> Int? {
        text.hasPrefix("-") ? Number.value(String(text.dropFirst())).map { -$0 } : Number.value(text)
    }

    private static func boolean(_ text: String) -> Int? {
        switch text {
        case "1", "yes", "true", "on", "enable": 1
        case "0", "no", "false", "off", "disable": 0
        default: nil
        }
    }

    private func shown(_ value: ParameterValue) -> String {
        switch value {
        case .integer(let number): "\(number)"
        case .string(let text): "\"\(text)\""
        case .word(let word): word
        case .variable(let text): text
        }
    }

    /// "min_se is the least session timer, in seconds; the default is 90"
    private func described(_ field: PluginTable.Field) -> String {
        var help = field.help
        while help.hasSuffix(".") { help.removeLast() }
        // The help begins as a sentence; here it goes on from the parameter's name.
        let first = help.prefix(1).lowercased() + help.dropFirst()
        let startsWithWord = help.dropFirst().first.map { $0.isLowercase || $0 == " " } ?? false
        let article =
            first.hasPrefix("least ") || first.hasPrefix("most ") || first.hasPrefix("greatest ")
            ? "the " : ""
        var text = help.isEmpty ? field.name : "\(field.name) is \(article)\(startsWithWord ? first : help)"
        if let fallback = field.fallback {
            text += "; the default is \(fallback.isEmpty ? "empty" : fallback)"
        }
        return text
    }
}

extension mt_value {
    static func number(_ type: Int, _ number: Int) -> mt_value {
        mt_value(type: UInt32(type), reserved: 0, num: Int64(number), str: mt_str(), ptr: nil)
    }
}
