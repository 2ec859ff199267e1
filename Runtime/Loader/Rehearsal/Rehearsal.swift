// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message
import Script
import Worker

/// A strict server in a process of its own, in which a plugin is called in every way that a script could think of.
///
/// A plugin that crashes, or does what none may do, ends that process: what it was doing stands in memory that the
/// process shares with the one that waits for it.
struct Rehearsal {
    let table: PluginTable
    /// The loadmodule lines that it needs, its own the last.
    let loading: [String]
    let folder: String

    /// What the two processes share.
    private struct Progress {
        /// The number of the call that is being made, from 1; 0 before the first.
        let call: UnsafeMutablePointer<Int32>
        let isRunning: UnsafeMutablePointer<Int32>
        /// Which calls the checker refused. There are never more than `most`.
        let refused: UnsafeMutablePointer<Int32>

        init(_ memory: UnsafeMutableRawPointer) {
            call = memory.bindMemory(to: Int32.self, capacity: Rehearsal.most + 2)
            isRunning = call + 1
            refused = call + 2
        }
    }
    private static let most = 16_384

    enum Result: Equatable {
        /// How many calls were made.
        case fine(Int)
        /// It has been told why.
        case faulty
        case crashed(Int32, while: String?)
    }

    func run() -> Result {
        let size = MemoryLayout<Int32>.stride * (Self.most + 2)
        let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { return .fine(0) }
        defer { munmap(memory, size) }
        let progress = Progress(memory)
        guard let place = scratchFolder() else { return .fine(0) }
        defer { Self.remove(place) }
        var calls = Array(Calls(table).all.prefix(Self.most))
        while true {
            memset(memory, 0, size)
            let child = cl_fork()
            if child == 0 {
                // What a function writes to a file is not to lie about where the author works.
                chdir(place)
                _exit(play(calls, progress))
            }
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            let number = Int(progress.call.pointee)
            let text = number > 0 && number <= calls.count ? calls[number - 1].text : nil
            if status & 0x7f != 0 { return .crashed(status & 0x7f, while: text) }
            switch status >> 8 & 0xff {
            case 0: return .fine(calls.count)
            case Self.again:
                calls = calls.enumerated().filter { progress.refused[$0.offset] == 0 }.map(\.element)
            default:
                if progress.isRunning.pointee != 0, let text {
                    Log.tell("  while it was called so: \(text)\n")
                }
                return .faulty
            }
        }
    }

    /// The exit status of a process that found calls which no configuration could hold.
    private static let again: Int32 = 3

    private func scratchFolder() -> String? {
        var name = Array("/tmp/martlet-check-XXXXXX".utf8CString)
        return mkdtemp(&name).map { String(cString: $0) }
    }

    private static func remove(_ folder: String) {
        if let entries = opendir(folder) {
            while let entry = readdir(entries) {
                withUnsafeBytes(of: &entry.pointee.d_name) { name in
                    guard let name = name.bindMemory(to: CChar.self).baseAddress else { return }
                    unlinkat(dirfd(entries), name, 0)
                }
            }
            closedir(entries)
        }
        rmdir(folder)
    }

    // MARK: - in the process

    private func play(_ calls: [Calls.Call], _ progress: Progress) -> Int32 {
        let before =
            loading + ["listen=udp:127.0.0.1:0 name \"check\"", "request_route { exit; }"] + Calls.others
        let text = (before + calls.map(\.line)).joined(separator: "\n") + "\n"
        let diagnostics = Diagnostics()
        let configuration = Configuration.read(
            SourceFile(name: "check", text: text), diagnostics: diagnostics)
        var options = Setup.Options()
        options.modulePath = folder
        options.workers = 1
        options.isStrict = true
        options.runFolder = "/nonexistent"
        let setup = Setup(configuration, options: options, diagnostics: diagnostics)
        guard setup.prepare() else { return refusals(diagnostics, before.count, progress) }
        Log.silence()
        Strict.isRehearsal = true
        return perform(calls, setup, progress)
    }

    /// Marks the calls that were refused; anything else that is wrong is told.
    private func refusals(_ diagnostics: Diagnostics, _ lines: Int, _ progress: Progress) -> Int32 {
        var others: [Diagnostic] = []
        var isRefused = false
        for fault in diagnostics.sorted where fault.severity == .error {
            if let line = fault.place?.line, line > lines, line - lines <= Self.most {
                progress.refused[line - lines - 1] = 1
                isRefused = true
            } else if !fault.what.contains("needs its parameter") {
                others.append(fault)
            } else {
                // What only a configuration can give is not the plugin's fault; without it nothing can be tried.
                return 0
            }
        }
        for fault in others {
            Log.tell(
                Diagnostic(.error, at: nil, fault.what, notes: fault.notes, help: fault.help).description
                    + "\n")
        }
        return others.isEmpty && isRefused ? Self.again : 1
    }

    private func perform(_ calls: [Calls.Call], _ setup: Setup, _ progress: Progress) -> Int32 {
        guard let program = setup.program, let group = host.group?.takeUnretainedValue() else { return 1 }
        do throws(ListenFailures) { try setup.network.open() } catch { return 0 }
        SocketTexts.shared = SocketTexts(setup.network.sockets)
        WorkerStart.prepare(program, group)
        setup.failures.isCollecting = false
        group.start()
        progress.isRunning.pointee = 1
        let scene = Scene(calls: calls, blocks: calls.map { program.route($0.kind, named: $0.name) }) {
            progress.call.pointee = Int32($0)
        }
        let isDone = scene.play(on: group.workers[0])
        if !isDone {
            Log.tell("error: \(table.name) did not return within \(Scene.patience) s\n")
            return 1
        }
        progress.call.pointee = 0
        group.drain(milliseconds: 500)
        group.stop()
        setup.stopPlugins()
        return 0
    }
}
