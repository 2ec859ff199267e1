// SPDX-License-Identifier: Apache-2.0
// The fifo of Kamailio 4's management interface, for the tools that still write to it.
import CMartlet
import Carrier
import Mi_fifoLogic
import PluginKit

private let name = Param<Text?>(
    "fifo_name", is: .verbatim, "The fifo that commands come in by; without it there is none.")
private let mode = Param<Int>("fifo_mode", default: "0660", in: 0...0o7777, "Its permissions.")
private let user = Param<Text?>("fifo_user", is: .verbatim, "Who owns it: a name or a number.")
private let group = Param<Text?>("fifo_group", is: .verbatim, "Its group: a name or a number.")
private let folder = Param<Text>(
    "reply_dir", default: "/tmp/", is: .verbatim, "Where clients make their fifos.")
let replyIndent = Param<Text>(
    "reply_indent", default: "\t", is: .verbatim, "What a level of an answer is indented by.")
let commands = Counter("commands", "Commands that came in.")
let refusedCommands = Counter("refused", "What came in and was no command, or one that is not there.")

/// Set once, on the main thread; nil when there is none.
nonisolated(unsafe) private var fifo: Reading?

private let plugin = Plugin(
    "mi_fifo", "1.0.0", "Commands over a fifo, by the names of Kamailio 4's management interface."
) {
    name
    mode
    user
    group
    folder
    replyIndent
    [commands, refusedCommands]

    // Only now are privileges what they will be, and a file that is only checked has no fifo made.
    Hook("core.ready") { _ in begin() }
    Stop { fifo?.stop() }

    Offer("mi", 1, 0) { head in
        mi_api(head: head) { name, args, count, done, user in
            guard let done else { return mt_result(MT_NO) }
            let arguments = (0..<Int(count)).map { index in
                guard let value = args?[index] else { return "" }
                return value.type == UInt32(MT_STR)
                    ? String(Text(unchecked: value.str)) : String(value.num)
            }
            let asker = Asker(done: done, user: user)
            let isKnown = Running.start(String(Text(unchecked: name)), arguments) { code, text in
                text.withRaw { asker.done(asker.user, Int32(truncatingIfNeeded: code), $0) }
            }
            return isKnown ? mt_result(MT_OK) : mt_result(MT_NO)
        }
    }
}

/// Whom a command is run for; told on the commands' thread.
private struct Asker: @unchecked Sendable {
    let done: @convention(c) (UnsafeMutableRawPointer?, Int32, mt_str) -> Void
    let user: UnsafeMutableRawPointer?
}

private func begin() -> Outcome {
    guard let name = name.value, !name.isEmpty else {
        Host.log(.info, "fifo_name is not set: there is no fifo")
        return .yes
    }
    guard let owner = Owner(mode: mode.value, user: user.value, group: group.value),
        let made = Reading(String(name), owner, replies: String(folder.value))
    else { return .error }
    guard made.start() else {
        return Host.fail("mi_fifo cannot start its thread", help: "see the limits of the process")
    }
    fifo = made
    return .yes
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
