// SPDX-License-Identifier: Apache-2.0

/// The flags of a script, 0 to 31, by number and by name.
///
/// Names are declared with `flags NAME:3, OTHER;`. A name that is not declared is taken too, as other
/// dialects have it, when it is set in one place and used in another; then it gets a number that nobody uses.
///
/// Made before plugins are initialised, for their parameters may name flags, and used up by the checker.
public final class Flags {
    private var numbers: [String: UInt8] = [:]
    private var names: [UInt8: String] = [:]
    private var uses: [String: Use] = [:]
    private var taken: Set<UInt8> = []
    private var warned: Set<UInt8> = []
    private let diagnostics: Diagnostics

    private struct Use {
        var first: Place
        var isSet = false
        var isRead = false
        var isElsewhere = false
        /// A plugin waits for it to be set.
        var isAwaited = false
    }

    public init(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        self.diagnostics = diagnostics
        var unnumbered: [Placed<String>] = []
        for item in configuration.items {
            guard case .flags(let declarations) = item.kind else { continue }
            for declaration in declarations {
                let name = declaration.name.value
                if numbers[name] != nil || unnumbered.contains(where: { $0.value == name }) {
                    diagnostics.error("flag \(name) is declared twice", at: declaration.name.place)
                } else if let position = declaration.position {
                    declare(declaration.name, at: position)
                } else {
                    unnumbered.append(declaration.name)
                }
            }
        }
        for name in unnumbered { declare(name) }
        // A plugin's parameter that names a flag uses it.
        for item in configuration.items {
            guard case .moduleParameter(let line) = item.kind, case .string(let text) = line.value.value
            else { continue }
            let name = text.string
            if uses[name] == nil { uses[name] = Use(first: line.value.place, isElsewhere: true) }
        }
    }

    private func declare(_ name: Placed<String>, at position: Placed<Int>) {
        guard (0...31).contains(position.value) else {
            return diagnostics.error("a flag's number is 0 to 31, not \(position.value)", at: position.place)
        }
        let number = UInt8(position.value)
        if let other = names[number] {
            diagnostics.error("flag \(number) is \(other) already", at: position.place)
        }
        numbers[name.value] = number
        names[number] = name.value
        taken.insert(number)
    }

    private func declare(_ name: Placed<String>) {
        guard let number = free() else {
            return diagnostics.error("there are only 32 flags, and all are taken", at: name.place)
        }
        numbers[name.value] = number
        names[number] = name.value
        taken.insert(number)
    }

    private func free() -> UInt8? { (0...31).first { !taken.contains($0) } }

    /// A flag that a script names.
    func number(_ expression: Expression, isSet: Bool) -> UInt8? {
        switch expression.kind {
        case .integer(let number): return self.number(Int(number), at: expression.place)
        case .word(let name):
            if let number = Int(name) { return self.number(number, at: expression.place) }
            return self.number(name, at: expression.place, isSet: isSet)
        default:
            diagnostics.error("a flag is a number from 0 to 31, or a name", at: expression.place)
            return nil
        }
    }

    private func number(_ number: Int, at place: Place) -> UInt8? {
        guard (0...31).contains(number) else {
            diagnostics.error("a flag's number is 0 to 31, not \(number)", at: place)
            return nil
        }
        let flag = UInt8(number)
        if let name = names[flag], warned.insert(flag).inserted {
            diagnostics.warning("flag \(number) has a name already", at: place, help: "write \(name)")
        }
        taken.insert(flag)
        return flag
    }

    private func number(_ name: String, at place: Place, isSet: Bool) -> UInt8? {
        if let number = numbers[name], names[number] == name { return number }
        var use = uses[name] ?? Use(first: place)
        if !use.isSet, !use.isRead { use.first = place }
        if isSet { use.isSet = true } else { use.isRead = true }
        uses[name] = use
        if let number = numbers[name] { return number }
        guard let number = freeFromTheEnd() else {
            diagnostics.error("there are only 32 flags, and all are taken", at: place)
            return nil
        }
        numbers[name] = number
        taken.insert(number)
        return number
    }

    /// A flag that a plugin's parameter names: 0 to 31, or nil when it can be no flag or all are taken.
    public func number(forPlugin text: String) -> UInt8? {
        if let number = Int(text) {
            guard (0...31).contains(number) else { return nil }
            taken.insert(UInt8(number))
            return UInt8(number)
        }
        guard let first = text.utf8.first,
            first == 95 || first >= 65 && first <= 90 || first >= 97 && first <= 122,
            text.utf8.allSatisfy({
                $0 == 95 || $0 >= 48 && $0 <= 57 || $0 >= 65 && $0 <= 90 || $0 >= 97 && $0 <= 122
            })
        else { return nil }
        uses[text]?.isAwaited = true
        if let number = numbers[text] { return number }
        guard let number = freeFromTheEnd() else { return nil }
        numbers[text] = number
        taken.insert(number)
        return number
    }

    /// Names without a number get the highest ones: the low ones are what scripts write as numbers.
    private func freeFromTheEnd() -> UInt8? { (0...31).reversed().first { !taken.contains($0) } }

    /// After the last block: names that were used once only are slips.
    func finish() {
        let declared = Array(names.values)
        for (name, use) in uses where use.isAwaited && !use.isSet && !declared.contains(name) {
            let set = uses.filter { $0.value.isSet }.map(\.key)
            diagnostics.warning(
                "flag \(name) is set nowhere", at: use.first,
                help: Suggestion.help(for: name, in: set) ?? "setflag(\(name)); sets it")
        }
        for (name, use) in uses where use.isSet || use.isRead {
            if use.isElsewhere || (use.isSet && use.isRead) {
                if Suggestion.nearest(to: name, in: declared) == nil { continue }
            }
            diagnostics.error(
                "flag \(name) is not declared", at: use.first,
                help: Suggestion.help(for: name, in: declared)
                    ?? "declare it at the top of the file: flags \(name);")
        }
    }
}
