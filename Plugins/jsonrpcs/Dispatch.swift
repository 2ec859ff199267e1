// SPDX-License-Identifier: Apache-2.0
import CMartlet
import JsonrpcsLogic
import PluginKit
import Synchronization

let xhttp = Need("xhttp", 1, as: xhttp_api.self, .optional)

/// `jsonrpc_dispatch`: what came by HTTP is run, and answered along the same connection.
///
/// The script waits for the command, and for those that came before along the same connection; the worker does not. So
/// header lines that the script adds are in the answer.
@Declarations func dispatchFunction(pretty: @escaping @Sendable () -> Bool) -> [any Declaration] {
    xhttp
    Function(
        "jsonrpc_dispatch", in: .any, suspends: true,
        "Runs the commands in the body of an HTTP request, and answers it. False: it is none."
    ) { call in
        let message = call.message
        guard xhttp.isThere, message.isRequest, message.text(.version).hasPrefix("HTTP/") else {
            Host.log(.error, "jsonrpc_dispatch(): this is no HTTP request")
            return .no
        }
        let asked =
            message.methodText.equals("POST")
            ? Asked(message.body.span.withUnsafeBufferPointer { Array($0) }) : nil
        let turn = Turn(on: message.flow.raw.connection)
        let answer = Answered()
        let outcome = call.wait(
            upTo: .seconds(60),
            then: Action { call in
                guard call.result == .yes else {
                    turn.leave()
                    return reply(call, 504, "Gateway Timeout", "", [])
                }
                guard asked != nil else { return refuse(call) }
                let answer = HTTPAnswer(answer.state.withLock { $0 }, pretty: pretty())
                let type = answer.body.isEmpty ? "" : HTTPAnswer.type
                return reply(call, answer.status, answer.reason, type, answer.body)
            }
        ) { ticket in
            guard let asked else { return turn.isReady(ticket) }
            Exchange.run(asked) { json in
                answer.state.withLock { $0 = json }
                turn.isReady(ticket)
            }
        }
        if outcome != .suspended { turn.leave() }
        return outcome
    }
}

/// The place of a request among those of its connection.
private struct Turn: Sendable {
    private static let all = Mutex(Turns<Ticket>())
    private let connection: UInt64
    private let number: UInt64

    init(on connection: UInt64) {
        self.connection = connection
        number = Self.all.withLock { $0.take(on: connection) }
    }

    func isReady(_ ticket: Ticket) { goOn(ticket) }
    func leave() { goOn(nil) }

    /// Resumed under the lock: else somebody who is ready a moment later could be faster.
    private func goOn(_ ticket: Ticket?) {
        Self.all.withLock {
            for next in $0.ready(number, on: connection, ticket) { next.resume(.yes) }
        }
    }
}

private func refuse(_ call: borrowing Call) -> Outcome {
    refused.add()
    // RFC 9110, 15.5.6: what is allowed is said.
    call.message.set(.replyLines, Text("Allow: POST\r\n"))
    return reply(call, 405, "Method Not Allowed", "text/plain", Array("Commands are POSTed.\r\n".utf8))
}

private func reply(
    _ call: borrowing Call, _ status: Int, _ reason: String, _ type: String, _ body: [UInt8]
) -> Outcome {
    reason.withRaw { reason in
        type.withRaw { type in
            body.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    Outcome(
                        code: xhttp.table.pointee.reply(
                            call.raw, call.message.raw, Int32(status), reason, type,
                            mt_str(ptr: bytes.baseAddress, len: bytes.count)))
                }
            }
        }
    }
}
