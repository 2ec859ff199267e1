// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import WebsocketLogic

let handshakeEvent = Event(
    "handshake", "Somebody wants to open a WebSocket; the message is his HTTP request. drop refuses him.")
let closedEvent = Event("closed", "A WebSocket has closed; the message came, as it were, by it.")

@Declarations func functions() -> [any Declaration] {
    Function(
        "ws_close", in: .any, "Closes a WebSocket connection.",
        Arg("status", Int.self, default: "1000", in: 1000...4999, "Why, as a number."),
        Arg("reason", Text.self, default: "Normal closure", "Why, in words."),
        Arg("connection", Int?.self, "Which, as $ws_conid says; else the one that the message came by.")
    ) { call, status, reason, connection in
        let code = CloseCode(number: UInt16(truncatingIfNeeded: status))
        guard code.mayBeSent else {
            Host.log(.error, "ws_close(): \(status) is no status that may be sent (RFC 6455, 7.4)")
            return .no
        }
        let asked = connection.map { Census.connection($0) } ?? webSocket(of: call)
        guard let id = asked else { return .no }
        return close(id, code, reason, from: call)
    }
    Function(
        "ws_handle_handshake", in: .any,
        "Makes a WebSocket of the TCP or TLS connection that an HTTP request came by."
    ) { call in
        // On a ws or wss socket that is done without a word.
        Homes.of(call.worker).pointee.asking == nil ? shakeHands(call) : .yes
    }
    Function(
        "ws_refuse", in: .event, "Refuses the handshake that event_route[websocket:handshake] looks at.",
        Arg("status", Int.self, default: "403", in: 400...599, "The status of the answer."),
        Arg("reason", Text.self, default: "Forbidden", "Its reason phrase.")
    ) { call, status, reason in
        let home = Homes.of(call.worker)
        guard home.pointee.asking != nil else {
            Host.log(.error, "ws_refuse(): there is no handshake to refuse")
            return .no
        }
        let words = String(reason)
        guard words.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return .no }
        home.pointee.asking?.refusal = Handshake.Refusal(status, words, words + ".")
        return .stop
    }
}

/// In event_route[xhttp:request].
private func shakeHands(_ call: borrowing Call) -> Outcome {
    guard call.hasMessage, call.message.text(.version).hasPrefix("HTTP/") else {
        Host.log(.error, "ws_handle_handshake(): this is no HTTP request")
        return .no
    }
    let message = call.message
    var settings = Settings.texts.handshake
    settings.isEnabled = Settings.isEnabled
    settings.lines = String(message.text(.replyLines))
    do throws(Handshake.Refusal) {
        let bytes = message.bytes
        let head = UnsafeRawBufferPointer(start: bytes.raw.ptr, count: bytes.count)
        let request = try HTTPRequest.read(head)
        let answer = try Handshake.answer(request, settings)
        let home = Homes.of(call.worker)
        home.pointee.upgrading = request.target
        defer { home.pointee.upgrading = nil }
        var flow = message.flow.raw
        let code = answer.withUnsafeBufferPointer { answer in
            answer.withMemoryRebound(to: CChar.self) {
                Server.net.pointee.upgrade(&flow, mt_str(ptr: $0.baseAddress, len: $0.count))
            }
        }
        guard code > 0 else {
            throw Handshake.Refusal(
                500, "Internal Server Error", "This connection cannot become a WebSocket.")
        }
        return .yes
    } catch {
        refusedHandshakes.add()
        let flow = message.flow
        Handshake.answer(error.with(lines: settings.lines), settings).withUnsafeBufferPointer { answer in
            answer.withMemoryRebound(to: CChar.self) {
                _ = flow.send(mt_str(ptr: $0.baseAddress, len: $0.count))
            }
        }
        flow.close()
        return .stop
    }
}

/// The connection that the message came by, if it is a WebSocket.
func webSocket(of call: borrowing Call) -> UInt64? {
    guard call.hasMessage else { return nil }
    let flow = call.message.flow
    return flow.transport == .ws || flow.transport == .wss ? flow.connection : nil
}

/// On this worker at once, and the answer tells; wherever else it may be as soon as that worker comes to it.
private func close(_ id: UInt64, _ code: CloseCode, _ reason: Text, from call: borrowing Call) -> Outcome {
    let words = Array(String(reason).utf8)
    if let link = Homes.of(call.worker).pointee.links[id] {
        return Outcome(link._withUnsafeGuaranteedRef { $0.close(code, words) })
    }
    for worker in 0..<Host.workers where worker != call.worker {
        Loop.post(to: worker) { call in
            let link = Homes.of(call.worker).pointee.links[id]
            return Outcome(link?._withUnsafeGuaranteedRef { $0.close(code, words) } ?? false)
        }
    }
    return Outcome(Host.workers > 1)
}
