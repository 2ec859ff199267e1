// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Script

/// What is written becomes what the plugin reads.
extension ParameterSetter {
    /// nil when it cannot be, which has been told.
    func converted(_ given: Placed<ParameterValue>, _ field: PluginTable.Field, of plugin: Plugin)
        -> mt_value?
    {
        switch value(given.value, field, of: plugin) {
        case .success(let value): return value
        case .failure(let fault):
            diagnostics.add(
                Diagnostic(
                    .error, at: given.place, "\(plugin.name): \(fault.what)", notes: fault.notes,
                    help: fault.help.isEmpty ? described(field) : fault.help, quotes: !field.has(MT_SECRET)))
            return nil
        }
    }

    /// `many`: those that every line adds to, which have their default only when no line has come.
    func setDefaults(of plugin: Plugin, many: Bool) {
        for (index, field) in plugin.table.parameters.enumerated() {
            guard let fallback = field.fallback, field.has(MT_MANY) == many, !plugin.isSet[index] else {
                continue
            }
            switch value(literal(fallback, field), field, of: plugin) {
            case .success(let value):
                if many { append(value, to: plugin.values + index) } else { plugin.values[index] = value }
            case .failure:
                plugin.isBroken = true
                diagnostics.error(
                    "\(plugin.name): the default of its parameter \"\(field.name)\" is \"\(fallback)\", which is wrong",
                    at: plugin.place, help: "this is for its author to mend")
            }
        }
    }

    /// Checked and prepared: what the plugin is to read.
    func value(_ given: ParameterValue, _ field: PluginTable.Field, of plugin: Plugin)
        -> Result<mt_value, PluginFault>
    {
        checked(given, field, of: plugin).flatMap { prepared($0, field, of: plugin) }
    }

    private func checked(_ given: ParameterValue, _ field: PluginTable.Field, of plugin: Plugin)
        -> Result<mt_value, PluginFault>
    {
        func wrong(_ wanted: String, _ given: String) -> Result<mt_value, PluginFault> {
            .failure(
                PluginFault(
                    "\(field.name) must be \(wanted)" + (field.has(MT_SECRET) ? "" : ", not \(given)"),
                    help: ""))
        }
        func wrong(_ wanted: String) -> Result<mt_value, PluginFault> { wrong(wanted, shown(given)) }
        func limited(_ number: Int, unit: String = "") -> Result<mt_value, PluginFault> {
            guard !field.isLimited || field.min <= number && number <= field.max else {
                return wrong("\(field.min) to \(field.max)\(unit)", "\(number)")
            }
            return .success(.number(field.type, number))
        }
        func time(_ number: Int?) -> Result<mt_value, PluginFault> {
            guard let number, number >= 0 else { return wrong("a time, as 500, \"500ms\" or \"2s\"") }
            return limited(number, unit: " ms")
        }
        func compiled(_ text: Text) -> Result<mt_value, PluginFault> {
            values.compile(text, field, of: plugin).mapError {
                PluginFault("\(field.name): \($0.what)", notes: $0.notes, help: $0.help)
            }
        }
        switch (field.type, given) {
        case (MT_INT, .integer(let number)): return limited(number)
        case (MT_INT, _): return wrong("a number")
        case (MT_BOOL, .integer(let number)): return .success(.number(MT_BOOL, number == 0 ? 0 : 1))
        case (MT_BOOL, .string(let text)):
            return Self.boolean(text.string).map { .success(.number(MT_BOOL, $0)) } ?? wrong("yes or no")
        case (MT_BOOL, _): return wrong("yes or no")
        case (MT_MS, .integer(let number)): return time(number)
        case (MT_MS, .string(let text)): return time(Self.milliseconds(text.string))
        case (MT_STR, .string(let text)): return .success(values.text(text))
        case (MT_STR, .integer(let number)) where field.has(MT_VERBATIM):
            return .success(values.text(Text(String(number))))
        case (MT_EXPR, .integer(let number)): return compiled(Text(String(number)))
        case (MT_EXPR, .string(let text)), (MT_REGEX, .string(let text)), (MT_ROUTE, .string(let text)),
            (MT_SOCKET, .string(let text)), (MT_URL, .string(let text)):
            return compiled(text)
        default: return wrong("a text in quotes")
        }
    }

    /// Lets the plugin look at it, unless something of the plugin is wrong already.
    private func prepared(_ value: mt_value, _ field: PluginTable.Field, of plugin: Plugin)
        -> Result<mt_value, PluginFault>
    {
        guard let prepare = field.prepare, !plugin.isBroken else { return .success(value) }
        var (value, out, call) = (value, mt_value(), mt_call())
        call.host = plugin.host.asHost
        call.argc = 1
        CallNote.ofThread.pointee.site = plugin.host.pointee.prepare
        let result = withUnsafePointer(to: &value) { input in
            withUnsafeMutablePointer(to: &out) { output in
                call.args = input
                call.out = output
                return prepare(&call)
            }
        }
        CallNote.ofThread.pointee.site = nil
        let failure = takeFailure()
        guard result > 0 else {
            return .failure(
                PluginFault(
                    failure?.what ?? "\(field.name) was refused by the plugin", help: failure?.help ?? ""))
        }
        if let made = out.ptr { value.ptr = made }
        return .success(value)
    }

    // MARK: - texts

    /// A default as a line of the file would give it.
    private func literal(_ fallback: String, _ field: PluginTable.Field) -> ParameterValue {
        guard field.type == MT_INT, let number = Self.integer(fallback) else {
            return .string(Text(fallback))
        }
        return .integer(number)
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
    func described(_ field: PluginTable.Field) -> String {
        var help = field.help
        while help.hasSuffix(".") { help.removeLast() }
        // The help begins as a sentence; here it goes on from the parameter's name.
        let first = help.prefix(1).lowercased() + help.dropFirst()
        let startsWithWord = help.dropFirst().first.map { $0.isLowercase || $0 == " " } ?? false
        let article =
            first.hasPrefix("least ") || first.hasPrefix("most ") || first.hasPrefix("greatest ")
            ? "the " : ""
        var text = help.isEmpty ? field.name : "\(field.name) is \(article)\(startsWithWord ? first : help)"
        if let fallback = field.fallback, !field.has(MT_SECRET) {
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
