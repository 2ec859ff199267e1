// SPDX-License-Identifier: Apache-2.0
import Glibc
import Mi_fifoLogic
import PluginKit

/// The fifo that commands come in by, and the thread that reads it.
final class Fifo: @unchecked Sendable {
    private let path: String
    private let replies: String
    private let descriptor: Int32
    /// Written to when it is to end.
    private let ends: (read: Int32, write: Int32)
    private var thread = pthread_t()

    /// nil, and the reason given, when there cannot be one.
    init?(_ path: String, mode: Int, user: uid_t, group: gid_t, replies: String) {
        self.path = path
        self.replies = replies.hasSuffix("/") ? replies : replies + "/"
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFIFO else {
                Fifo.refuse(
                    path, "there is something else of that name", "remove it, or choose another fifo_name")
                return nil
            }
            unlink(path)
        }
        // Whatever the umask is, it gets what was asked for.
        guard mkfifo(path, 0o600) == 0, chmod(path, mode_t(mode)) == 0 else {
            Fifo.refuse(
                path, String(cString: strerror(errno)), "see that the folder exists and may be written to")
            return nil
        }
        if user != .max || group != .max, chown(path, user, group) != 0 {
            Fifo.refuse(path, String(cString: strerror(errno)), "see fifo_user and fifo_group")
            return nil
        }
        // Open for writing too: so there is always a writer, and reading never meets an end.
        descriptor = Glibc.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        var pair: [Int32] = [-1, -1]
        guard descriptor >= 0, pipe(&pair) == 0 else {
            Fifo.refuse(path, String(cString: strerror(errno)), "see its permissions")
            return nil
        }
        ends = (pair[0], pair[1])
    }

    private static func refuse(_ path: String, _ what: String, _ help: String) {
        _ = Host.fail("mi_fifo cannot use \(path): \(what)", help: help)
    }

    func start() -> Bool {
        let held = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Fifo>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, held.toOpaque())
        if code != 0 { held.release() }
        return code == 0
    }

    /// Ends the thread, and takes the fifo away.
    func stop() {
        var one: UInt8 = 1
        _ = Glibc.write(ends.write, &one, 1)
        pthread_join(thread, nil)
        unlink(path)
    }

    private func run() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        var reader = MIReader()
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waiting, 2, -1) > 0 else { continue }
            if waiting[1].revents != 0 { return }
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

    /// Only into a fifo that somebody reads, and never for long: a client that does not read gets nothing.
    private func reply(_ name: String, _ answer: String) {
        guard !name.isEmpty else { return }
        let file = replies + name
        let descriptor = Glibc.open(file, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            return Host.log(.warning, "\(file) cannot be written: \(String(cString: strerror(errno)))")
        }
        defer { _ = Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            return Host.log(.warning, "\(file) is no fifo")
        }
        let bytes = Array((answer + "\n").utf8)
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + at }, $0.count - at)
            }
            if count > 0 {
                at += count
                continue
            }
            guard count < 0, errno == EAGAIN else { return }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&waiting, 1, 1000) > 0 else { return }
        }
    }
}
