// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

/// What may change while the server runs: parameters that plugins declare so, `group.name` lines of the file, and
/// some of the server's own.
///
/// The values of one owner are an array that is never written again: a change makes a new array and replaces one
/// pointer, so that workers, which read all the time, need no lock. The old array stays as long as the process:
/// somebody may be looking at it, and changes are made by hand.
final class RunningSettings {
    /// Where the pointer to an array of values is: in a plugin's host, or a place of our own.
    private struct Values {
        let cell: UnsafeMutablePointer<UnsafePointer<mt_value>?>
        let count: Int
    }

    /// Flat, for workers: what they read `$sel(cfg_get.group.name)` by.
    private struct Entry {
        let group, name: mt_str
        let cell: UnsafeMutablePointer<UnsafePointer<mt_value>?>
        let index: Int
    }

    private enum Owner {
        case plugin(Plugin, PluginTable.Field)
        case file, server
    }

    private struct Setting {
        let owner: Owner
        let values: Values
        let index: Int
        let type: UInt32
        let flags: UInt32
        let help: mt_str
        let limits: (min: Int64, max: Int64)
        let start: mt_value
        let entry: Entry
    }

    private var settings: [Setting] = []
    private let parameters: ParameterSetter
    private let loader: PluginLoader

    /// Written once, before traffic.
    nonisolated(unsafe) private static var entries = UnsafeMutableBufferPointer<Entry>(start: nil, count: 0)

    init(
        _ configuration: Configuration, _ loader: PluginLoader, _ limits: Limits,
        _ parameters: ParameterSetter
    ) {
        self.loader = loader
        self.parameters = parameters
        addServer(configuration.settings, limits)
        addFile(configuration)
        for plugin in loader.plugins { add(plugin) }
        let flat = UnsafeMutableBufferPointer<Entry>.allocate(capacity: settings.count)
        _ = flat.initialize(from: settings.map(\.entry))
        Self.entries = flat
    }

    // MARK: - what there is

    private func addServer(_ settings: Settings, _ limits: Limits) {
        add(
            "core",
            [
                (
                    "debug", "The log level: 3 is everything, 0 warnings, -1 errors only.", settings.debug,
                    false
                ),
                (
                    "force_rport", "Replies go to the port that requests come from.",
                    settings.forceRport ? 1 : 0, true
                ),
                ("max_while_loops", "The most rounds of a while.", settings.maxWhileLoops, true),
                (
                    "use_dst_blocklist", "1: who does not answer is left alone.",
                    limits.blocklist.isUsed ? 1 : 0, true
                ),
            ])
        add(
            "tcp",
            [
                ("connect_timeout", "In seconds.", limits.connectTimeout / 1000, true),
                ("send_timeout", "In seconds.", limits.sendTimeout / 1000, true),
                ("connection_lifetime", "In seconds.", limits.lifetime / 1000, true),
                ("max_connections", "The most connections.", limits.connections, true),
                ("no_connect", "1: none is opened from here.", limits.connects ? 0 : 1, true),
                ("conn_wq_max", "The most bytes that wait for one connection.", limits.connectionQueue, true),
                ("wq_max", "The most bytes that wait for all.", limits.allQueues, true),
                ("crlf_ping", "1: pings are answered.", limits.answersPing ? 1 : 0, true),
                (
                    "accept_no_cl", "1: messages need no Content-Length.",
                    limits.acceptsNoContentLength ? 1 : 0, true
                ),
                ("rd_buf_size", "The longest message, in bytes.", limits.streamMessage, true),
            ])
    }

    private func add(_ group: String, _ all: [(name: String, help: String, value: Int, isFixed: Bool)]) {
        let group = Immortal.text(group)
        let values = Self.cell(all.map { .number(MT_INT, $0.value) })
        for (index, one) in all.enumerated() {
            settings.append(
                Setting(
                    owner: .server, values: values, index: index, type: UInt32(MT_INT),
                    flags: one.isFixed ? UInt32(MT_FIXED) : 0, help: Immortal.text(one.help),
                    limits: one.isFixed ? (0, 0) : (-20, 20), start: .number(MT_INT, one.value),
                    entry: Entry(
                        group: group, name: Immortal.text(one.name), cell: values.cell, index: index)))
        }
    }

