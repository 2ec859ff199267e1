// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// Hook "tm.replying": a reply is about to go to the client of a transaction.
func replying(_ call: CallPointer) -> Outcome {
    guard table(call).pointee.transactions.count > 0, let reply = call.pointee.msg,
        let data = call.pointee.data?.assumingMemoryBound(to: tm_event.self),
        let entry = table(call).pointee.transactions.find(data.pointee.transaction),
        let dialog = find(entry.dialog)
    else { return .yes }
    var occasion = Occasion()
    occasion.message = reply
    occasion.reply = reply
    occasion.request = data.pointee.request
    occasion.transaction = data.pointee.transaction
    occasion.status = data.pointee.status
    occasion.direction = entry.direction
    if entry.isInitial { occasion.flags |= UInt32(DLG_INITIAL) }
    if data.pointee.flags & UInt32(TM_LOCAL) != 0 { occasion.flags |= UInt32(DLG_LOCAL) }
    dialog.pointee.pins += 1
    var subject = dialog
    if entry.isInitial {
        subject = initialReply(call, dialog, reply, &occasion)
    } else if occasion.status >= 200, occasion.status < 300 {
        refreshTarget(dialog, occasion)
    }
    tell(.response, call, subject, occasion)
    unpin(call, dialog)
    return .yes
}

/// A reply to the INVITE that makes the dialog; the answer is the one that it belongs to.
private func initialReply(
    _ call: CallPointer, _ dialog: DialogPointer, _ reply: OpaquePointer, _ occasion: inout Occasion
) -> DialogPointer {
    let now = Now.seconds
    switch occasion.status {
    case 101..<200:
        noteEarly(dialog, reply, data: call.pointee.data)
        perform(dialog.pointee.life.ringing(), call, dialog, occasion)
    case 200..<300:
        return answered(call, dialog, reply, &occasion, now)
    case 300...:
        perform(dialog.pointee.life.refused(at: now), call, dialog, occasion)
    default: break
    }
    return dialog
}

/// One early dialog per branch: its tag is known from now on.
private func noteEarly(_ dialog: DialogPointer, _ reply: OpaquePointer, data: UnsafeRawPointer?) {
    let tag = text(reply, MT_F_TO_TAG)
    guard tag.len > 0, dialog.pointee.life.isSettingUp else { return }
    var one = dialog.pointee.early
    var count = 0
    while let here = one {
        if isSame(here.name, tag) { return }
        one = here.pointee.next
        count += 1
    }
    let branch = data?.assumingMemoryBound(to: tm_event.self).pointee.branch ?? -1
    // So many no INVITE of good will has.
    guard count < 64,
        let early = NamedText.make(
            &table(dialog).pointee.pool, tag, mt_str(), number: branch)
    else { return }
    early.pointee.next = dialog.pointee.early
    dialog.pointee.early = early
}

private func answered(
    _ call: CallPointer, _ dialog: DialogPointer, _ reply: OpaquePointer, _ occasion: inout Occasion,
    _ now: UInt32
) -> DialogPointer {
    let tag = text(reply, MT_F_TO_TAG)
    if dialog.pointee.life.isCall || dialog.pointee.life.isOver && dialog.text(.toTag).len > 0 {
        // The same once more, or another callee.
        guard tag.len > 0, !isSame(tag, dialog.text(.toTag)) else { return dialog }
        let fromTag = dialog.text(.fromTag)
        if let known = table(call).pointee.first(
            dialog.text(.callID), { isSame($0.text(.fromTag), fromTag) && isSame($0.text(.toTag), tag) })
        {
            return known
        }
        return fork(call, dialog, reply, &occasion, now) ?? dialog
    }
    learnCallee(dialog, reply, cookieOf: dialog)
    let actions = dialog.pointee.life.answered(at: now)
    perform(actions, call, dialog, occasion)
    if actions.contains(.late) {
        Host.log(.info, "answered after it was given up: both sides get a BYE")
        sendByes(call, dialog, .both, dialog.pointee.life.cause, mt_str())
    }
    return dialog
}

/// Another callee has answered the same INVITE: RFC 3261, 13.2.2.4 makes that a dialog of its own.
private func fork(
    _ call: CallPointer, _ dialog: DialogPointer, _ reply: OpaquePointer, _ occasion: inout Occasion,
    _ now: UInt32
) -> DialogPointer? {
    let table = table(call)
    guard
        let other = table.pointee.make(
            dialog.text(.callID), dialog.pointee.hash,
            { part in
                switch part {
                case .toTag, .calleeContact, .calleeRoutes, .calleeWay, .reason: mt_str()
                default: dialog.text(part)
                }
            })
    else { return nil }
    other.pointee.entry = dialog.pointee.entry
    other.pointee.id = table.pointee.numbers.next()
    other.pointee.cookie = dialog.pointee.cookie
    other.pointee.marks.insert(.forked)
    other.pointee.life = dialog.pointee.life.forked(at: now)
    other.pointee.properties = dialog.pointee.properties
    other.pointee.flags = dialog.pointee.flags
    other.pointee.route = dialog.pointee.route
    other.pointee.callerSequence = UInt32(truncatingIfNeeded: number(reply, MT_F_CSEQ))
    other.pointee.callerSocket = dialog.pointee.callerSocket
    if let words = dialog.pointee.words, let copies = other.pointee.words {
        copies.update(from: words, count: Owners.count)
    }
    var variable = dialog.pointee.variables
    while let one = variable {
        setVariable(other, one.name, one.text)
        variable = one.pointee.next
    }
    learnCallee(other, reply, cookieOf: dialog)
    Counts.processed.add()
    occasion.flags |= UInt32(DLG_FORKED)
    perform([.start, .save, .arm], call, other, occasion)
    return other
}

