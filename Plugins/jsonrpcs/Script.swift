// SPDX-License-Identifier: Apache-2.0
import CMartlet
import JsonrpcsLogic
import PluginKit
import Synchronization

/// What the last `jsonrpc_exec` on a message has answered. Lies in the message's own memory.
private struct Kept {
    var code: Int
    var text: mt_str
    var body: mt_str
}

/// `jsonrpc_exec` and `$jsonrpl`.
@Declarations func scriptFunctions(pretty: @escaping @Sendable () -> Bool) -> [any Declaration] {
    Function(
        "jsonrpc_exec", in: .any, suspends: true,
        "Runs a command; what it answers is in $jsonrpl. False: it is no request.",
        Arg("request", Text.self)
    ) { call, request in
        let asked = Asked(request.span.withUnsafeBufferPointer { Array($0) })
        let answer = Answered()
        return call.wait(
            upTo: .seconds(60),
            then: Action { call in
                guard call.result == .yes else {
                    keep(call.message, 408, "the command does not answer", [])
                    return .no
                }
                let json = answer.state.withLock { $0 }
                let body = json.map { $0.written(pretty: pretty()) } ?? []
                var code = 200
                var text = "OK"
                if let fault = json?["error"] {
                    if case .number(let digits)? = fault["code"] { code = Int(digits) ?? 500 }
                    if case .text(let message)? = fault["message"] { text = message }
                }
                keep(call.message, code, text, body)
                // Below are the faults of JSON-RPC itself: nothing was run.
                return code <= -32600 ? .no : .yes
            }
        ) { ticket in
            Exchange.run(asked) { json in
                answer.state.withLock { $0 = json }
                ticket.resume(.yes)
            }
        }
    }
    Variable("jsonrpl", "What jsonrpc_exec got: code, text or body.", keys: ["code", "text", "body"]) {
        call, key in
        guard call.hasMessage, let kept = UnsafePointer<Kept>(bitPattern: UInt(call.message.slot)) else {
            return call.answerNull()
        }
        if key.name.equals("code") { return call.answer(kept.pointee.code) }
        if key.name.equals("text") { return call.answer(Text(unchecked: kept.pointee.text)) }
        if key.name.equals("body") { return call.answer(Text(unchecked: kept.pointee.body)) }
        return call.answerNull()
    }
}

/// Carries the answer from the commands' thread to the worker.
final class Answered: Sendable {
    let state = Mutex<JSON?>(nil)
}

private func keep(_ message: borrowing Message, _ code: Int, _ text: String, _ body: [UInt8]) {
    func copy(_ bytes: some Collection<UInt8>) -> mt_str {
        guard !bytes.isEmpty else { return mt_str("") }
        let place = message.allocate(bytes.count)
        place.copyBytes(from: bytes)
        return mt_str(ptr: place.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    }
    let kept = Kept(code: code, text: copy(text.utf8), body: copy(body))
    let place = message.allocate(MemoryLayout<Kept>.size)
    guard let start = place.baseAddress else { return }
    start.initializeMemory(as: Kept.self, to: kept)
    message.slot = UInt64(UInt(bitPattern: start))
}