    /// `group.name = value` and `group[1].name = value`; the last line of a name is the one that counts.
    private func addFile(_ configuration: Configuration) {
        var order: [String] = []
        var found: [String: (parameter: CustomParameter, value: mt_value)] = [:]
        for item in configuration.items {
            guard case .custom(let parameter) = item.kind else { continue }
            let instance = parameter.instance.map { "[\($0)]" } ?? ""
            let key = "\(parameter.group.value)\(instance).\(parameter.name.value)"
            if found[key] == nil { order.append(key) }
            found[key] = (parameter, Self.value(parameter.value.value))
        }
        let all = order.compactMap { found[$0] }
        let values = Self.cell(all.map(\.value))
        for (index, one) in all.enumerated() {
            let instance = one.parameter.instance.map { "[\($0)]" } ?? ""
            settings.append(
                Setting(
                    owner: .file, values: values, index: index, type: one.value.type, flags: 0,
                    help: one.parameter.description.map { Immortal.text($0.bytes) } ?? Immortal.text(""),
                    limits: (0, 0), start: one.value,
                    entry: Entry(
                        group: Immortal.text(one.parameter.group.value + instance),
                        name: Immortal.text(one.parameter.name.value), cell: values.cell, index: index)))
        }
    }

    private func add(_ plugin: Plugin) {
        let host = UnsafeMutableRawPointer(plugin.host)
        // The ABI's struct is the first in a block.
        let offset = MemoryLayout<mt_host>.offset(of: \.params) ?? 0
        let cell = (host + offset).assumingMemoryBound(to: UnsafePointer<mt_value>?.self)
        let values = Values(cell: cell, count: plugin.table.parameters.count)
        let group = Immortal.text(plugin.name)
        for (index, field) in plugin.table.parameters.enumerated()
        where field.has(MT_RELOADABLE) && !field.has(MT_MANY)
            && [MT_INT, MT_BOOL, MT_MS, MT_STR].contains(field.type)
        {
            settings.append(
                Setting(
                    owner: .plugin(plugin, field), values: values, index: index, type: UInt32(field.type),
                    flags: field.has(MT_SECRET) ? UInt32(MT_SECRET) : 0, help: Immortal.text(field.help),
                    limits: field.isLimited ? (Int64(field.min), Int64(field.max)) : (0, 0),
                    start: plugin.values[index],
                    entry: Entry(group: group, name: Immortal.text(field.name), cell: cell, index: index)))
        }
    }

    private static func cell(_ values: [mt_value]) -> Values {
        let array = UnsafeMutablePointer<mt_value>.allocate(capacity: max(values.count, 1))
        array.initialize(from: values, count: values.count)
        let cell = UnsafeMutablePointer<UnsafePointer<mt_value>?>.allocate(capacity: 1)
        cell.initialize(to: UnsafePointer(array))
        return Values(cell: cell, count: values.count)
    }

    private static func value(_ value: ParameterValue) -> mt_value {
        switch value {
        case .integer(let number): .number(MT_INT, number)
        case .string(let text): mt_value(text: Immortal.text(text.bytes))
        case .word(let word), .variable(let word): mt_value(text: Immortal.text(word))
        }
    }

    // MARK: - reading

    /// On any worker: the value of `group.name`.
    static func read(_ group: mt_str, _ name: mt_str, _ out: UnsafeMutablePointer<mt_value>) -> mt_result {
        for entry in entries
        where Slice(entry.name) == Slice(name) && Slice(entry.group) == Slice(group) {
            guard let values = entry.cell.pointee else { continue }
            out.pointee = values[entry.index]
            if out.pointee.type != UInt32(MT_STR) { out.pointee.type = UInt32(MT_INT) }
            return mt_result(MT_OK)
        }
        return mt_result(MT_NO)
    }

    var count: Int { settings.count }

