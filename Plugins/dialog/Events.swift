// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// What happens to dialogs, as others may hear of it.
enum Step: Int, CaseIterable {
    case created, spiraled, early, start, confirmed, request, response, expiring, expired, end, failed,
        loaded,
        forgotten, listing

    /// Those that somebody listens to, a bit each. Written once, before any traffic.
    nonisolated(unsafe) private static var heard = UInt32.max

    @inline(__always) var isHeard: Bool { Self.heard & (1 << UInt32(rawValue)) != 0 }

    /// Hook "core.ready": who listens is known now.
    static func listen() {
        heard = allCases.reduce(0) { events[$1.rawValue].isHeard ? $0 | 1 << UInt32($1.rawValue) : $0 }
    }
}

/// In the order of the steps.
let events: [Event] = [
    Event("created", "An INVITE makes a dialog; the message is it. Data: dlg_event."),
    Event("spiraled", "The INVITE of a dialog came by again; the message is it. Data: dlg_event."),
    Event("early", "The first provisional reply came; the message is it. Data: dlg_event."),
    Event("start", "A 2xx makes it a call; the message is the reply. Data: dlg_event."),
    Event("confirmed", "The ACK to the 2xx came; the message is it. Data: dlg_event."),
    Event("request", "A request inside it is about to be routed; the message is it. Data: dlg_event."),
    Event("response", "A reply is about to go on; the message is it. Data: dlg_event."),
    Event("expiring", "Its lifetime is over soon; the message is made up. Data: dlg_event."),
    Event("expired", "Its lifetime is over; the message is made up. Data: dlg_event."),
    Event("end", "A call is over; the message is what ended it. Data: dlg_event."),
    Event("failed", "It never became a call; the message is the reply. Data: dlg_event."),
    Event("loaded", "It was read from the database; the message is made up. Data: dlg_event."),
    Event("forgotten", "Its record is about to go; the message is made up. Data: dlg_event."),
    Event("listing", "It is about to be shown; the message is made up. Data: dlg_event."),
]

/// What an event is about, besides the dialog.
struct Occasion {
    var message: OpaquePointer?
    var request: OpaquePointer?
    var reply: OpaquePointer?
    var transaction: UInt64 = 0
    var status: Int32 = 0
    var direction: UInt8 = 0
    var flags: UInt32 = 0

    /// Nothing came: time, a command, the database.
    static var none: Occasion { Occasion() }
}

/// False: somebody said stop.
@discardableResult @inline(__always)
func tell(_ step: Step, _ call: CallPointer, _ dialog: DialogPointer, _ occasion: Occasion) -> Bool {
    guard step.isHeard else { return true }
    return emit(step, call, dialog, occasion)
}

@inline(never)
private func emit(_ step: Step, _ call: CallPointer, _ dialog: DialogPointer, _ occasion: Occasion) -> Bool {
    var data = dlg_event()
    data.dialog = dialog.number.number
    data.transaction = occasion.transaction
    data.request = occasion.request
    data.reply = occasion.reply
    data.status = occasion.status
    data.state = UInt32(dialog.pointee.life.state.rawValue)
    data.direction = UInt32(occasion.direction)
    data.flags = occasion.flags
    data.cause = UInt32(dialog.pointee.life.cause.rawValue)
    data.owner = UInt32(dialog.pointee.life.owner)
    dialog.pointee.pins += 1
    defer { dialog.pointee.pins -= 1 }
    return withMessage(occasion.message, dialog) { message in
        let state = MessageState.make(message)
        let before = (state.pointee.dialog, state.pointee.direction)
        state.pointee.dialog = dialog.number.number
        if occasion.direction != 0 { state.pointee.direction = occasion.direction }
        if EventVariable.isFilled(at: step) { EventVariable.fill(message, dialog) }
        let outer = call.pointee.msg
        call.pointee.msg = message
        let outcome = withUnsafePointer(to: &data) {
            events[step.rawValue].emit(Call(call), Message(message), UnsafeRawPointer($0))
        }
        call.pointee.msg = outer
        // The message may go on to belong to another dialog: of the callee who answered before.
        if before.0 != 0 { (state.pointee.dialog, state.pointee.direction) = before }
        return outcome != .stop
    } ?? true
}

/// The message that is there, or one made up: an OPTIONS with the names of the dialog.
func withMessage<Result>(
    _ message: OpaquePointer?, _ dialog: DialogPointer, _ body: (OpaquePointer) -> Result
) -> Result? {
    if let message { return body(message) }
    guard
        let made = Server.message.pointee.request(
            Server.host, mt_str("OPTIONS"), mt_str("sip:dialog@martlet.invalid"))
    else { return nil }
    defer { Server.message.pointee.release(made) }
    append(made, Line("From: <\(dialog.text(.fromURI))>;tag=\(dialog.text(.fromTag))"))
    let tag = dialog.text(.toTag)
    append(
        made,
        tag.len > 0 ? Line("To: <\(dialog.text(.toURI))>;tag=\(tag)") : Line("To: <\(dialog.text(.toURI))>"))
    append(made, Line("Call-ID: \(dialog.text(.callID))"))
    append(made, Line("CSeq: 1 OPTIONS"))
    append(made, Line("Max-Forwards: 70"))
    return body(made)
}

// MARK: - reading and writing messages

/// The first header of that name; nil when there is none.
@inline(__always) func header(_ message: OpaquePointer, _ name: Header) -> mt_header? {
    var at = mt_header()
    return Server.message.pointee.header(message, name.name.token, &at) ? at : nil
}

@inline(__always) func text(_ message: OpaquePointer, _ field: Int) -> mt_str {
    Server.message.pointee.text(message, UInt32(field))
}

@inline(__always) func number(_ message: OpaquePointer, _ field: Int) -> Int {
    let number = Server.message.pointee.number(message, UInt32(field))
    return number == Int64.min ? 0 : Int(number)
}

@inline(__always) func set(_ message: OpaquePointer, _ field: Int, _ text: mt_str) {
    _ = Server.message.pointee.set_text(message, UInt32(field), text)
}

/// A line behind the last header.
func append(_ message: OpaquePointer, _ line: Line) {
    line.withRaw { _ = Server.message.pointee.insert(message, UInt32(MT_LAST), nil, $0) }
}
