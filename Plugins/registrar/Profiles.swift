// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

/// Contacts that a script has fetched, under names of its own: reg_fetch_contacts() and $ulc. Each worker has
/// its own.
final class Profiles: @unchecked Sendable {
    private final class Fetched {
        let owner: OwnMessage
        let contacts: UnsafeBufferPointer<ul_contact>
        /// A message of its own is the memory that the contacts live in.
        init(_ owner: consuming OwnMessage, _ table: Table, _ key: mt_str) {
            self.owner = owner
            contacts = Message(self.owner.raw).contacts(table, key)
        }
    }

    private var all: [String: Fetched] = [:]

    /// By worker; made before traffic.
    nonisolated(unsafe) private static var workers: [Profiles] = []
    static func prepare() { workers = (0..<max(Host.workers, 1)).map { _ in Profiles() } }
    static func of(_ call: borrowing Call) -> Profiles { workers[min(call.worker, workers.count - 1)] }

    private static let again = Action { fetch($0, isFetched: true) }
    static func fetch(_ call: borrowing Call) -> Outcome { fetch(call, isFetched: false) }

    private static func fetch(_ call: borrowing Call, isFetched: Bool) -> Outcome {
        let table = Table.read(call.raw.pointee.args)
        let name = String(call.argument(2).text)
        guard table.raw != nil, !name.isEmpty else { return .no }
        let key: mt_str
        do throws(Refusal) { key = try Key.of(call.argument(1).text, call.message) } catch { return .no }
        if !isFetched {
            let outcome = Waiting.fetch(call, table, key, then: again)
            if outcome == .suspended { return .suspended }
        }
        let profiles = of(call)
        profiles.all[name] = nil
        guard let owner = OwnMessage.request("OPTIONS", "sip:registrar@localhost.invalid") else {
            return .error
        }
        let fetched = Fetched(owner, table, key)
        guard !fetched.contacts.isEmpty else { return .no }
        profiles.all[name] = fetched
        return .yes
    }

    static func free(_ call: borrowing Call, _ name: Text) -> Outcome {
        of(call).all[String(name)] = nil
        return .yes
    }

    /// The hook on "usrloc.contact-expired": `exp` is what has expired, while the script's event_route runs.
    static func expired(_ call: borrowing Call) -> Outcome {
        guard let contact = call.data(as: ul_contact.self), call.hasMessage else { return .yes }
        // The event's message lives as long as its route runs, and so does the copy.
        let memory = call.message.allocate(MemoryLayout<ul_contact>.stride)
        guard let start = memory.baseAddress else { return .yes }
        let copy = start.bindMemory(to: ul_contact.self, capacity: 1)
        var kept = contact.pointee
        let message = call.message
        kept.uri = message.keep(kept.uri).raw
        kept.received = message.keep(kept.received).raw
        kept.path = message.keep(kept.path).raw
        kept.call_id = message.keep(kept.call_id).raw
        kept.user_agent = message.keep(kept.user_agent).raw
        kept.instance = message.keep(kept.instance).raw
        kept.ruid = message.keep(kept.ruid).raw
        kept.aor = message.keep(kept.aor).raw
        copy.initialize(to: kept)
        message.slot = UInt64(UInt(bitPattern: copy))
        return .yes
    }

    // MARK: - $ulc

    /// Looks at a constant key of it.
    static let check: mt_fn = { raw in
        var rest = Text(unchecked: raw.unsafelyUnwrapped.pointee.args[0].str)
        guard rest.take(upTo: UInt8(ascii: "=")) != nil, !rest.isEmpty, rest[0] == UInt8(ascii: ">") else {
            return Host.fail("it wants a profile and an attribute", help: "write $ulc(profile=>attribute)")
                .code
        }
        let attribute = rest.dropFirst().trimmed
        let blank = ul_contact()
        guard attribute.equals("count") || text(blank, attribute) != nil || number(blank, attribute) != nil
        else {
            return Host.fail(
                "a contact has no \"\(String(attribute))\"",
                help:
                    "there are aor, addr, path, received, expires, ..., and count: see the README of registrar"
            ).code
        }
        return Outcome.yes.code
    }

    static func read(_ call: borrowing Call, _ key: Variable.Key) -> Outcome {
        var rest = key.name
        guard let name = rest.take(upTo: UInt8(ascii: "=")), !rest.isEmpty, rest[0] == UInt8(ascii: ">")
        else {
            return call.answerNull()
        }
        let attribute = rest.dropFirst().trimmed
        if name.trimmed.equals("exp") {
            guard call.hasMessage,
                let contact = UnsafePointer<ul_contact>(bitPattern: UInt(call.message.slot))
            else {
                return call.answerNull()
            }
            return answer(call, contact.pointee, attribute)
        }
        guard let fetched = of(call).all[String(name.trimmed)] else { return call.answerNull() }
        let count = fetched.contacts.count
        if attribute.equals("count") { return call.answer(count) }
        var index = key.index ?? 0
        if index < 0 { index += count }
        guard fetched.contacts.indices.contains(index) else { return call.answerNull() }
        return answer(call, fetched.contacts[index], attribute)
    }

    private static func answer(_ call: borrowing Call, _ contact: ul_contact, _ attribute: Text) -> Outcome {
        if let text = text(contact, attribute) {
            if text.len == 0 { return call.answerNull() }
            guard call.hasMessage else { return call.answer(Text(unchecked: text)) }
            return call.answer(call.message.keep(text))
        }
        guard let number = number(contact, attribute) else { return call.answerNull() }
        return call.answer(number)
    }

    private static func text(_ contact: ul_contact, _ attribute: Text) -> mt_str? {
        if attribute.equals("aor") { return contact.aor }
        if attribute.equals("domain") { return domain(contact.aor) }
        if attribute.equals("addr") { return contact.uri }
        if attribute.equals("path") { return contact.path }
        if attribute.equals("received") { return contact.received }
        if attribute.equals("callid") { return contact.call_id }
        if attribute.equals("user_agent") { return contact.user_agent }
        if attribute.equals("instance") { return contact.instance }
        if attribute.equals("ruid") { return contact.ruid }
        if attribute.equals("socket") {
            return contact.socket == UL_NO_SOCKET ? mt_str() : Server.net.pointee.socket(contact.socket)
        }
        return nil
    }

    private static func domain(_ aor: mt_str) -> mt_str {
        let text = Text(unchecked: aor)
        guard let at = text.firstIndex(of: UInt8(ascii: "@")) else { return mt_str() }
        return text.dropFirst(at + 1).raw
    }

    private static func number(_ contact: ul_contact, _ attribute: Text) -> Int? {
        if attribute.equals("aorhash") { return Int(usrloc.table.pointee.hash(contact.aor)) }
        if attribute.equals("expires") { return Int(contact.expires) }
        if attribute.equals("q") { return Int(contact.q) }
        if attribute.equals("cseq") { return Int(contact.cseq) }
        if attribute.equals("flags") { return Int(contact.flags) }
        if attribute.equals("cflags") { return Int(contact.cflags) }
        if attribute.equals("modified") { return Int(contact.modified) }
        if attribute.equals("methods") { return contact.methods == UL_ANY_METHOD ? -1 : Int(contact.methods) }
        if attribute.equals("reg_id") { return Int(contact.reg_id) }
        if attribute.equals("conid") { return Int(truncatingIfNeeded: contact.connection) }
        if attribute.equals("server_id") { return Int(contact.server_id) }
        return nil
    }
}
