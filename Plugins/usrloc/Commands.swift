// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import UsrlocLogic

/// ul.*: looking into the tables, and changing them, from outside.
@Declarations func commands() -> [any Declaration] {
    Command("ul.dump", "All contacts; with \"brief\" only whose they are.", Arg("brief", Text?.self)) {
        answer, brief in
        guard let brief else { return dump(answer, isBrief: false) }
        return dump(answer, isBrief: brief.equals("brief") || brief.equals("1"))
    }
    Command("ul.lookup", "The contacts of an address of record.", table(), aor()) { answer, table, aor in
        lookup(answer, table, aor)
    }
    Command("ul.rm", "Removes all contacts of an address of record.", table(), aor()) { answer, table, aor in
        guard let domain = Domain.find(table.raw) else { return noTable(answer) }
        let removed = withKey(aor) { domain.remove(answer.call.raw, $0, mt_str()) }
        return removed > 0 ? .yes : answer.fault(500, "Failed to delete AOR")
    }
    Command("ul.rm_contact", "Removes one contact.", table(), aor(), Arg("contact", Text.self)) {
        answer, table, aor, contact in
        removeContact(answer, table, aor, contact)
    }
    Command("ul.flush", "Writes what the database does not have yet.") { answer in
        for domain in Domain.all {
            domain.backlog.withLock { $0.hasFailed = true }
            domain.catchUp(answer.call.raw)
        }
        return .yes
    }
    Command(
        "ul.add", "Adds a contact, or changes it.",
        arguments: [
            table().field, aor().field, Arg("contact", Text.self).field, Arg("expires", Int.self).field,
            Arg("q", Text.self).field, Arg("path", Text.self).field, Arg("flags", Int.self).field,
            Arg("cflags", Int.self).field, Arg("methods", Int.self).field, Arg("received", Text?.self).field,
            Arg("socket", Text?.self).field,
        ]
    ) { add($0) }
    databaseCommands()
}

private func table() -> Arg<Text> { Arg("table", Text.self) }
private func aor() -> Arg<Text> { Arg("aor", Text.self) }

private func noTable(_ answer: borrowing Answer) -> Outcome { answer.fault(500, "Domain table not found") }

/// The key of an address of record as somebody writes it: without scheme, and without the domain unless that
/// counts. Case is for the registrar to say; what has none of it is found either way.
private func withKey<Result>(_ aor: Text, _ body: (mt_str) -> Result) -> Result {
    var key = aor
    for scheme: StaticString in ["sip:", "sips:"] where key.hasPrefixIgnoringCase(scheme) {
        key = key.dropFirst(scheme.utf8CodeUnitCount)
    }
    if !useDomain.value, let at = key.firstIndex(of: UInt8(ascii: "@")) { key = key.prefix(at) }
    return body(key.raw)
}

private func contacts(_ domain: Domain, _ key: mt_str) -> [KeptContact] {
    var list: UnsafeMutablePointer<ul_contact>?
    var texts: UnsafeMutablePointer<CChar>?
    let count = domain.table.read(key, now: Domain.now) { contacts, bytes in
        let room = (
            UnsafeMutablePointer<ul_contact>.allocate(capacity: contacts),
            UnsafeMutablePointer<CChar>.allocate(capacity: max(bytes, 1))
        )
        list = room.0
        texts = room.1
        return room
    }
    defer {
        list?.deallocate()
        texts?.deallocate()
    }
    guard let list else { return [] }
    return (0..<count).map { KeptContact(list[$0]) }
}

private func lookup(_ answer: borrowing Answer, _ table: Text, _ aor: Text) -> Outcome {
    guard let domain = Domain.find(table.raw) else { return noTable(answer) }
    if useDomain.value, !aor.contains(UInt8(ascii: "@")) { return answer.fault(500, "Domain missing in AOR") }
    let (found, exists) = withKey(aor) { (contacts(domain, $0), domain.table.has($0)) }
    defer { found.forEach { $0.free() } }
    guard let first = found.first else {
        return answer.fault(500, exists ? "AOR has no contacts" : "AOR not found in location table")
    }
    answer.put("AoR", Text(unchecked: first.contact.aor))
    answer.list("Contacts") { answer in
        for kept in found { put(kept.contact, answer) }
    }
    return .yes
}

