// SPDX-License-Identifier: Apache-2.0
import CMartlet
import JsonrpcsLogic
import PluginKit
import Synchronization

let xhttp = Need("xhttp", 1, as: xhttp_api.self, .optional)

/// `jsonrpc_dispatch`: what came by HTTP is run, and answered along the same connection.
///
/// The script waits for the command, the worker does not. So header lines that the script adds are in the answer, and
/// the answers of one connection leave as its requests came, unless a command takes its time.
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
        guard message.methodText.equals("POST") else {
            refused.add()
            // RFC 9110, 15.5.6: what is allowed is said.
            message.set(.replyLines, Text("Allow: POST\r\n"))
            return reply(
                call, 405, "Method Not Allowed", "text/plain", Array("Commands are POSTed.\r\n".utf8))
        }
        let asked = Asked(message.body.span.withUnsafeBufferPointer { Array($0) })
        let answer = Answered()
        return call.wait(
            upTo: .seconds(60),
            then: Action { call in
                guard call.result == .yes else { return reply(call, 504, "Gateway Timeout", "", []) }
                let answer = HTTPAnswer(answer.state.withLock { $0 }, pretty: pretty())
                let type = answer.body.isEmpty ? "" : HTTPAnswer.type
                return reply(call, answer.status, answer.reason, type, answer.body)
            }
        ) { ticket in
            Exchange.run(asked) { json in
                answer.state.withLock { $0 = json }
                ticket.resume(.yes)
            }
        }
    }
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
