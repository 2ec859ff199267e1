// SPDX-License-Identifier: Apache-2.0
// Commands of Kamailio 4's management interface, called over RPC.
import CMartlet
import PluginKit
import Synchronization

private let mi = Need("mi", 1, as: mi_api.self, [.optional, .late])

private let plugin = Plugin("mi_rpc", "1.0.0", "Runs commands of the management interface over RPC.") {
    mi
    Param<Text?>(
        "rpc_url", is: .verbatim, "Accepted: the command rpc runs here, without a connection.")
    // How they were shown differed; here it is the same text for all.
    for name in [".mi", ".mi_dg", ".mi_fifo", ".mi_xmlrpc"] as [StaticString] {
        Command(
            name, "Runs a command of the management interface: its name, then its arguments.",
            arguments: fields
        ) { answer in
            guard mi.isThere else {
                return answer.fault(500, "mi_fifo is not loaded, which knows these commands")
            }
            return run(answer)
        }
    }
}

/// The name, and up to fifteen arguments.
private var fields: [mt_field] {
    let names: [StaticString] = [
        "arg1", "arg2", "arg3", "arg4", "arg5", "arg6", "arg7", "arg8", "arg9", "arg10", "arg11", "arg12",
        "arg13",
        "arg14", "arg15",
    ]
    return [Arg("command", Text.self).field] + names.map { Arg($0, Text?.self).field }
}

/// What a command of the interface has answered.
private final class Asked: Sendable {
    let answer = Mutex<(code: Int32, text: String)?>(nil)
    let ticket: Ticket
    init(_ ticket: Ticket) { self.ticket = ticket }

    static let done: @convention(c) (UnsafeMutableRawPointer?, Int32, mt_str) -> Void = { user, code, text in
        guard let user else { return }
        let asked = Unmanaged<Asked>.fromOpaque(user).takeRetainedValue()
        asked.finish(code, String(Text(unchecked: text)))
    }

    func finish(_ code: Int32, _ text: String) {
        answer.withLock { $0 = (code, text) }
        ticket.resume(.yes)
    }
}

/// Hands what it answers to the one who waits for it.
private final class Box: Sendable {
    let asked = Mutex<Asked?>(nil)
}

private func run(_ answer: borrowing Answer) -> Outcome {
    let box = Box()
    let raw = answer.call.raw
    return answer.call.wait(
        upTo: .seconds(60),
        then: Action { call in
            let answer = Answer(call)
            guard let (code, text) = box.asked.withLock({ $0?.answer.withLock { $0 } }) else {
                return answer.fault(408, "the command does not answer")
            }
            guard code == 200 else { return answer.fault(Int(code), text) }
            for line in text.split(separator: "\n") { answer.put(String(line)) }
            return .yes
        }
    ) { ticket in
        let asked = Asked(ticket)
        box.asked.withLock { $0 = asked }
        let held = Unmanaged.passRetained(asked)
        var count = raw.pointee.argc
        while count > 1, raw.pointee.args[Int(count) - 1].type == UInt32(MT_NULL) { count -= 1 }
        let code = mi.table.pointee.run(
            raw.pointee.args[0].str, raw.pointee.args + 1, count - 1, Asked.done, held.toOpaque())
        if code <= 0 {
            held.release()
            asked.finish(500, "command not found")
        }
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
