// SPDX-License-Identifier: Apache-2.0
// The fifo of Kamailio 4's management interface, for the tools that still write to it.
import CMartlet
import Glibc
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
nonisolated(unsafe) private var fifo: Fifo?

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
            let owner = Owner(done: done, user: user)
            let isKnown = Running.start(String(Text(unchecked: name)), arguments) { code, text in
                text.withRaw { owner.done(owner.user, Int32(truncatingIfNeeded: code), $0) }
            }
            return isKnown ? mt_result(MT_OK) : mt_result(MT_NO)
        }
    }
}

/// Whom a command is run for; told on the commands' thread.
private struct Owner: @unchecked Sendable {
    let done: @convention(c) (UnsafeMutableRawPointer?, Int32, mt_str) -> Void
    let user: UnsafeMutableRawPointer?
}

private func begin() -> Outcome {
    guard let name = name.value, !name.isEmpty else {
        Host.log(.info, "fifo_name is not set: there is no fifo")
        return .yes
    }
    guard let (user, group) = owner() else { return .error }
    guard
        let made = Fifo(
            String(name), mode: mode.value, user: user, group: group, replies: String(folder.value))
    else { return .error }
    guard made.start() else {
        return Host.fail("mi_fifo cannot start its thread", help: "see the limits of the process")
    }
    fifo = made
    return .yes
}

/// nil, and the reason given, when there is no such user or group.
private func owner() -> (uid_t, gid_t)? {
    var ids = (uid_t.max, gid_t.max)
    if let user = user.value, !user.isEmpty {
        if let number = user.integer {
            ids.0 = uid_t(truncatingIfNeeded: number)
        } else if let entry = getpwnam(String(user)) {
            ids = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        } else {
            _ = Host.fail("fifo_user: there is no user \"\(String(user))\"", help: "see /etc/passwd")
            return nil
        }
    }
    if let group = group.value, !group.isEmpty {
        if let number = group.integer {
            ids.1 = gid_t(truncatingIfNeeded: number)
        } else if let entry = getgrnam(String(group)) {
            ids.1 = entry.pointee.gr_gid
        } else {
            _ = Host.fail("fifo_group: there is no group \"\(String(group))\"", help: "see /etc/group")
            return nil
        }
    }
    return ids
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
