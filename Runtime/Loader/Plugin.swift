// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Script

/// A plugin that was loaded: its table, where the file asks for it, and the server as it sees it.
///
/// It lives as long as the process, like the image it came from.
final class Plugin {
    let table: PluginTable
    /// What the operator wrote, for messages: "dialog.so".
    let file: String
    let path: String
    /// The text of the loadmodule line that names it.
    let place: Place
    /// Its number, from 0 in file order; also its slot in every message.
    let index: Int
    /// What callbacks get; its first field is the mt_host of the ABI.
    let host: UnsafeMutablePointer<HostBlock>
    /// The values of its parameters, by position: as the file set them, until RunningSettings makes new ones.
    var values: UnsafeMutablePointer<mt_value>
    var isInitialized = false
    /// Something of it has been told to be wrong: its init is not to be called.
    var isBroken = false
    /// Whether each parameter was set by the file, for plugin.list.
    var isSet: [Bool]

    var name: String { table.name }

    init(table: PluginTable, file: String, path: String, place: Place, index: Int) {
        self.table = table
        self.file = file
        self.path = path
        self.place = place
        self.index = index
        let count = max(1, table.parameters.count)
        values = .allocate(capacity: count)
        values.initialize(repeating: mt_value(), count: count)
        isSet = Array(repeating: false, count: table.parameters.count)
        host = .allocate(capacity: 1)
        host.initialize(to: HostBlock(index: index, name: table.name, values: values, place: place))
    }

    /// Opens the file and reads the table of the plugin in it; nothing else of the plugin's runs.
    static func open(_ path: String, file: String) throws(PluginFault) -> PluginTable {
        if let image = ELFImage(path: path) {
            if let flaw = image.flaw { throw flawed(file, flaw) }
            if !image.exports.contains("martlet_plugin") { throw notAPlugin(file, image) }
        }
        guard let image = dlopen(path, RTLD_NOW | RTLD_LOCAL | Int32(RTLD_NODELETE)) else {
            throw cannotOpen(file, String(cString: dlerror()))
        }
        guard let symbol = dlsym(image, "martlet_plugin") else {
            throw PluginFault(
                "\(file) is not a Martlet plugin: it does not export martlet_plugin", help: "check the file")
        }
        let entry = unsafeBitCast(symbol, to: Entry.self)
        let abi = UInt32(MARTLET_MAJOR) << 16 | UInt32(MARTLET_MINOR)
        guard let plugin = entry(abi) else {
            throw PluginFault(
                "\(file) has no table for ABI \(PluginTable.major).\(PluginTable.minor): martlet_plugin answered NULL",
                help: "ask its author for a build for ABI \(PluginTable.major)")
        }
        guard entry(abi) == plugin else {
            throw PluginFault(
                "\(file): martlet_plugin answers another table each time",
                help: "its author has to return one constant table")
        }
        return try PluginTable(plugin, file: file)
    }

    private typealias Entry = @convention(c) (UInt32) -> UnsafePointer<mt_plugin>?

    private static func flawed(_ file: String, _ flaw: ELFImage.Flaw) -> PluginFault {
        switch flaw {
        case .otherMachine:
            PluginFault(
                "\(file) is built for another kind of machine",
                help: "build it for this one, \(Version.machine)")
        case .notShared: PluginFault("\(file) is not a shared object", help: "link it with -shared")
        case .cutShort:
            PluginFault(
                "\(file) is not whole: its end is missing", help: "copy it again, or build it anew")
        }
    }

    private static func notAPlugin(_ file: String, _ image: ELFImage) -> PluginFault {
        let base = PluginSearch.base(file)
        let foreign = ["module_version", "exports", "_\(base)_exports"].first(where: image.exports.contains)
        guard let foreign else {
            return PluginFault(
                "\(file) is not a Martlet plugin: it does not export martlet_plugin",
                help: "a plugin is built against martlet.h; see PluginAPI/README.md")
        }
        return PluginFault(
            "\(file) is not a Martlet plugin: it does not export martlet_plugin",
            notes: ["it exports \"\(foreign)\", as modules of another SIP server do; those cannot be loaded"],
            help: "look for a Martlet port of it")
    }

    /// Says in words what dlopen says in symbols.
    private static func cannotOpen(_ file: String, _ reason: String) -> PluginFault {
        if let end = reason.range(of: ": cannot open shared object file") {
            let library = reason[..<end.lowerBound].split(separator: " ").last.map(String.init) ?? ""
            if !library.contains("/") {
                return PluginFault(
                    "\(file) cannot be opened: \(library) is missing",
                    help: "install that library; the plugin itself is in order")
            }
        }
        if let at = reason.range(of: "undefined symbol: ") {
            let symbol = reason[at.upperBound...].prefix { $0 != " " && $0 != "," && $0 != "(" }
            return PluginFault(
                "\(file) cannot be opened: nothing offers the symbol \"\(symbol)\" that it uses",
                help: "its author has to link it with the library that has it")
        }
        if reason.contains("invalid ELF header") || reason.contains("file too short") {
            return PluginFault(
                "\(file) is not a shared object", help: "check what the file is, and build it anew")
        }
        return PluginFault(
            "\(file) cannot be opened: \(reason)", help: "mend that; the line itself is in order")
    }
}

extension String {
    /// The first place of a text in this one.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
