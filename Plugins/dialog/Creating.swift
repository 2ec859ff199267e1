// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// What came of an INVITE that was to have a dialog.
enum Creation {
    case made(DialogPointer)
    case none
    /// Somebody has answered it: it goes no further.
    case stopped
}

/// A dialog for an INVITE outside of any, or the one that it has.
func create(_ call: CallPointer, _ message: OpaquePointer, _ properties: Properties) -> Creation {
    let table = table(call)
    guard number(message, MT_F_METHOD_ID) == MT_INVITE, text(message, MT_F_TO_TAG).len == 0 else {
        return .none
    }
    if let known = dialog(of: message, on: Int(call.pointee.worker)) {
        known.pointee.properties.formUnion(properties)
        return .made(known)
    }
    let callID = text(message, MT_F_CALL_ID)
    let hash = CallHash.full(Text(unchecked: callID))
    let fromTag = text(message, MT_F_FROM_TAG)
    if detectsSpirals.value != 0,
        let known = table.pointee.first(
            callID, hash, { isSame($0.text(.fromTag), fromTag) && !$0.pointee.life.isOver })
    {
        return spiral(call, message, known)
    }
    guard let made = record(call, message, callID, hash, fromTag) else { return .none }
    let state = MessageState.make(message)
    state.pointee.dialog = made.number.number
    state.pointee.direction = UInt8(DLG_DOWNSTREAM)
    state.pointee.isInitial = true
    adopt(state, made, properties)
    Counts.processed.add()
    if matchMode.value != 2 { setCookie(made, message) }
    // It may have one already: t_newtran() stood in front.
    let transaction = tm.table.pointee.find(message)
    if transaction != 0 { begin(made, transaction, isInitial: true, UInt8(DLG_DOWNSTREAM)) }
    arm(made)
    if callbacksInScript.value == 0 {
        state.pointee.owesCreated = Step.created.isHeard
        return .made(made)
    }
    return announce(call, message, made) ? .made(made) : .stopped
}

/// dialog.created. False: it was answered, and there is no dialog.
func announce(_ call: CallPointer, _ message: OpaquePointer, _ dialog: DialogPointer) -> Bool {
    var occasion = Occasion()
    occasion.message = message
    occasion.request = message
    occasion.direction = UInt8(DLG_DOWNSTREAM)
    occasion.transaction = dialog.pointee.invite
    occasion.flags = UInt32(DLG_INITIAL)
    if tell(.created, call, dialog, occasion) { return true }
    discard(call, message, dialog)
    return false
}

/// It is to be as if it had never been.
func discard(_ call: CallPointer, _ message: OpaquePointer, _ dialog: DialogPointer) {
    let state = MessageState.make(message)
    state.pointee.dialog = 0
    state.pointee.isInitial = false
    if dialog.pointee.invite != 0 { _ = table(call).pointee.transactions.remove(dialog.pointee.invite) }
    release(call, dialog)
}

private func spiral(_ call: CallPointer, _ message: OpaquePointer, _ dialog: DialogPointer) -> Creation {
    let state = MessageState.make(message)
    state.pointee.dialog = dialog.number.number
    state.pointee.direction = UInt8(DLG_DOWNSTREAM)
    let transaction = tm.table.pointee.find(message)
    if transaction != 0 { begin(dialog, transaction, isInitial: false, UInt8(DLG_DOWNSTREAM)) }
    var occasion = Occasion()
    occasion.message = message
    occasion.request = message
    occasion.direction = UInt8(DLG_DOWNSTREAM)
    tell(.spiraled, call, dialog, occasion)
    return .made(dialog)
}

/// The record with what the INVITE tells. nil: it tells too little.
private func record(
    _ call: CallPointer, _ message: OpaquePointer, _ callID: mt_str, _ hash: UInt32, _ fromTag: mt_str
) -> DialogPointer? {
    guard callID.len > 0, fromTag.len > 0 else { return nil }
    guard let contact = onlyContact(message) else {
        Host.log(.warning, "no dialog for an INVITE that has not exactly one Contact")
        return nil
    }
    let table = table(call)
    let routes = callerRoutes(message)
    var uri = text(message, MT_F_URI)
    if let expression = Settings.ruri {
        let value = read(call, message, expression)
        if value.type == UInt32(MT_STR), value.str.len > 0 { uri = value.str }
    }
    var flow = mt_flow()
    Server.message.pointee.flow(message, &flow)
    let way = Way(flow)
    let keepsWay = Destination.isOff(contact, flow, routes)
    let made = way.with { way in
        table.pointee.make(callID, hash) { part in
            switch part {
            case .callID: callID
            case .fromURI: text(message, MT_F_FROM_URI)
            case .fromTag: fromTag
            case .toURI: text(message, MT_F_TO_URI)
            case .requestURI: uri
            case .callerContact: contact
            case .callerRoutes: routes
            case .callerWay: keepsWay ? way : mt_str()
            default: mt_str()
            }
        }
    }
    guard let made else {
        Host.log(
            .error, "no room for a dialog: there are \(table.pointee.count), or its headers are too long")
        return nil
    }
    made.pointee.entry = made.pointee.hash & (Settings.entries - 1)
    made.pointee.id = table.pointee.numbers.next()
    made.pointee.cookie = made.pointee.id
    made.pointee.callerSequence = UInt32(truncatingIfNeeded: number(message, MT_F_CSEQ))
    made.pointee.callerSocket = UInt16(truncatingIfNeeded: flow.socket)
    made.pointee.life = Life(at: Now.seconds, lifetime: UInt32(defaultTimeout.value))
    if let seconds = timeout(call, message) {
        _ = made.pointee.life.set(lifetime: seconds, at: Now.seconds, isWish: true)
    }
    return made
}

