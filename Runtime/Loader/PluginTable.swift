// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// What a plugin says of itself, copied out of its `mt_plugin`.
///
/// The plugin's structs may be shorter than ours (an older header) or longer (a newer one): each item is
/// copied, as far as it goes, into zeroed memory of our size, and read from there into values of Swift's own.
/// ABI structs stay out of Swift's collections, because Swift keeps one layout per C struct name and process.
struct PluginTable {
    struct Need: Equatable {
        let id: String
        let major, minor: Int
        let flags: UInt32
        let slot: UnsafeMutablePointer<UnsafeRawPointer?>
        var isOptional: Bool { flags & UInt32(MT_OPTIONAL) != 0 }
        var isLate: Bool { flags & UInt32(MT_LATE) != 0 }
        var isBrought: Bool { flags & UInt32(MT_BRING) != 0 }
    }
    struct Offer {
        let id: String
        let table: UnsafePointer<mt_head>
        var version: (major: Int, minor: Int) { (Int(table.pointee.major), Int(table.pointee.minor)) }
    }
    /// A parameter or an argument.
    struct Field {
        let name: String
        let type: Int
        let flags: UInt32
        let place: UInt32
        let min, max: Int64
        let fallback: String?
        let help: String
        let prepare: mt_fn?
        func has(_ flag: Int) -> Bool { flags & UInt32(flag) != 0 }
        var isLimited: Bool { min != 0 || max != 0 }
    }
    struct Function {
        let name: String
        let call: mt_fn
        let user: UnsafeMutableRawPointer?
        /// As it stands in the plugin's table: what prepare gets is not watched.
        let ownUser: UnsafeMutableRawPointer?
        let arguments: [Field]
        let places: UInt32
        let help: String
    }
    struct Variable {
        let name: String
        let get, set: mt_fn?
        let user: UnsafeMutableRawPointer?
        let prepare: mt_fn?
        /// As it stands in the plugin's table.
        let ownUser: UnsafeMutableRawPointer?
        let help: String
    }
    struct Command {
        let name: String
        let call: mt_fn
        let user: UnsafeMutableRawPointer?
        let arguments: [Field]
        let help: String
    }
    struct Counter {
        let name: String
        let isGauge: Bool
        let help: String
    }
    struct Event {
        let name: String
        let help: String
    }
    struct Hook {
        let event: String
        let call: mt_fn
        let user: UnsafeMutableRawPointer?
        let order: Int32
        let isOptional: Bool
    }

    let name: String
    let version: String
    let help: String
    let abi: (major: Int, minor: Int)
    private(set) var needs: [Need] = []
    private(set) var offers: [Offer] = []
    private(set) var parameters: [Field] = []
    private(set) var functions: [Function] = []
    private(set) var variables: [Variable] = []
    private(set) var commands: [Command] = []
    private(set) var counters: [Counter] = []
    private(set) var events: [Event] = []
    private(set) var hooks: [Hook] = []
    let initialize: (@convention(c) (UnsafePointer<mt_host>?) -> mt_result)?
    let stop: (@convention(c) (UnsafePointer<mt_host>?) -> Void)?

    /// The ABI that this server speaks.
    static let major = Int(MARTLET_MAJOR), minor = Int(MARTLET_MINOR)

