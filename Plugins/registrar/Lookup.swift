// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

/// lookup() and its kin: from an address of record to where its owner can be reached.
enum Lookup {
    /// What is done with the contacts that are found.
    enum Way {
        /// The first is the Request-URI, the others are branches.
        case request
        /// All of them are branches.
        case branches
    }

    private static let again = Action { lookup($0, .request, isFetched: true) }
    private static let toBranchesAgain = Action { lookup($0, .branches, isFetched: true) }

    static func start(_ call: borrowing Call, _ way: Way) -> Outcome { lookup(call, way, isFetched: false) }

    private static func lookup(_ call: borrowing Call, _ way: Way, isFetched: Bool) -> Outcome {
        let message = call.message
        let table = Table.read(call.raw.pointee.args)
        guard table.raw != nil else {
            Host.log(.error, "lookup: there is no table of that name")
            return Outcome(-3)
        }
        let given = call.argument(1).text
        let uri = Configured.address(call, given: given, otherwise: message.uri)
        guard let target = Target(uri, message) else { return Outcome(-3) }
        if !isFetched {
            let then = way == .request ? again : toBranchesAgain
            let outcome = Waiting.fetch(call, table, target.key, then: then)
            if outcome == .suspended { return .suspended }
        }
        let found = Found(message, table, target)
        guard found.count > 0 else { return found.hidden > 0 ? Outcome(-2) : .no }
        Details.forget(message)
        found.apply(to: message, way)
        return .yes
    }

    /// lookup_branches(): the Request-URI, and the branches that the request has already.
    static func branches(_ call: borrowing Call) -> Outcome {
        let message = call.message
        let table = Table.read(call.raw.pointee.args)
        guard table.raw != nil else { return Outcome(-3) }
        // Those that are there now: what is found is added behind them.
        let count = message.number(.targets) ?? 0
        var kept: [mt_target] = []
        for index in 0..<count {
            if let target = Server.message.pointee.target(message.raw, UInt32(index)) {
                kept.append(target.pointee)
            }
        }
        message.clearTargets()
        var isFound = false
        var worst = Outcome.no
        if let target = Target(message.uri, message) {
            let found = Found(message, table, target)
            if found.count > 0 {
                found.apply(to: message, .request)
                isFound = true
            } else if found.hidden > 0 {
                worst = Outcome(-2)
            }
        }
        for var target in kept {
            let uri = Text(unchecked: target.uri)
            if let parsed = URI(uri), parsed.isMine, let wanted = Target(uri, message) {
                let found = Found(message, table, wanted)
                guard found.count > 0 else { continue }
                found.apply(to: message, .branches)
            } else {
                message.add(&target)
            }
            isFound = true
        }
        return isFound ? .yes : worst
    }
}

/// Whom a URI means: all contacts of somebody, one device, or one contact.
private struct Target {
    enum Part {
        case all
        /// A public GRUU.
        case instance(mt_str)
        /// A temporary GRUU: the name of a contact.
        case contact(ruid: mt_str, hash: UInt32)
    }

    let key: mt_str
    let part: Part

    init?(_ uri: Text, _ message: Message) {
        guard let parsed = URI(uri) else { return nil }
        if gruuEnabled.value != 0, let instance = parsed.param("gr") {
            if instance.isEmpty {
                guard let (length, hash) = GRUU.temporary(parsed.user) else { return nil }
                key = mt_str("")
                part = .contact(ruid: parsed.user.prefix(length).raw, hash: hash)
                return
            }
            part = .instance(bare(Text(unchecked: unescaped(instance, message))).raw)
        } else {
            part = .all
        }
        do throws(Refusal) { key = try Key.of(uri, message) } catch { return nil }
    }
}

/// The contacts that a request may go to.
private struct Found {
    private let contacts: UnsafeBufferPointer<ul_contact>
    private let method: UInt32
    private let part: Target.Part
    private let filters: Bool
    /// The branch flags of which a contact has to have one; 0: it need not.
    private let wantedFlags: UInt32
    /// Who registered over a connection that is closed cannot be reached.
    private let leavesLostOut: Bool
    private(set) var count = 0
    /// Contacts that do not allow the method.
    private(set) var hidden = 0

    init(_ message: Message, _ table: Table, _ target: Target) {
        part = target.part
        method = Methods.bit(message.methodText)
        // Within a dialog the method is theirs to refuse.
        filters = methodFiltering.value != 0 && message.toTag.isEmpty
        leavesLostOut = lookupFilterMode.value & 2 != 0
        wantedFlags = lookupFilterMode.value & 1 != 0 ? Configured.wantedFlags(message) : 0
        switch target.part {
        case .all, .instance:
            contacts = message.contacts(table, target.key, withExpired: useExpiredContacts.value != 0)
        case .contact(let ruid, let hash):
            let one = usrloc.table.pointee.contact(message.raw, table.raw, hash, ruid)
            contacts = UnsafeBufferPointer(start: one, count: one == nil ? 0 : 1)
        }
        for contact in contacts where isMeant(contact) {
            if allows(contact) { count += 1 } else { hidden += 1 }
        }
        // A public GRUU is one device: the last flow of it that was heard of (RFC 5626, 7).
        if case .instance = target.part, count > 1 { count = 1 }
    }