    func setting(_ index: Int) -> mt_setting? {
        guard settings.indices.contains(index) else { return nil }
        let setting = settings[index]
        var out = mt_setting()
        out.size = UInt32(MemoryLayout<mt_setting>.size)
        out.type = setting.type
        out.flags = setting.flags
        out.group = setting.entry.group
        out.name = setting.entry.name
        out.help = setting.help
        out.min = setting.limits.min
        out.max = setting.limits.max
        if setting.flags & UInt32(MT_SECRET) == 0 {
            out.value = setting.values.cell.pointee?[setting.index] ?? mt_value()
            out.start = setting.start
        }
        return out
    }

    // MARK: - setting

    /// All of them or none. What is wrong, or nil. On the thread of the commands.
    func set(_ changes: [mt_change]) -> String? {
        var made: [(setting: Setting, value: mt_value)] = []
        for change in changes {
            guard settings.indices.contains(Int(change.index)) else { return "there is no such setting" }
            let setting = settings[Int(change.index)]
            switch value(change.value, for: setting) {
            case .failure(let fault): return fault.what
            case .success(let value): made.append((setting, value))
            }
        }
        var arrays: [UnsafeMutableRawPointer: UnsafeMutablePointer<mt_value>] = [:]
        for (setting, value) in made {
            let key = UnsafeMutableRawPointer(setting.values.cell)
            let array = arrays[key] ?? copy(setting.values)
            arrays[key] = array
            array[setting.index] = value
        }
        for (setting, _) in made {
            guard let array = arrays[UnsafeMutableRawPointer(setting.values.cell)] else { continue }
            setting.values.cell.pointee = UnsafePointer(array)
            if case .plugin(let plugin, _) = setting.owner { plugin.values = array }
        }
        for (setting, value) in made {
            Log.write(
                .info, "\(Slice(setting.entry.group).string).\(Slice(setting.entry.name).string) was set")
            if case .server = setting.owner { applyLevel(Int(value.num)) }
        }
        tellPlugins()
        return nil
    }

    private func copy(_ values: Values) -> UnsafeMutablePointer<mt_value> {
        let array = UnsafeMutablePointer<mt_value>.allocate(capacity: max(values.count, 1))
        if let old = values.cell.pointee { array.initialize(from: old, count: values.count) }
        return array
    }

    private func value(_ wanted: mt_value, for setting: Setting) -> Result<mt_value, PluginFault> {
        let name = "\(Slice(setting.entry.group).string).\(Slice(setting.entry.name).string)"
        func wrong(_ what: String) -> Result<mt_value, PluginFault> {
            .failure(PluginFault("\(name) \(what)", help: ""))
        }
        guard setting.flags & UInt32(MT_FIXED) == 0 else { return wrong("is set by the file alone") }
        if wanted.type == UInt32(MT_NULL) { return .success(setting.start) }
        let given: ParameterValue =
            wanted.type == UInt32(MT_STR)
            ? .string(Text(Slice(wanted.str).string)) : .integer(Int(wanted.num))
        switch setting.owner {
        case .plugin(let plugin, let field): return parameters.value(given, field, of: plugin)
        case .file, .server:
            switch given {
            case .integer(let number) where setting.type == UInt32(MT_INT):
                let limits = setting.limits
                guard limits == (0, 0) || Int64(number) >= limits.min && Int64(number) <= limits.max else {
                    return wrong("must be \(limits.min) to \(limits.max), not \(number)")
                }
                return .success(.number(MT_INT, number))
            case .string(let text) where setting.type == UInt32(MT_STR):
                return .success(mt_value(text: Immortal.text(text.bytes)))
            default: return wrong(setting.type == UInt32(MT_INT) ? "must be a number" : "must be a text")
            }
        }
    }

    private func applyLevel(_ debug: Int) {
        Log.level = Log.level(debug: debug)
        for plugin in loader.plugins { plugin.host.pointee.abi.level = Log.level.rawValue }
    }

    private func tellPlugins() {
        guard let entry = host.events.map({ $0 + Events.Core.reloaded.rawValue }) else { return }
        for index in 0..<entry.pointee.count {
            let hook = entry.pointee.first + index
            _ = invoke(
                hook.pointee.call, hook.pointee.host, hook.pointee.user, as: hook.pointee.site, on: nil)
        }
    }
}

extension mt_value {
    init(text: mt_str) {
        self.init(type: UInt32(MT_STR), reserved: 0, num: 0, str: text, ptr: nil)
    }
}