private func removeContact(_ answer: borrowing Answer, _ table: Text, _ aor: Text, _ uri: Text) -> Outcome {
    guard let domain = Domain.find(table.raw) else { return noTable(answer) }
    let found = withKey(aor) { contacts(domain, $0) }
    defer { found.forEach { $0.free() } }
    guard !found.isEmpty else { return answer.fault(404, "AOR not found") }
    guard let kept = found.first(where: { uri.equals($0.contact.uri) }) else {
        return answer.fault(404, "Contact not found")
    }
    let removed = domain.remove(answer.call.raw, kept.contact.aor, kept.contact.ruid)
    return removed > 0 ? .yes : answer.fault(404, "Contact not found")
}

/// Contacts are copied some hundred at a time: REGISTERs wait for the copying of those at most.
private func dump(_ answer: borrowing Answer, isBrief: Bool) -> Outcome {
    answer.list("Domains") { answer in
        for domain in Domain.all {
            answer.structure("Domain") { answer in
                answer.put("Domain", domain.name)
                answer.put("Size", domain.table.slotCount)
                answer.list("AoRs") { answer in
                    for part in 0..<domain.table.shardCount { dump(domain, part, answer, isBrief) }
                }
                answer.structure("Stats") { answer in
                    answer.put("Records", domain.table.userCount)
                    answer.put("Max-Slots", domain.table.slotCount)
                }
            }
        }
    }
    return .yes
}

private func dump(_ domain: Domain, _ part: Int, _ answer: borrowing Answer, _ isBrief: Bool) {
    var place = LocationTable.Place()
    var isMore = true
    while isMore {
        var records: [[KeptContact]] = []
        isMore = domain.table.visit(shard: part, from: &place) { contact, isFirst in
            if isFirst {
                records.append([KeptContact(contact)])
            } else if !isBrief {
                records[records.count - 1].append(KeptContact(contact))
            }
        }
        dump(records, answer, isBrief)
    }
}

private func dump(_ records: [[KeptContact]], _ answer: borrowing Answer, _ isBrief: Bool) {
    for record in records {
        guard let first = record.first else { continue }
        if isBrief {
            answer.put("AoR", Text(unchecked: first.contact.aor))
        } else {
            answer.structure("Info") { answer in
                answer.put("AoR", Text(unchecked: first.contact.aor))
                answer.put("HashID", Int(hashOfAoR(first.contact.aor)))
                answer.list("Contacts") { answer in
                    for kept in record { put(kept.contact, answer) }
                }
            }
        }
        record.forEach { $0.free() }
    }
}

/// As people and their scripts know it from elsewhere.
private func put(_ contact: ul_contact, _ answer: borrowing Answer) {
    let now = Domain.now
    answer.structure("Contact") { answer in
        putText("Address", contact.uri, answer)
        if contact.expires == 0 {
            answer.put("Expires", "permanent")
        } else if contact.expires <= Int64(now) {
            answer.put("Expires", "expired")
        } else {
            answer.put("Expires", Int(contact.expires) - now)
        }
        answer.put("Q", decimal(Int(contact.q)))
        putText("Call-ID", contact.call_id, answer)
        answer.put("CSeq", Int(contact.cseq))
        putText("User-Agent", contact.user_agent, answer)
        putText("Received", contact.received, answer)
        putText("Path", contact.path, answer)
        answer.put("State", contact.dirty != 0 ? "CS_DIRTY" : "CS_SYNC")
        answer.put("Flags", Int(contact.flags))
        answer.put("CFlags", Int(contact.cflags))
        let isBound = contact.socket != UL_NO_SOCKET
        putText("Socket", isBound ? Server.net.pointee.socket(contact.socket) : mt_str(), answer)
        answer.put("Methods", contact.methods == UL_ANY_METHOD ? -1 : Int(contact.methods))
        putText("Ruid", contact.ruid, answer)
        putText("Instance", contact.instance, answer)
        answer.put("Reg-Id", Int(contact.reg_id))
        answer.put("Server-Id", Int(contact.server_id))
        answer.put("Tcpconn-Id", contact.connection == 0 ? -1 : Int(truncatingIfNeeded: contact.connection))
        let state = Keepalive.state(of: contact.ruid)
        answer.put("Keepalive", state == nil ? 0 : 1)
        answer.put("Last-Keepalive", max(Int(contact.modified), state?.answeredAt ?? 0))
        answer.put("KA-Roundtrip", state?.roundTrip ?? 0)
        answer.put("Last-Modified", Int(contact.modified))
    }
}

