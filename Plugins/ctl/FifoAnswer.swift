// SPDX-License-Identifier: Apache-2.0
import CMartlet
import CtlLogic
import Glibc
import PluginKit

/// Turns the answer of a command into lines of text, and writes them to the fifo that the client made for
/// them.
final class FifoAnswer: CommandReader, @unchecked Sendable {
    /// Where clients make their fifos.
    private static let folder = "/tmp"
    private let path: String?
    private var text = ""
    private var depth = 0

    init(_ name: String) { path = name.isEmpty ? nil : "\(FifoAnswer.folder)/\(name)" }

    func run(_ request: Request) {
        let name = String(decoding: request.name, as: UTF8.self)
        guard !withArguments(request, { run(name, $0) }).isYes else { return }
        write("500 command \(name) not found\n")
    }

    override func put(_ key: Text, _ value: Value) {
        let shown = value.raw.type == UInt32(MT_STR) ? String(value.text) : String(value.raw.num)
        line(depth > 0 && !key.isEmpty ? "\(String(key)): \(shown)" : shown)
    }

    override func open(_ key: Text, list: Bool) {
        line(depth > 0 && !key.isEmpty ? "\(String(key)): {" : "{")
        depth += 1
    }

    override func close() {
        depth -= 1
        line("}")
    }

    override func done(_ code: Int, _ text: Text) {
        write(code == 0 ? "200 OK\n\(self.text)" : "\(code) \(String(text))\n")
    }

    private func line(_ line: String) { text += String(repeating: "\t", count: max(depth, 0)) + line + "\n" }

    /// Only into a fifo that somebody reads, and never for long: a client that does not read gets nothing.
    private func write(_ answer: String) {
        guard let path else { return }
        let descriptor = Glibc.open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            return Host.log(.warning, "ctl: \(path) cannot be written: \(lastError())")
        }
        defer { _ = Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            return Host.log(.warning, "ctl: \(path) is no fifo")
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
