// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Checks the routes of a configuration against what there is to be named, and resolves every name.
///
/// It looks at everything, whatever it finds: one run tells all that is wrong.
public final class Checker {
    let symbols: Symbols
    let table: RouteTable
    let diagnostics: Diagnostics
    let storage = CodeStorage()
    let parser: VariableParser
    let flags: Flags
    /// What the parser of variables found odd, until it is told with its place.
    private let oddities = Oddities()

    private final class Oddities { var all: [VariableError] = [] }

    /// The kind of the block being checked, an MT_IN_ bit, and its name.
    var kind: UInt32 = 0
    /// Loops and switches around the statement being checked.
    var nesting = 0
    /// A route is called by a name that is only known while running: any of them may be.
    var callsAnyRoute = false
    /// A function was not known, so which routes are used is not known either.
    var missesFunctions = false

    /// The script, or nil when there are errors in it.
    ///
    /// Call it once, after every plugin has been initialised.
    public static func check(
        _ configuration: Configuration, routes: RouteTable, symbols: Symbols, flags: Flags? = nil,
        diagnostics: Diagnostics
    ) -> CheckedScript? {
        Checker(configuration, routes, symbols, flags ?? Flags(configuration, diagnostics), diagnostics)
            .check(configuration)
    }

    private init(
        _ configuration: Configuration, _ table: RouteTable, _ symbols: Symbols, _ flags: Flags,
        _ diagnostics: Diagnostics
    ) {
        self.table = table
        self.symbols = symbols
        self.diagnostics = diagnostics
        self.flags = flags
        let variables = symbols.variables
        let isIncomplete = symbols.isIncomplete
        let defines = configuration.defines
        parser = VariableParser(
            storage: storage,
            plugin: { name in
                if let known = variables[name] {
                    return VariableCallout(
                        get: known.get, set: known.set, user: known.user,
                        host: known.host.map { OpaquePointer($0) },
                        prepare: symbols.unstarted.contains(known.plugin) ? nil : known.prepare,
                        prepareUser: known.prepareUser)
                }
                // It may be one of the plugin that is missing; nothing is going to be run.
                let unknown: mt_fn = { _ in mt_result(MT_NO) }
                return isIncomplete ? VariableCallout(get: unknown, set: unknown, user: nil, host: nil) : nil
            },
            definition: { defines[$0]?.string }, warn: { [oddities] in oddities.all.append($0) },
            takeFailure: symbols.takeFailure)
    }

    private func check(_ configuration: Configuration) -> CheckedScript? {
        let errors = diagnostics.count(.error)
        var bodies: [[Step]] = Array(repeating: [], count: table.entries.count)
        for item in configuration.items {
            guard case .route(let block) = item.kind else { continue }
            kind = RouteTable.bit(of: block.kind)
            let name = RouteTable.name(of: block)
            guard let index = table.entries.firstIndex(where: { $0.kind == kind && $0.name == name }) else {
                continue
            }
            if block.kind == .event { checkEvent(block) }
            nesting = 0
            bodies[index] += check(block.body)
        }
        flags.finish()
        warnOfUnusedRoutes()
        guard diagnostics.count(.error) == errors else { return nil }
        let routes = zip(table.entries, bodies).map { entry, body in
            CheckedScript.Route(kind: entry.kind, name: entry.name, place: entry.place, body: body)
        }
        return CheckedScript(
            routes: routes, storage: storage, maxRecursiveLevel: configuration.settings.maxRecursiveLevel,
            maxWhileLoops: configuration.settings.maxWhileLoops)
    }

    /// An event that nobody emits is a block that never runs.
    private func checkEvent(_ block: RouteBlock) {
        guard let name = block.name else { return }
        let text = name.value.string
        if symbols.isIncomplete || symbols.events.contains(text)
            || symbols.events.contains(where: { text.hasPrefix($0 + ":") })
        {
            return
        }
        diagnostics.warning(
            "event_route[\(text)] is never run: no loaded plugin emits this event", at: name.place,
            help: Suggestion.help(for: text, in: symbols.events))
    }

    private func warnOfUnusedRoutes() {
        guard !missesFunctions else { return }
        for (entry, isUsed) in zip(table.entries, table.isUsed) where !isUsed && entry.name != "" {
            if entry.kind == UInt32(MT_IN_EVENT) { continue }
            if entry.kind == UInt32(MT_IN_REQUEST), callsAnyRoute { continue }
            diagnostics.warning(
                "\(RouteTable.keyword(entry.kind))[\(entry.name)] is never used", at: entry.place)
        }
    }

    // MARK: - Words for everybody

    /// Tells what the parser of variables found odd in a text that it took all the same.
    func tellOddities(in text: Text, at place: Place) {
        for oddity in oddities.all {
            diagnostics.warning(
                oddity.what, at: self.place(of: oddity, in: text, at: place),
                help: oddity.help.isEmpty ? nil : oddity.help)
        }
        oddities.all = []
    }

    func error(_ what: String, at place: Place, notes: [String] = [], help: String? = nil) {
        diagnostics.error(what, at: place, notes: notes, help: help)
    }

    /// What is wrong inside a text, where it is wrong when the text stands in the file as it is.
    func error(_ fault: VariableError, in text: Text, at place: Place) {
        diagnostics.error(
            fault.what, at: self.place(of: fault, in: text, at: place),
            help: fault.help.isEmpty ? nil : fault.help)
    }

    func place(of fault: VariableError, in text: Text, at place: Place) -> Place {
        guard let line = place.file.line(place.line) else { return place }
        let shown = line.dropFirst(place.column - 1)
        let quote = shown.first == UInt8(ascii: "\"") || shown.first == UInt8(ascii: "'") ? 1 : 0
        guard shown.dropFirst(quote).starts(with: text.bytes) else { return place }
        return Place(
            file: place.file, line: place.line, column: place.column + quote + fault.offset,
            length: max(1, min(fault.length, text.bytes.count - fault.offset)))
    }

    /// "a", "a and b", "a, b and c".
    static func list(_ words: [String], _ last: String = "and") -> String {
        guard words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " \(last) " + words[words.count - 1]
    }
}
