// SPDX-License-Identifier: Apache-2.0
import Carrier
import Glibc
import Mi_fifoLogic
import PluginKit

/// The fifo that commands come in by, and the thread that reads it.
final class Reading: @unchecked Sendable {
    private let path: String
    private let replies: String
    private let descriptor: Int32
    /// Nobody writes: they are only told to end.
    private let letters = Letters<Never>()
    private var thread = OwnThread()

    /// nil, and the reason given, when there cannot be one.
    init?(_ path: String, _ owner: Owner, replies: String) {
        self.path = path
        self.replies = replies.hasSuffix("/") ? replies : replies + "/"
        do throws(Failure) {
            descriptor = try Fifo.make(path, owner)
        } catch {
            _ = Host.fail("mi_fifo cannot use \(path): \(error.what)", help: error.help)
            return nil
        }
    }

    func start() -> Bool {
        letters.isOpen && thread.start { [self] in run() }
    }

    /// Ends the thread, and takes the fifo away.
    func stop() {
        letters.end()
        thread.join()
        _ = close(descriptor)
        unlink(path)
    }

    private func run() {
        var reader = MIReader()
        var room = [UInt8](repeating: 0, count: 65_536)
        while !letters.isEnding {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: letters.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waiting, 2, -1) > 0 else { continue }
            let count = Glibc.read(descriptor, &room, room.count)
            guard count > 0 else { continue }
            for event in reader.take(room[..<count]) { handle(event) }
        }
    }

    private func handle(_ event: MIReader.Event) {
        switch event {
        case .noise:
            refusedCommands.add()
            Host.log(.warning, "what came in on \(path) is no command: it begins with :name:reply_fifo")
        case .bad(let command, let name):
            refusedCommands.add()
            reply(name, "400 parse error in command '\(command)'\n")
        case .run(let request):
            commands.add()
            let name = request.reply
            let isKnown = Running.start(request.command, request.arguments) { [self] code, text in
                reply(name, code == 200 ? "200 OK\n\(text)" : "\(code) \(text)\n")
            }
            if !isKnown {
                refusedCommands.add()
                reply(name, "500 command '\(request.command)' not available\n")
            }
        }
    }

    private func reply(_ name: String, _ answer: String) {
        guard !name.isEmpty else { return }
        Fifo.answer(answer + "\n", in: replies + name)
    }
}