/// The callee's side, as the 2xx tells it.
private func learnCallee(_ dialog: DialogPointer, _ reply: OpaquePointer, cookieOf: DialogPointer) {
    let contact = firstContact(reply)
    let routes = calleeRoutes(reply, cookieOf)
    var flow = mt_flow()
    Server.message.pointee.flow(reply, &flow)
    let keepsWay = flow.protocol != 0 && Destination.isOff(contact, flow, routes)
    _ = Way(flow).with { way in
        table(dialog).pointee.rewrite(dialog) { part in
            switch part {
            case .toTag: text(reply, MT_F_TO_TAG)
            case .calleeContact: contact
            case .calleeRoutes: routes
            case .calleeWay: keepsWay ? way : mt_str()
            default: nil
            }
        }
    }
    if flow.protocol != 0 { dialog.pointee.calleeSocket = UInt16(truncatingIfNeeded: flow.socket) }
}

func firstContact(_ message: OpaquePointer) -> mt_str {
    guard let field = header(message, contact) else { return mt_str() }
    var list = Text(unchecked: field.body)
    return list.takeAddress()?.uri.raw ?? mt_str()
}

/// The Record-Routes above ours, the last one first: the way to the callee (RFC 3261, 12.1.2). Ours is known by the
/// cookie, or by being ours where there is none.
private func calleeRoutes(_ reply: OpaquePointer, _ dialog: DialogPointer) -> mt_str {
    var at = mt_header()
    guard Server.message.pointee.header(reply, recordRoute.name.token, &at) else { return mt_str() }
    // Mostly we are the last before the callee.
    if matchMode.value != 2, keepsOwnRoutes.value & 2 == 0,
        isOurs(Text(unchecked: at.body), dialog, first: true)
    {
        return mt_str()
    }
    return withUnsafeTemporaryAllocation(of: mt_str.self, capacity: mostRoutes) { uris in
        calleeRoutes(reply, dialog, &at, uris)
    }
}

/// Longer ways nobody goes: Max-Forwards is 70.
private let mostRoutes = 70

/// - Parameter uris: room for all of them.
private func calleeRoutes(
    _ reply: OpaquePointer, _ dialog: DialogPointer, _ at: inout mt_header,
    _ uris: UnsafeMutableBufferPointer<mt_str>
) -> mt_str {
    var count = 0
    var own: Int?
    repeat {
        var list = Text(unchecked: at.body)
        while count < mostRoutes, let address = list.takeAddress() {
            let isIt =
                matchMode.value == 2
                ? URI(address.uri)?.isMine == true : isOurs(address.uri, dialog, first: false)
            // Of two for one message the upper one is on the callee's side.
            if isIt, own == nil { own = count }
            uris[count] = address.whole.raw
            count += 1
        }
    } while Server.message.pointee.header(reply, recordRoute.name.token, &at)
    var end = own ?? firstMine(uris[..<count]) ?? count
    if keepsOwnRoutes.value & 2 != 0 { end = min(end + 1, count) }
    guard end > 0 else { return mt_str() }
    var line = Line("")
    for index in stride(from: end - 1, through: 0, by: -1) {
        if index < end - 1 { line.append(Line(", ")) }
        line.append(Text(unchecked: uris[index]))
    }
    return line.kept(by: Message(reply)).raw
}

/// Has it our cookie, with the numbers of this dialog? `first`: the first one of the list.
private func isOurs(_ text: Text, _ dialog: DialogPointer, first: Bool) -> Bool {
    var text = text
    if first, let end = text.firstIndex(of: UInt8(ascii: ">")) { text = text.prefix(end) }
    return Cookie.find(rrParam.value, in: text)
        == Cookie(entry: dialog.pointee.entry, id: dialog.pointee.cookie)
}

private func firstMine(_ uris: Slice<UnsafeMutableBufferPointer<mt_str>>) -> Int? {
    for (index, uri) in uris.enumerated() {
        var list = Text(unchecked: uri)
        if let address = list.takeAddress(), let parsed = URI(address.uri), parsed.isMine { return index }
    }
    return nil
}

/// A 2xx to a re-INVITE or UPDATE: both sides may have moved (RFC 3261, 12.2.1.2 and 12.2.2).
private func refreshTarget(_ dialog: DialogPointer, _ occasion: Occasion) {
    guard let reply = occasion.reply else { return }
    let method = number(reply, MT_F_METHOD_ID)
    guard method == MT_INVITE || method == MT_UPDATE, dialog.pointee.life.isCall else { return }
    let isDown = occasion.direction == UInt8(DLG_DOWNSTREAM)
    let asker = occasion.request.map { firstContact($0) } ?? mt_str()
    let answerer = firstContact(reply)
    let caller = isDown ? asker : answerer
    let callee = isDown ? answerer : asker
    let isNew =
        caller.len > 0 && !isSame(caller, dialog.text(.callerContact))
        || callee.len > 0 && !isSame(callee, dialog.text(.calleeContact))
    guard isNew else { return }
    table(dialog).pointee.rewrite(dialog) { part in
        switch part {
        case .callerContact: caller.len > 0 ? caller : nil
        case .calleeContact: callee.len > 0 ? callee : nil
        default: nil
        }
    }
    save(dialog)
}