private func putText(_ key: StaticString, _ text: mt_str, _ answer: borrowing Answer) {
    if text.len > 0 { answer.put(key, text) } else { answer.put(key, "[not set]") }
}

/// Thousandths as a fraction; what is unset is -1.
private func decimal(_ thousandths: Int) -> String {
    if thousandths < 0 { return "-1" }
    if thousandths >= 1000 { return "1" }
    var digits = String(thousandths + 1000).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return digits.isEmpty ? "0" : "0.\(digits)"
}

private func add(_ answer: borrowing Answer) -> Outcome {
    let call = answer.call
    guard let domain = Domain.find(call.argument(0).text.raw) else { return noTable(answer) }
    var contact = ul_contact()
    contact.size = UInt32(MemoryLayout<ul_contact>.size)
    contact.uri = call.argument(2).text.raw
    let seconds = call.argument(3).int ?? 0
    contact.expires = seconds > 0 ? Int64(Domain.now + seconds) : 0
    guard let q = thousandths(call.argument(4).text) else { return answer.fault(400, "Bad q") }
    contact.q = Int32(q)
    contact.path = call.argument(5).text.raw
    if call.argument(5).text.equals("0") { contact.path = mt_str() }
    contact.flags = UInt32(truncatingIfNeeded: call.argument(6).int ?? 0)
    contact.cflags = UInt32(truncatingIfNeeded: call.argument(7).int ?? 0)
    let methods = call.argument(8).int ?? -1
    contact.methods = methods < 0 ? UL_ANY_METHOD : UInt32(truncatingIfNeeded: methods)
    contact.received = call.argument(9).text.raw
    let socket = call.argument(10).text
    contact.socket = socket.isEmpty ? UL_NO_SOCKET : Server.net.pointee.find_socket(socket.raw)
    contact.call_id = mt_str("dfjrewr12386fd6-343@martlet.rpc")
    contact.cseq = UInt32(truncatingIfNeeded: Domain.now & 0x7fff_ffff)
    contact.user_agent = mt_str("Martlet RPC")
    let raw = call.raw
    let result = withKey(call.argument(1).text) { key in
        withUnsafePointer(to: &contact) {
            domain.table.update(key, UnsafeBufferPointer(start: $0, count: 1), now: Domain.now) {
                domain.write($0, raw)
            }
        }
    }
    if case .done = result { return .yes }
    return answer.fault(500, "Failed to add the contact")
}

/// 0 to 1 with up to three digits behind the point.
private func thousandths(_ text: Text) -> Int? {
    if text.isEmpty || text.equals("-1") { return -1 }
    guard let point = text.firstIndex(of: UInt8(ascii: ".")) else {
        return text.integer.flatMap { (0...1).contains($0) ? $0 * 1000 : nil }
    }
    let whole = point == 0 ? 0 : text.prefix(point).integer ?? 2
    var fraction = 0
    let digits = text.dropFirst(point + 1)
    for index in 0..<3 {
        fraction *= 10
        guard index < digits.count else { continue }
        guard digits[index] >= 48, digits[index] <= 57 else { return nil }
        fraction += Int(digits[index]) - 48
    }
    let value = whole * 1000 + fraction
    return (0...1000).contains(value) ? value : nil
}
