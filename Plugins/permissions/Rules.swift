// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PermissionsLogic
import PluginKit
import Synchronization

/// The two files that say who may reach whom. They live as long as the process.
final class Rules: Sendable {
    private let allow, deny: RuleFile
    /// As the script names them: a base, or both files.
    private let first, second: String

    private init(_ first: String, _ second: String) {
        self.first = first
        self.second = second
        allow = RuleFiles.file(second.isEmpty ? "\(first)\(allowSuffix.value)" : first)
        deny = RuleFiles.file(second.isEmpty ? "\(first)\(denySuffix.value)" : second)
    }

    private static let all = Mutex<[Rules]>([])

    /// - Parameter second: empty when the first is a base.
    static func named(_ first: Text, _ second: Text) -> Rules {
        let first = first.isEmpty ? allowFile.value : first
        let second =
            first.isEmpty || second.isEmpty && first.equals(allowFile.value) ? denyFile.value : second
        let a = first.raw
        let b = second.raw
        return all.withLock { all in
            for rules in all
            where Text(unchecked: a).equals(rules.first) && Text(unchecked: b).equals(rules.second) {
                return rules
            }
            let rules = Rules(String(Text(unchecked: a)), String(Text(unchecked: b)))
            all.append(rules)
            return rules
        }
    }

    func allows(from: Text, to: Text) -> Bool { RuleFile.allows(allow, deny, from: from, to: to) }

    // MARK: - what the functions ask

    /// allow_routing(): the caller, and where the request goes.
    func allowsRouting(_ message: Message) -> Bool {
        let from = plain(message.fromURI, message)
        guard allows(from: from, to: plain(message.uri, message)) else { return false }
        guard checksBranches.value else { return true }
        for index in 0..<message.targetCount {
            guard let target = Server.message.pointee.target(message.raw, UInt32(index)) else { continue }
            let uri = Text(unchecked: target.pointee.uri)
            guard allows(from: from, to: plain(uri, message)) else { return false }
        }
        return true
    }

    /// allow_register(): who is registered, and at which contacts.
    func allowsRegister(_ message: Message) -> Bool {
        let to = plain(message.toURI, message)
        var fields = message.headers(contactHeader)
        while let field = fields.next() {
            if field.body.trimmed.equals("*") { return true }
            var list = field.body
            while let address = list.takeAddress() {
                guard allows(from: to, to: plain(address.uri, message)) else { return false }
            }
        }
        return true
    }

    func allowsURI(_ message: Message, _ uri: Text) -> Bool {
        allows(from: plain(message.fromURI, message), to: plain(uri, message))
    }

    /// Scheme, user and host, as patterns are written for.
    @_lifetime(copy uri) private func plain(_ uri: Text, _ message: Message) -> Text {
        guard let parsed = URI(uri) else { return uri }
        let end = parsed.host.raw
        guard let start = uri.raw.ptr, let host = end.ptr else { return uri }
        let count = min(max(host - start + end.len, 0), uri.count)
        return uri.prefix(count)
    }
}

let contactHeader = Header("Contact")

/// The files of rules, read while the script is: nothing is read while requests wait.
enum RuleFiles {
    /// Written on the main thread before traffic only.
    nonisolated(unsafe) private static var files: [String: RuleFile] = [:]

    /// One that was not read is as good as empty, and that is told.
    static func file(_ path: String) -> RuleFile {
        if let file = files[path] { return file }
        Host.log(.warning, "there is no file \(path): its rules are as good as empty")
        return RuleFile()
    }

    static func readDefaults() {
        read(String(allowFile.value))
        read(String(denyFile.value))
    }

    private static func read(_ path: String) {
        guard files[path] == nil, let text = TextFile.read(path) else { return }
        let (file, wrong) = RuleFile.read(text)
        for line in wrong { Host.log(.error, "\(path):\(line): not a rule: \"from\" : \"to\"") }
        Host.log(.info, "\(path): \(file.count) rules")
        files[path] = file
    }

    /// For an argument: it may be a base, or a file.
    static let prepare: mt_fn = { raw in
        guard let raw else { return Outcome.error.code }
        let name = String(Text(unchecked: raw.pointee.args.pointee.str))
        for path in [name, "\(name)\(allowSuffix.value)", "\(name)\(denySuffix.value)"] { read(path) }
        return Outcome.yes.code
    }
}
