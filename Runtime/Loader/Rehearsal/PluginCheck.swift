// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Script

/// `martlet check PLUGIN.so`: what can be said of a plugin without a configuration.
///
/// It happens in a child process, so that a plugin that crashes is told of like anything else.
public struct PluginCheck {
    private let path: String
    private let file: String

    public init(path: String) {
        self.path = path.contains("/") ? path : "./\(path)"
        file = path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The exit status: 0 when nothing is wrong with it.
    public func run() -> Int32 {
        let child = cl_fork()
        guard child >= 0 else {
            tell(
                "error: \(file): cannot start a process to look at it in: \(String(cString: strerror(errno)))"
            )
            return 1
        }
        if child == 0 { exit(check() ? 0 : 1) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        if signal != 0 {
            tell("error: \(file) crashed with signal \(signal) while its table was read")
            return 1
        }
        return status >> 8 & 0xff == 0 ? 0 : 1
    }

    private func check() -> Bool {
        var faults = 0
        func fault(_ what: String, notes: [String] = [], help: String) {
            faults += 1
            tell(Diagnostic(.error, at: nil, what, notes: notes, help: help).description)
        }
        guard access(path, R_OK) == 0 else {
            fault(
                "\(path) cannot be read: \(String(cString: strerror(errno)))",
                help: "name the file of a plugin")
            return false
        }
        let table: PluginTable
        do throws(PluginFault) {
            table = try Plugin.open(path, file: file)
        } catch {
            fault(error.what, notes: error.notes, help: error.help)
            return false
        }
        let others = (ELFImage(path: path)?.exports ?? []).filter {
            $0 != "martlet_plugin" && !$0.hasPrefix("_")
        }
        if !others.isEmpty {
            fault(
                "\(file) exports more than martlet_plugin: \(others.sorted().prefix(8).joined(separator: ", "))",
                help: "build with -fvisibility=hidden, or with a version script as PluginAPI/plugin.map")
        }
        if table.version.isEmpty { fault("\(file) has no version", help: "name one in MT_PLUGIN()") }
        if table.help.isEmpty { fault("\(file) has no help", help: "say in one sentence what it is") }
        for (kind, name, help) in helps(table) where help.isEmpty {
            fault("\(file): the \(kind) \"\(name)\" has no help", help: "say in one sentence what it is")
        }
        for need in table.needs
        where !need.isOptional && !need.id.hasPrefix("martlet.")
            && search.offerer(of: need, but: [table.name]) == nil
        {
            fault(
                "\(table.name) needs \"\(need.id)\" \(need.major).\(need.minor) or later, "
                    + "and no plugin beside it offers that",
                help: "put one that offers \"\(need.id)\" into the same folder")
        }
        guard faults == 0, let calls = rehearse(table) else { return false }
        print(
            "\(file): \(table.name) \(table.version), ABI \(table.abi.major).\(table.abi.minor): \(summary(table, calls))"
        )
        return true
    }

    /// Loads it as a configuration would, with its defaults and the plugins that it needs, and calls it in every way.
    /// How often; nil when it did wrong.
    private func rehearse(_ table: PluginTable) -> Int? {
        let files = search.offerers(of: table) + [absolute(path)]
        let rehearsal = Rehearsal(
            table: table, loading: files.map { "loadmodule \"\($0)\"" }, folder: absolute(folder))
        switch rehearsal.run() {
        case .fine(let calls): return calls
        case .faulty: return nil
        case .crashed(let signal, let call):
            let when = call.map { "it was called so: \($0)" } ?? "its init ran, or a hook"
            tell("error: \(file) crashed with signal \(signal) while \(when)")
            return nil
        }
    }

    private var search: PluginSearch { PluginSearch(listed: [folder]) }
    private var folder: String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

    /// Wherever the process goes.
    private func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private func helps(_ table: PluginTable) -> [(String, String, String)] {
        table.parameters.map { ("parameter", $0.name, $0.help) }
            + table.functions.map { ("function", $0.name, $0.help) }
            + table.variables.map { ("variable", $0.name, $0.help) }
            + table.commands.map { ("command", $0.name, $0.help) }
            + table.counters.map { ("counter", $0.name, $0.help) }
            + table.events.map { ("event", $0.name, $0.help) }
    }

    private func summary(_ table: PluginTable, _ calls: Int) -> String {
        let counts = [
            (table.parameters.count, "parameters"), (table.functions.count, "functions"),
            (table.variables.count, "variables"), (table.commands.count, "commands"),
            (table.counters.count, "counters"), (table.events.count, "events"), (table.hooks.count, "hooks"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.0 == 1 ? String($0.1.dropLast()) : $0.1)" }
        return
            (parts.isEmpty
            ? "nothing is wrong" : "nothing is wrong with its \(parts.joined(separator: ", "))")
            + (calls > 0 ? ", called in \(calls) way\(calls == 1 ? "" : "s")" : "")
    }

    private func tell(_ text: String) { Log.tell(text + "\n") }
}

extension PluginSearch {
    /// The files that offer what a plugin cannot do without, and what those need in their turn, in the order to load.
    fileprivate func offerers(of table: PluginTable, beyond known: [String] = []) -> [String] {
        var files: [String] = []
        for need in table.needs where !need.isOptional && Interfaces().table(need.id) == nil {
            guard let (name, other) = offerer(of: need, but: [table.name]),
                !known.contains(name), !files.contains(name)
            else { continue }
            files += offerers(of: other, beyond: known + files + [name]) + [name]
        }
        return files
    }

    fileprivate func offerer(of need: PluginTable.Need, but own: [String]) -> (
        name: String, table: PluginTable
    )? {
        for name in available() {
            // What cannot be opened offers nothing.
            guard case .found(let path) = find(name), let other = try? Plugin.open(path, file: name + ".so"),
                !own.contains(other.name), other.offers.contains(where: { $0.id == need.id })
            else { continue }
            return (name, other)
        }
        return nil
    }
}