    private func isMeant(_ contact: ul_contact) -> Bool {
        if wantedFlags != 0, contact.cflags & wantedFlags == 0 { return false }
        if leavesLostOut, contact.connection != 0, !OpenConnections.has(contact.connection) { return false }
        guard case .instance(let wanted) = part else { return true }
        return bare(Text(unchecked: contact.instance)).equals(wanted)
    }

    private func allows(_ contact: ul_contact) -> Bool {
        !filters || contact.methods == UL_ANY_METHOD || contact.methods & method != 0
    }

    func apply(to message: Message, _ way: Lookup.Way) {
        if recordVariable.value != nil { noteDetails(message) }
        if usrloc.table.pointee.has_attributes() { restoreAttributes(message) }
        if case .instance = part {
            guard let latest else { return }
            if way == .request { latest.becomeRequest(message) } else { latest.becomeBranch(message) }
            return
        }
        var isFirst = way == .request
        for contact in contacts where isMeant(contact) && allows(contact) {
            if isFirst {
                contact.becomeRequest(message)
                isFirst = false
                if appendBranches.value == 0 { break }
            } else {
                contact.becomeBranch(message)
            }
        }
    }

    /// The flow of the device that was last heard of.
    private var latest: ul_contact? {
        var latest: ul_contact?
        for contact in contacts where isMeant(contact) && allows(contact) {
            if latest.map({ contact.modified > $0.modified }) ?? true { latest = contact }
        }
        return latest
    }

    /// Each goes in front of those before it, so the last contact goes first.
    private func restoreAttributes(_ message: Message) {
        if case .instance = part {
            if var latest { usrloc.table.pointee.restore(message.raw, &latest) }
            return
        }
        for contact in contacts.reversed() where isMeant(contact) && allows(contact) {
            var contact = contact
            usrloc.table.pointee.restore(message.raw, &contact)
        }
    }

    private func noteDetails(_ message: Message) {
        if case .instance = part {
            if let latest { Details.add(latest, message) }
            return
        }
        for contact in contacts.reversed() where isMeant(contact) && allows(contact) {
            Details.add(contact, message)
        }
    }
}

extension ul_contact {
    /// Where to send it first: the first hop of its Path, else where it came from, else its URI.
    private func nextHop(_ path: mt_str) -> mt_str {
        if path.len > 0 {
            var list = Text(unchecked: path)
            if let first = list.takeAddress() { return first.uri.raw }
        }
        return received.len > 0 ? received : mt_str()
    }

    /// Without the hops that are this server.
    private var usedPath: mt_str {
        guard pathCheckLocal.value != 0, path.len > 0 else { return path }
        var list = Text(unchecked: path)
        var left = list
        while let hop = list.takeAddress() {
            guard let uri = URI(hop.uri), uri.isMine else { break }
            left = list.trimmed
            if !left.isEmpty, left[0] == UInt8(ascii: ",") { left = left.dropFirst().trimmed }
        }
        return left.isEmpty ? mt_str() : left.raw
    }

    fileprivate func becomeRequest(_ message: Message) {
        let path = usedPath
        let hop = nextHop(path)
        message.set(.uri, uri)
        if hop.len > 0 { message.set(.nextHop, hop) } else { message.clear(.nextHop) }
        message.set(.path, path)
        if socket != UL_NO_SOCKET { message.set(.outSocket, Int(socket)) } else { message.clear(.outSocket) }
        message.set(.branchFlags, (message.number(.branchFlags) ?? 0) | Int(cflags))
        message.set(.ruid, ruid)
        message.set(.instance, instance)
        message.set(.userAgent, user_agent)
        if q >= 0 { message.set(.q, Int(q)) } else { message.clear(.q) }
        if reg_id > 0 { message.set(.regID, Int(reg_id)) } else { message.clear(.regID) }
        if connection > 0 {
            message.set(.connection, Int(truncatingIfNeeded: connection))
        } else {
            message.clear(.connection)
        }
        // A client that keeps its flow to this server is reached by it or not at all (RFC 5626, 5.3). A registrar
        // behind a proxy leaves that to the proxy.
        if reg_id > 0, path.len == 0, connection > 0 {
            message.set(.options, (message.number(.options) ?? 0) | Int(MT_O_FLOW))
        }
    }

    fileprivate func becomeBranch(_ message: Message) {
        var target = mt_target()
        let path = usedPath
        target.uri = uri
        target.q = q
        target.next_hop = nextHop(path)
        target.path = path
        target.instance = instance
        target.socket = socket
        target.reg_id = reg_id
        target.flags = UInt64(cflags)
        target.ruid = ruid
        target.user_agent = user_agent
        target.connection = connection
        message.add(&target)
    }
}
