// SPDX-License-Identifier: Apache-2.0

/// The answer of one command, put together piece by piece.
public struct Answering: Sendable {
    private struct Level {
        let key: String
        let isList: Bool
        var members: [JSON.Member] = []
        var values: [JSON] = []
    }

    private let method: String
    private let id: JSON?
    private var open: [Level] = []
    private var all: [JSON] = []

    public init(_ method: String, id: JSON?) {
        self.method = method
        self.id = id
    }

    public mutating func put(_ key: String, _ value: JSON) {
        guard let last = open.indices.last else {
            // Names mean nothing outside of structures.
            all.append(value)
            return
        }
        if !open[last].isList {
            open[last].members.append(JSON.Member(key, value))
        } else {
            open[last].values.append(value)
        }
    }

    public mutating func open(_ key: String, list: Bool) { open.append(Level(key: key, isList: list)) }

    public mutating func close() {
        guard let level = open.popLast() else { return }
        let value: JSON = level.isList ? .array(level.values) : .object(Answering.merged(level.members))
        if let last = open.indices.last, open[last].isList, !level.key.isEmpty {
            // A structure with a name in a list: an object of one member, as tools expect of "Contacts".
            open[last].values.append(.object([JSON.Member(level.key, value)]))
        } else {
            put(level.key, value)
        }
    }

    /// The whole answer.
    public consuming func finished() -> JSON {
        while !open.isEmpty { close() }
        let result: JSON =
            switch all.count {
            case 1 where !Answering.lists.contains(method): all[0]
            case 0 where !Answering.lists.contains(method): .object([])
            default: .array(all)
            }
        return Answering.object("result", result, id)
    }

    public static func fault(code: Int, message: String, id: JSON?) -> JSON {
        let error: JSON = .object([
            JSON.Member("code", .int(Int64(code))), JSON.Member("message", .text(message)),
        ])
        return object("error", error, id)
    }

    private static func object(_ name: String, _ value: JSON, _ id: JSON?) -> JSON {
        var members = [JSON.Member("jsonrpc", .text("2.0")), JSON.Member(name, value)]
        if let id { members.append(JSON.Member("id", id)) }
        return .object(members)
    }

    /// No reader of JSON keeps two members of one name: what is repeated becomes a list, where it first stood.
    private static func merged(_ members: [JSON.Member]) -> [JSON.Member] {
        var counts: [String: Int] = [:]
        for member in members { counts[member.name, default: 0] += 1 }
        guard counts.count < members.count else { return members }
        var merged: [JSON.Member] = []
        for member in members {
            guard let count = counts.removeValue(forKey: member.name) else { continue }
            merged.append(
                count == 1
                    ? member
                    : JSON.Member(
                        member.name, .array(members.filter { $0.name == member.name }.map(\.value))))
        }
        return merged
    }

    /// Commands whose answer is a list however many it tells of, none or one.
    static let lists: Set<String> = [
        "system.listMethods", "core.echo", "core.prints", "core.printi", "core.ps", "core.psa", "core.psx",
        "core.pwd", "core.arg", "core.modules", "core.ppdefines", "core.ppdefines_full",
        "core.sockets_list", "core.tcp_list", "corex.list_sockets", "corex.list_aliases", "dns.view",
        "dns.lookup", "dst_blocklist.view", "jsonrpc.echo", "cfg.list", "cfg.diff", "stats.get_statistics",
        "stats.clear_statistics", "tm.list", "dlg.list", "dlg.list_ctx", "dlg.list_match", "dlg.dlg_list",
        "dlg.briefing", "dlg.profile_list", "htable.dump", "htable.listTables", "htable.stats",
        "sca.all_subscriptions", "sca.all_appearances", "sca.show_subscription", "sca.show_appearance",
        "pkg.stats", "mod.stats", "mod.mem_stats", "permissions.addressDump", "permissions.subnetDump",
        "permissions.domainDump", "permissions.trustedDump", "plugin.list", "ctl.listen", "ctl.who",
    ]
}
