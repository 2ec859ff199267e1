// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Message
import Script
import Synchronization
import Worker

/// All RPC commands, those of the server and those of plugins, and the runs that are not finished.
///
/// Everything here happens on the main thread; other threads get there by `Control.post`.
final class Commands {
    struct Command {
        let name: String
        let help: String
        let body: Body
        enum Body {
            case own((CommandRun) -> Void)
            /// One that may have to wait: it finishes its run itself, on this thread.
            case later((CommandRun) -> Void)
            case plugin(PluginTable.Command, UnsafePointer<mt_host>)
        }
    }

    private(set) var all: [String: Command] = [:]
    /// Runs that go on, so that a stale `mt_call` is recognised.
    private var runs: [UnsafeRawPointer: CommandRun] = [:]
    private let control: Control
    private let waiting = Mutex<[UInt64: Pause]>([:])
    private let lastTicket = Atomic<UInt64>(0)
    /// What expressions of commands are evaluated on.
    let idle: Message

    /// A command that waits.
    private struct Pause: @unchecked Sendable {
        let run: CommandRun
        let then: mt_fn?
        let user: UnsafeMutableRawPointer?
        let timer: UInt64
    }

    init(control: Control, worker: Int) {
        self.control = control
        _ = WorkerValues.open(worker: worker)
        idle = Message.request(MessagePool(worker: worker), method: "OPTIONS", uri: "sip:nobody@localhost")
        idle.worker = UInt32(worker)
    }

    func add(_ name: String, _ help: String, _ body: @escaping (CommandRun) -> Void) {
        all[name] = Command(name: name, help: help, body: .own(body))
    }

    /// One that finishes its run itself.
    func add(later name: String, _ help: String, _ body: @escaping (CommandRun) -> Void) {
        all[name] = Command(name: name, help: help, body: .later(body))
    }

    /// Runs it on the thread of the commands. [any]
    func post(_ work: @escaping @Sendable () -> Void) { control.post(work) }

    /// The commands of a plugin. A name that the server has taken is the plugin's mistake.
    func add(_ plugin: Plugin) {
        for command in plugin.table.commands {
            // "core.x" in the table of another plugin stays as it is; a plain name gets the plugin's in front, and one
            // that begins with a dot is to be plain.
            let name =
                command.name.hasPrefix(".")
                ? String(command.name.dropFirst())
                : command.name.contains(".") ? command.name : "\(plugin.name).\(command.name)"
            all[name] = Command(name: name, help: command.help, body: .plugin(command, plugin.host.asHost))
        }
    }

    // MARK: - running

    /// [any] Has it run on the main thread. MT_NO: there is no such command, and nothing is called.
    func post(
        _ name: String, _ arguments: CommandArguments, _ sink: mt_rpc_sink, _ user: UnsafeMutableRawPointer?
    ) -> mt_result {
        guard let command = all[name] else { return mt_result(MT_NO) }
        let start = Start(
            commands: self, command: command, run: CommandRun(sink: sink, user: user, arguments: arguments))
        control.post { start.commands.start(start.command, start.run) }
        return mt_result(MT_OK)
    }

    /// Carries a run to the main thread, which alone touches it.
    private struct Start: @unchecked Sendable {
        let commands: Commands
        let command: Command
        let run: CommandRun
    }

    private func start(_ command: Command, _ run: CommandRun) {
        switch command.body {
        case .own(let body):
            body(run)
            run.finish(mt_result(MT_OK))
        case .later(let body): body(run)
        case .plugin(let table, let owner):
            if let wrong = run.arguments.convert(table.arguments) {
                run.fail(400, wrong)
                return run.finish(mt_result(MT_ERROR))
            }
            run.block.pointee.call.host = owner
            run.block.pointee.call.user = table.user
            run.block.pointee.call.args = UnsafePointer(run.arguments.pointer)
            run.block.pointee.call.argc = UInt32(run.arguments.count)
            runs[UnsafeRawPointer(run.block)] = run
            goOn(run, table.call)
        }
    }

    private func goOn(_ run: CommandRun, _ function: mt_fn) {
        run.isWaiting = false
        let result = called(run, function)
        if result == mt_result(MT_SUSPEND) {
            if run.isWaiting { return }
            run.fail(500, "the command answered MT_SUSPEND without a call of suspend()")
        }
        end(run, result)
    }

    private func end(_ run: CommandRun, _ result: mt_result) {
        run.finish(result == mt_result(MT_TIMEOUT) ? mt_result(MT_ERROR) : result)
        runs[UnsafeRawPointer(run.block)] = nil
    }

    private func called(_ run: CommandRun, _ function: mt_fn) -> mt_result {
        let call = UnsafeMutableRawPointer(run.block).assumingMemoryBound(to: mt_call.self)
        guard let owner = call.pointee.host else { return function(call) }
        let note = CallNote.ofThread
        note.pointee.site = HostBlock.of(owner).pointee.command
        defer { note.pointee.site = nil }
        return function(call)
    }

    /// The run that a plugin's call belongs to; nil for any other pointer.
    func run(of call: UnsafePointer<mt_call>?) -> CommandRun? {
        guard cl_worker() == nil, let call else { return nil }
        return runs[UnsafeRawPointer(call)]
    }

    // MARK: - waiting

    func suspend(
        _ call: UnsafeMutablePointer<mt_call>, _ milliseconds: UInt32, _ then: mt_fn?,
        _ user: UnsafeMutableRawPointer?
    ) -> UInt64 {
        guard let run = run(of: call) else { return 0 }
        run.isWaiting = true
        let number = lastTicket.add(1, ordering: .relaxed).newValue & 0xff_ffff_ffff_ffff
        let ticket = UInt64(Waiting.commandOwner) << 56 | number
        var timer: UInt64 = 0
        if milliseconds > 0 {
            timer = control.after(milliseconds) { [self] in _ = resume(ticket, mt_result(MT_TIMEOUT)) }
        }
        waiting.withLock { $0[ticket] = Pause(run: run, then: then, user: user, timer: timer) }
        return ticket
    }

    /// [any]
    func resume(_ ticket: UInt64, _ result: mt_result) -> mt_result {
        guard let pause = waiting.withLock({ $0.removeValue(forKey: ticket) }) else {
            return mt_result(MT_GONE)
        }
        if pause.timer != 0 { control.cancel(pause.timer) }
        control.post { [self] in
            pause.run.block.pointee.call.result = result
            guard let then = pause.then else { return end(pause.run, result) }
            pause.run.block.pointee.call.user = pause.user
            goOn(pause.run, then)
        }
        return mt_result(MT_OK)
    }
}

extension Commands: @unchecked Sendable {}