    /// Reads and checks a plugin's table. `file` is what the operator wrote, for the messages.
    init(_ plugin: UnsafePointer<mt_plugin>, file: String) throws(PluginFault) {
        guard plugin.pointee.magic == UInt32(MARTLET_MAGIC) else {
            throw PluginFault(
                "\(file) is not a Martlet plugin: its table does not begin with MARTLET_MAGIC",
                help: "martlet_plugin has to return a table that MT_PLUGIN() began")
        }
        let abi = (major: Int(plugin.pointee.major), minor: Int(plugin.pointee.minor))
        guard abi.major == Self.major else {
            throw PluginFault(
                "\(file) needs ABI \(abi.major).\(abi.minor), and this server speaks \(Self.major).\(Self.minor)",
                help: "use a server that speaks ABI \(abi.major).\(abi.minor), "
                    + "or ask its author for a build for ABI \(Self.major)")
        }
        guard abi.minor <= Self.minor else {
            throw PluginFault(
                "\(file) needs ABI \(abi.major).\(abi.minor), and this server speaks \(Self.major).\(Self.minor)",
                help: "use a server that speaks ABI \(abi.major).\(abi.minor), "
                    + "or ask its author for a build with MARTLET_MINOR \(Self.minor) or less")
        }
        let given = Int(plugin.pointee.size)
        guard given >= 64 else {
            throw PluginFault(
                "\(file) has a table of \(given) bytes, which is shorter than any that ABI 1.0 knows",
                help: "its author has to begin the table with MT_PLUGIN()")
        }
        let copy = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<mt_plugin>.size, alignment: 16)
        memset(copy, 0, MemoryLayout<mt_plugin>.size)
        memcpy(copy, plugin, min(given, MemoryLayout<mt_plugin>.size))
        let table = UnsafePointer(copy.assumingMemoryBound(to: mt_plugin.self))
        defer { copy.deallocate() }

