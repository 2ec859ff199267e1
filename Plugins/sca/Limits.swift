// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import ScaLogic
import Synchronization

/// Who may use which line, and how many calls it has at a time: the table sca_groups, in memory.
enum Limits {
    struct Line: Sendable {
        /// 0: no limit.
        var maximum = 0
        var members: [String] = []
    }

    private static let all = Mutex<[String: Line]>([:])

    /// [main] Nothing is asked of the database yet.
    static func prepare() { all.withLock { $0 = [:] } }

    static var isUsed: Bool { groupsTable.value != nil }

    static func key(_ name: LineName) -> String { "\(name.user)@\(String(name.host).lowercased())" }

    static func replace(by lines: [String: Line]) { all.withLock { $0 = lines } }

    static func line(_ name: LineName) -> Line? {
        guard isUsed else { return nil }
        let key = key(name)
        return all.withLock { $0[key] }
    }

    /// May this SUBSCRIBE share that line?
    static func allows(_ name: LineName, _ message: Message, contact: Text) -> Bool {
        guard isUsed else { return true }
        guard let line = line(name) else { return !groupsOnly.value }
        if line.members.isEmpty { return true }
        let user = username(message)
        return line.members.contains { member in
            member.withRaw { raw in
                let member = Text(unchecked: raw)
                return fits(member, contact) || fits(member, message.fromURI)
                    || (!user.isEmpty && (member == user))
            }
        }
    }

    /// "*", a user's name, a URI without its parameters, or a URI with a host alone.
    private static func fits(_ member: Text, _ uri: Text) -> Bool {
        if member == "*" as StaticString { return true }
        guard let wanted = LineName(member), let found = LineName(uri) else { return false }
        guard wanted.host.equalsIgnoringCase(found.host) else { return false }
        return wanted.user.isEmpty || wanted.user == found.user
    }

    /// Of the credentials: the script has checked them, or it does not care.
    @_lifetime(copy message) private static func username(_ message: Message) -> Text {
        for header in [proxyAuthorizationHeader, authorizationHeader] {
            let body = message.header(header)
            guard let start = body.find("username=\"" as StaticString) else { continue }
            let value = body.dropFirst(start + 10)
            return value.prefix(value.firstIndex(of: UInt8(ascii: "\"")) ?? 0)
        }
        return message.fromURI.prefix(0)
    }
}

/// Rows of sca_groups on their way to `Limits`.
final class LimitRows: @unchecked Sendable {
    private var lines: [String: Limits.Line] = [:]

    func add(aor: Text, member: Text, maximum: Int) {
        guard let name = LineName(aor) else {
            Host.log(.warning, "sca_groups: \"\(aor)\" is no SIP URI, and its row is of no use")
            return
        }
        let key = Limits.key(name)
        if maximum > 0 { lines[key, default: Limits.Line()].maximum = maximum }
        if !member.isEmpty {
            lines[key, default: Limits.Line()].members.append(String(member))
        } else if lines[key] == nil {
            lines[key] = Limits.Line()
        }
    }

    var count: Int { lines.count }
    func publish() { Limits.replace(by: lines) }
}
