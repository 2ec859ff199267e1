// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// Why a plugin cannot be used, without the place: the line that loads it supplies that.
struct PluginFault: Error, Equatable {
    let what: String
    let notes: [String]
    let help: String
    /// Whether the line is shown too: not when the fault lies in the file that it names.
    let quotes: Bool

    init(_ what: String, notes: [String] = [], help: String, quotes: Bool = false) {
        self.what = what
        self.notes = notes
        self.help = help
        self.quotes = quotes
    }
}

/// Reads the lists of a plugin's table, item by item.
struct TableReader {
    let file: String
    let mend = "this is for its author to mend"
    let unknown = "which this server does not know"
    let newer =
        "use a newer server, or ask its author for a build for ABI \(PluginTable.major).\(PluginTable.minor)"

    func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }

    func name(_ pointer: UnsafePointer<CChar>?, of what: String) throws(PluginFault) -> String {
        guard let name = text(pointer), !name.isEmpty else {
            throw PluginFault("\(file): \(what) has no name", help: mend)
        }
        return name
    }

    func callback(_ call: mt_fn?, of what: String) throws(PluginFault) -> mt_fn {
        guard let call else { throw PluginFault("\(file): \(what) has no code to call", help: mend) }
        return call
    }

    /// A bit that was ignored once can never be given a meaning, so one we do not know is refused.
    func flags(_ flags: UInt32, known: Int, of what: String) throws(PluginFault) {
        let unknown = flags & ~UInt32(known)
        guard unknown == 0 else {
            throw PluginFault(
                "\(file): \(what) sets flag bits 0x\(String(unknown, radix: 16)), \(self.unknown)",
                help: newer)
        }
    }

    /// The same goes for what is reserved.
    func zero(_ reserved: UInt32, of what: String) throws(PluginFault) {
        guard reserved == 0 else {
            throw PluginFault("\(file): \(what) has something in a field that is reserved", help: mend)
        }
    }

    func each(
        _ list: mt_list, _ kind: String, of owner: String? = nil, size: Int,
        _ body: (UnsafeRawPointer) throws(PluginFault) -> Void
    ) throws(PluginFault) {
        guard list.count > 0 else { return }
        guard let items = list.items, list.stride >= 8, list.count < 65_536 else {
            throw PluginFault("\(file): its list of \(kind)s\(part(of: owner)) is broken", help: mend)
        }
        let copy = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        defer { copy.deallocate() }
        for index in 0..<Int(list.count) {
            memset(copy, 0, size)
            memcpy(copy, items + index * Int(list.stride), min(size, Int(list.stride)))
            try body(UnsafeRawPointer(copy))
        }
    }

    /// `owner` is the function or command that they are arguments of, `least` the first type they may have.
    func fields(
        _ list: mt_list, _ kind: String, of owner: String? = nil, known: Int, least: Int = MT_INT
    ) throws(PluginFault) -> [PluginTable.Field] {
        var fields: [PluginTable.Field] = []
        try each(list, kind, of: owner, size: MemoryLayout<mt_field>.size) { at throws(PluginFault) in
            let item = at.assumingMemoryBound(to: mt_field.self)
            let name = try name(
                item.pointee.name, of: "\(owner == nil ? "a" : "an") \(kind)\(part(of: owner))")
            let what = "the \(kind) \"\(name)\"\(part(of: owner))"
            try flags(item.pointee.flags, known: known, of: what)
            try zero(item.pointee.reserved, of: what)
            guard (UInt32(least)...UInt32(MT_URL)).contains(item.pointee.type) else {
                throw PluginFault(
                    "\(file): \(what) has type \(item.pointee.type), \(unknown)", help: newer)
            }
            fields.append(
                PluginTable.Field(
                    name: name, type: Int(item.pointee.type), flags: item.pointee.flags,
                    place: item.pointee.where,
                    min: item.pointee.min, max: item.pointee.max, fallback: text(item.pointee.fallback),
                    help: text(item.pointee.help) ?? "", prepare: item.pointee.prepare))
        }
        return fields
    }

    private func part(of owner: String?) -> String { owner.map { " of \"\($0)\"" } ?? "" }

    func once(_ names: [String], _ kind: String, quoted: Bool = true) throws(PluginFault) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw PluginFault(
                "\(file): it has the \(kind) \(quoted ? "\"\(name)\"" : name) twice", help: mend)
        }
    }
}