/// What an expression is for a message, as long as the callback runs.
func read(_ call: CallPointer, _ message: OpaquePointer, _ expression: Expression) -> mt_value {
    var value = mt_value()
    return Server.script.pointee.read(call, message, expression.raw, &value) > 0 ? value : mt_value()
}

/// The timeout AVP, when it says something of its own.
func timeout(_ call: CallPointer, _ message: OpaquePointer) -> UInt32? {
    guard let expression = Settings.timeout else { return nil }
    let value = Value(unchecked: read(call, message, expression))
    guard let seconds = value.int ?? value.text.integer, seconds > 0, seconds != defaultTimeout.value,
        seconds <= 2_000_000_000
    else { return nil }
    return UInt32(seconds)
}

/// What the script has said before there was a dialog.
private func adopt(
    _ state: UnsafeMutablePointer<MessageState>, _ dialog: DialogPointer, _ properties: Properties
) {
    dialog.pointee.properties = properties.union(state.pointee.properties)
    if sendBye.value != 0 { dialog.pointee.properties.insert(.byeOnTimeout) }
    dialog.pointee.route = state.pointee.route
    dialog.pointee.flags = state.pointee.flags
    var variable = state.pointee.variables
    while let one = variable {
        setVariable(dialog, one.pointee.name, one.pointee.text)
        variable = one.pointee.next
    }
    state.pointee.variables = nil
    var profile = state.pointee.profiles
    while let one = profile {
        keepMembership(dialog, one.pointee.number, one.pointee.text)
        profile = one.pointee.next
    }
    state.pointee.profiles = nil
}

private func setCookie(_ dialog: DialogPointer, _ message: OpaquePointer) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { bytes in
        guard let start = bytes.baseAddress else { return }
        let cookie = Cookie(entry: dialog.pointee.entry, id: dialog.pointee.cookie)
        let text = mt_str(
            ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self),
            len: cookie.write(into: start))
        rr.addParam(Message(message), Line(";\(rrParam.value)=\(text)"))
    }
}

/// A transaction belongs to a dialog from now on.
func begin(_ dialog: DialogPointer, _ transaction: UInt64, isInitial: Bool, _ direction: UInt8) {
    let isNew = table(dialog).pointee.transactions.add(
        TransactionMap.Entry(
            transaction: transaction, dialog: dialog.number.number, direction: direction,
            isInitial: isInitial))
    guard isNew else { return }
    dialog.pointee.life.transactionBegan(isInitial: isInitial)
    if isInitial { dialog.pointee.invite = transaction }
}

// MARK: - what stands in the message

/// The URI of the Contact, when there is exactly one.
func onlyContact(_ message: OpaquePointer) -> mt_str? {
    var at = mt_header()
    guard Server.message.pointee.header(message, contact.name.token, &at) else { return nil }
    var list = Text(unchecked: at.body)
    guard let address = list.takeAddress() else { return nil }
    let uri = address.uri.raw
    guard list.trimmed.isEmpty, URI(Text(unchecked: uri)) != nil,
        !Server.message.pointee.header(message, contact.name.token, &at)
    else { return nil }
    return uri
}

/// The Record-Routes of those between the caller and us, in their order: the way to him. Our own stand above them.
private func callerRoutes(_ message: OpaquePointer) -> mt_str {
    var at = mt_header()
    guard Server.message.pointee.header(message, recordRoute.name.token, &at) else { return mt_str() }
    var line = Line("")
    var isOurs = keepsOwnRoutes.value & 1 == 0
    var isFirst = true
    repeat {
        var list = Text(unchecked: at.body)
        while let address = list.takeAddress() {
            if isOurs, URI(address.uri)?.isMine == true { continue }
            isOurs = false
            if !isFirst { line.append(Line(", ")) }
            line.append(address.whole)
            isFirst = false
        }
    } while Server.message.pointee.header(message, recordRoute.name.token, &at)
    return isFirst ? mt_str() : line.kept(by: Message(message)).raw
}
