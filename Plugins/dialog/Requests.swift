// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// A request of our own inside a dialog, as if the other side had sent it. To be released. nil: the side is not known
/// well enough.
func makeRequest(
    _ dialog: DialogPointer, to side: Sides, _ method: mt_str, sequence: UInt32, headers: mt_str = mt_str()
) -> OpaquePointer? {
    let toCaller = side == .caller
    let target = dialog.text(toCaller ? .callerContact : .calleeContact)
    let routes = dialog.text(toCaller ? .callerRoutes : .calleeRoutes)
    guard target.len > 0, let made = Server.message.pointee.request(Server.host, method, target) else {
        return nil
    }
    let (fromURI, fromTag, toURI, toTag) =
        toCaller
        ? (dialog.text(.toURI), dialog.text(.toTag), dialog.text(.fromURI), dialog.text(.fromTag))
        : (dialog.text(.fromURI), dialog.text(.fromTag), dialog.text(.toURI), dialog.text(.toTag))
    append(made, Line("Max-Forwards: 70"))
    setRoute(made, routes, target)
    append(made, Line("From: <\(fromURI)>;tag=\(fromTag)"))
    append(made, toTag.len > 0 ? Line("To: <\(toURI)>;tag=\(toTag)") : Line("To: <\(toURI)>"))
    append(made, Line("Call-ID: \(dialog.text(.callID))"))
    append(made, Line("CSeq: \(Int(sequence)) \(method)"))
    appendLines(made, extraHeaders.value)
    if !toCaller { appendLines(made, calleeHeaders.value) }
    appendLines(made, Text(unchecked: headers))
    MessageState.make(made).pointee.dialog = dialog.number.number
    MessageState.make(made).pointee.direction = UInt8(toCaller ? DLG_UPSTREAM : DLG_DOWNSTREAM)
    let socket = toCaller ? dialog.pointee.callerSocket : dialog.pointee.calleeSocket
    if socket != .max, UInt32(socket) < Server.net.pointee.sockets() {
        _ = Server.message.pointee.set_number(made, UInt32(MT_F_OUT_SOCKET), Int64(socket))
    }
    return made
}

/// RFC 3261, 12.2.1.1: loose routers are listed, a strict one takes the place of the Request-URI.
func setRoute(_ message: OpaquePointer, _ routes: mt_str, _ target: mt_str) {
    guard routes.len > 0 else {
        guard let (plain, hop) = Destination.withoutAlias(target, Message(message)) else { return }
        set(message, MT_F_URI, plain)
        set(message, MT_F_NEXT_HOP, hop)
        return
    }
    var list = Text(unchecked: routes)
    guard let first = list.takeAddress() else { return }
    if let uri = URI(first.uri), uri.param("lr") == nil {
        set(message, MT_F_URI, first.uri.raw)
        append(
            message,
            list.trimmed.isEmpty
                ? Line("Route: <\(target)>") : Line("Route: \(list.trimmed), <\(target)>"))
        return
    }
    append(message, Line("Route: \(routes)"))
    set(message, MT_F_NEXT_HOP, first.uri.raw)
}

/// Whole lines, with CRLF between them and perhaps behind the last.
func appendLines(_ message: OpaquePointer, _ lines: Text) {
    var rest = lines
    while let line = rest.take(upTo: UInt8(ascii: "\n")) {
        let line = line.trimmed
        if !line.isEmpty { append(message, Line(line)) }
    }
}

/// The CSeq for the next request to a side, and that it is used up.
func nextSequence(_ dialog: DialogPointer, to side: Sides) -> UInt32 {
    if side == .caller {
        dialog.pointee.calleeSequence &+= 1
        return dialog.pointee.calleeSequence
    }
    dialog.pointee.callerSequence &+= 1
    return dialog.pointee.callerSequence
}

/// Sends it in a transaction: along the way that the side's messages came where one is kept, or else where it says.
/// `attempt` 1 tries the other. 0: it cannot be sent.
func sendRequest(
    _ call: CallPointer, _ dialog: DialogPointer, to side: Sides, _ request: OpaquePointer, attempt: Int = 0,
    flags: UInt32 = 0, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
) -> UInt64 {
    let way = Way(dialog.text(side == .caller ? .callerWay : .calleeWay))
    guard let way, attempt & 1 == 0 else {
        return tm.table.pointee.send(call, request, nil, flags, done, user)
    }
    var flow = way.flow
    let sent = tm.table.pointee.send(call, request, &flow, flags, done, user)
    // The connection is gone: there may be another one where the Contact says.
    return sent != 0 || attempt > 0
        ? sent : tm.table.pointee.send(call, request, nil, flags, done, user)
}

/// What a callback carries along: a number, as a pointer.
func token(_ number: UInt64) -> UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: UInt(number)) }

func number(_ token: UnsafeMutableRawPointer?) -> UInt64 { UInt64(UInt(bitPattern: token)) }