        let reader = TableReader(file: file)
        name = try reader.name(table.pointee.name, of: "the plugin")
        version = reader.text(table.pointee.version) ?? ""
        help = reader.text(table.pointee.help) ?? ""
        self.abi = abi
        initialize = table.pointee.`init`
        stop = table.pointee.stop
        if table.pointee.flags != 0 {
            throw PluginFault(
                "\(file) sets flag bits 0x\(String(table.pointee.flags, radix: 16)) of its table, \(reader.unknown)",
                help: reader.newer)
        }
        try reader.each(table.pointee.needs, "need", size: MemoryLayout<mt_need>.size) {
            at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_need.self)
            let id = try reader.name(item.pointee.id, of: "a need")
            try reader.flags(
                item.pointee.flags, known: MT_OPTIONAL | MT_LATE | MT_BRING, of: "the need \"\(id)\"")
            guard let slot = item.pointee.slot else {
                throw PluginFault("\(file): the need \"\(id)\" has no slot", help: reader.mend)
            }
            let cell = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: UnsafeRawPointer?.self)
            needs.append(
                Need(
                    id: id, major: Int(item.pointee.major), minor: Int(item.pointee.minor),
                    flags: item.pointee.flags, slot: cell))
        }
        try reader.each(table.pointee.offers, "offer", size: MemoryLayout<mt_offer>.size) {
            at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_offer.self)
            let id = try reader.name(item.pointee.id, of: "an offer")
            guard let head = item.pointee.table, head.pointee.size >= 8 else {
                throw PluginFault(
                    "\(file): the table of its offer \"\(id)\" does not begin with an mt_head",
                    help: reader.mend)
            }
            offers.append(Offer(id: id, table: head))
        }
        parameters = try reader.fields(
            table.pointee.params, "parameter",
            known: MT_OPTIONAL | MT_REQUIRED | MT_RELOADABLE | MT_SECRET | MT_VERBATIM | MT_MANY)
        try reader.each(table.pointee.functions, "function", size: MemoryLayout<mt_function>.size) {
            at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_function.self)
            let name = try reader.name(item.pointee.name, of: "a function")
            let call = try reader.callback(item.pointee.call, of: "the function \"\(name)\"")
            try reader.flags(
                item.pointee.where, known: MT_IN_ANY | MT_SUSPENDS, of: "the function \"\(name)\"")
            try reader.zero(item.pointee.reserved, of: "the function \"\(name)\"")
            guard item.pointee.where & UInt32(MT_IN_ANY) != 0 else {
                throw PluginFault(
                    "\(file): the function \"\(name)\" may be called nowhere", help: reader.mend)
            }
            let watched =
                host.isStrict
                ? Guard.function(
                    call, item.pointee.user, suspends: item.pointee.where & UInt32(MT_SUSPENDS) != 0)
                : (call: call, user: item.pointee.user)
            functions.append(
                Function(
                    name: name, call: watched.call, user: watched.user, ownUser: item.pointee.user,
                    arguments: try reader.fields(
                        item.pointee.args, "argument", of: name, known: MT_OPTIONAL | MT_VERBATIM),
                    places: item.pointee.where, help: reader.text(item.pointee.help) ?? ""))
        }
        try reader.each(table.pointee.variables, "variable", size: MemoryLayout<mt_variable>.size) {
            at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_variable.self)
            let name = try reader.name(item.pointee.name, of: "a variable")
            if item.pointee.get == nil && item.pointee.set == nil {
                _ = try reader.callback(nil, of: "the variable \"\(name)\"")
            }
            let (get, set, user) = (item.pointee.get, item.pointee.set, item.pointee.user)
            let watched = host.isStrict ? Guard.variable(get, set, user) : (get: get, set: set, user: user)
            variables.append(
                Variable(
                    name: name, get: watched.get, set: watched.set, user: watched.user,
                    prepare: item.pointee.prepare, ownUser: user, help: reader.text(item.pointee.help) ?? ""))
        }
        try reader.each(table.pointee.commands, "command", size: MemoryLayout<mt_command>.size) {
            at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_command.self)
            let name = try reader.name(item.pointee.name, of: "a command")
            commands.append(
                Command(
                    name: name, call: try reader.callback(item.pointee.call, of: "the command \"\(name)\""),
                    user: item.pointee.user,
                    arguments: try reader.fields(
                        item.pointee.args, "argument", of: name, known: MT_OPTIONAL, least: MT_NULL),
                    help: reader.text(item.pointee.help) ?? ""))
        }
        try reader.each(table.pointee.counters, "counter", size: MemoryLayout<mt_counter>.size) {
            at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_counter.self)
            let name = try reader.name(item.pointee.name, of: "a counter")
            try reader.zero(item.pointee.reserved, of: "the counter \"\(name)\"")
            guard item.pointee.kind <= UInt32(MT_GAUGE) else {
                throw PluginFault(
                    "\(file): the counter \"\(name)\" has kind \(item.pointee.kind), \(reader.unknown)",
                    help: reader.newer)
            }
            counters.append(
                Counter(
                    name: name, isGauge: item.pointee.kind == UInt32(MT_GAUGE),
                    help: reader.text(item.pointee.help) ?? ""))
        }
        try reader.each(table.pointee.events, "event", size: MemoryLayout<mt_event>.size) {
            at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_event.self)
            events.append(
                Event(
                    name: try reader.name(item.pointee.name, of: "an event"),
                    help: reader.text(item.pointee.help) ?? ""))
        }
        try reader.each(table.pointee.hooks, "hook", size: MemoryLayout<mt_hook>.size) {
            at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_hook.self)
            let event = try reader.name(item.pointee.event, of: "a hook")
            try reader.flags(item.pointee.flags, known: MT_OPTIONAL, of: "the hook on \"\(event)\"")
            let call = try reader.callback(item.pointee.call, of: "the hook on \"\(event)\"")
            let watched =
                host.isStrict ? Guard.hook(call, item.pointee.user) : (call: call, user: item.pointee.user)
            hooks.append(
                Hook(
                    event: event, call: watched.call, user: watched.user, order: item.pointee.order,
                    isOptional: item.pointee.flags & UInt32(MT_OPTIONAL) != 0))
        }
        try reader.once(parameters.map(\.name), "parameter")
        try reader.once(offers.map(\.id), "offer")
        try reader.once(needs.map(\.id), "need")
        try reader.once(variables.map(\.name), "variable")
        try reader.once(commands.map(\.name), "command")
        try reader.once(counters.map(\.name), "counter")
        try reader.once(events.map(\.name), "event")
        // One name may stand for several functions, as long as a call can tell them apart.
        let shapes = functions.flatMap { function in
            let least = (function.arguments.lastIndex { !$0.has(MT_OPTIONAL) } ?? -1) + 1
            return (least...function.arguments.count).map { count in
                let arguments = count == 0 ? "no arguments" : count == 1 ? "1 argument" : "\(count) arguments"
                return "\"\(function.name)\" with \(arguments)"
            }
        }
        try reader.once(shapes, "function", quoted: false)
    }

    /// Sets what the plugin's own code will read through its needs.
    func fill(_ need: Need, with table: UnsafeRawPointer?) { need.slot.pointee = table }
}
