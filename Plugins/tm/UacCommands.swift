// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization

/// How a command that sends a request goes on.
private enum Waiting { case no, forReply, forStatus }

/// tm.t_uac_*: requests of our own, as an operator writes them.
@Declarations func uacCommands() -> [any Declaration] {
    for (name, waiting, acknowledges, isHex): (StaticString, Waiting, Bool, Bool) in [
        ("t_uac_start", .no, true, false), ("t_uac_start_noack", .no, false, false),
        ("t_uac_start_hex", .no, true, true), ("t_uac_start_noack_hex", .no, false, true),
        ("t_uac_attrs", .no, true, false),
        ("t_uac_wait", .forReply, true, false), ("t_uac_wait_noack", .forReply, false, false),
        ("t_uac_wait_hex", .forReply, true, true), ("t_uac_wait_noack_hex", .forReply, false, true),
        ("t_uac_dlg", .forReply, true, false),
        ("t_uac_wait_block", .forStatus, true, false), ("t_uac_wait_block_noack", .forStatus, false, false),
        ("t_uac_wait_block_hex", .forStatus, true, true),
        ("t_uac_wait_block_noack_hex", .forStatus, false, true),
    ] {
        Command(
            name, waiting == .no ? "Sends a request." : "Sends a request, and answers with its reply.",
            Arg("method", Text.self), Arg("ruri", Text.self), Arg("nexthop", Text.self),
            Arg("socket", Text.self), Arg("headers", Text.self), Arg("body", Text?.self)
        ) { answer, method, uri, hop, socket, headers, body in
            var order = order(method, uri, hop, socket, headers)
            if let body { order.body = isHex ? decoded(body) : String(body) }
            order.isAcknowledged = acknowledges
            return start(answer, order, waiting)
        }
    }
}

private func order(_ method: Text, _ uri: Text, _ hop: Text, _ socket: Text, _ headers: Text) -> LocalRequest
{
    var order = LocalRequest()
    order.method = String(method)
    order.uri = String(uri)
    order.hop = String(hop)
    order.socket = String(socket)
    order.headers = String(headers)
    return order
}

private func decoded(_ text: Text) -> String {
    var bytes: [UInt8] = []
    var high: UInt8?
    for at in 0..<text.count {
        guard let digit = Character(Unicode.Scalar(text[at])).hexDigitValue.map({ UInt8($0) }) else {
            continue
        }
        if let first = high {
            bytes.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

private func start(
    _ answer: borrowing Answer, _ order: LocalRequest, _ waiting: Waiting
) -> Outcome {
    if case .failure(let fault) = order.checked() { return answer.fault(fault.code, fault.text) }
    if !order.socket.isEmpty, order.socket != ".", Socket.named(order.socket) == nil {
        return answer.fault(500, "No local socket")
    }
    guard waiting != .no else {
        return order.launch(nil, nil).isYes ? .yes : answer.fault(500, "it cannot be sent")
    }
    let box = OutcomeBox()
    return answer.call.wait(
        upTo: .seconds(80),
        then: Action { call in
            let answer = Answer(call)
            guard call.result != .timeout, let outcome = box.value.withLock({ $0 }) else {
                return answer.fault(408, "no answer in 80 s")
            }
            if waiting == .forStatus {
                answer.structure { answer in
                    answer.put("code", outcome.code)
                    answer.put("text", outcome.reason)
                }
                return .yes
            }
            answer.put(outcome.code)
            answer.put(outcome.reason)
            answer.put(outcome.uri)
            answer.put(outcome.reply)
            return .yes
        }
    ) { ticket in
        let sent = order.launch(nil) { outcome in
            box.value.withLock { $0 = outcome }
            ticket.resume(.yes)
        }
        if !sent.isYes { ticket.resume(.no) }
    }
}

private final class OutcomeBox: Sendable {
    let value = Mutex<UacOutcome?>(nil)
}
