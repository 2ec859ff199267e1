// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import Synchronization

/// A file read or written on a helper thread, while the call waits and its worker does not.
@Declarations func fileFunctions() -> [any Declaration] {
    Function(
        "file_read", in: .any, suspends: true, "Reads a file into a variable.", Arg("fpath", Text.self),
        Arg("var", Expression.self, "A variable that can be written.")
    ) { call, path, variable in
        let job = FileJob(path: String(path), content: [])
        let read = Action { call in
            guard call.result.isYes else { return .no }
            return job.content.withLock { content in
                String(decoding: content, as: UTF8.self).withRaw { call.write(variable, $0) }.isYes
                    ? .yes : .no
            }
        }
        return run(call, job, then: read) { job.read() }
    }
    Function(
        "file_write", in: .any, suspends: true, "Writes a text into a file, which it makes or replaces.",
        Arg("fpath", Text.self), Arg("content", Text.self)
    ) { call, path, content in
        let bytes = [UInt8](UnsafeRawBufferPointer(start: content.raw.ptr, count: content.count))
        let job = FileJob(path: String(path), content: bytes)
        return run(call, job, then: nil) { job.write() }
    }
}

private func run(
    _ call: borrowing Call, _ job: FileJob, then: Action?, _ work: @escaping @Sendable () -> Bool
) -> Outcome {
    let worker = call.worker
    return call.wait(upTo: .seconds(30), then: then) { ticket in
        let started = Loop.offload(
            on: worker,
            work: { _ in
                ticket.resume(Outcome(work()))
                return .yes
            },
            done: { _ in .yes })
        if !started.isYes { ticket.resume(.no) }
    }
}

private final class FileJob: Sendable {
    /// More than this is no text for a script.
    private static let limit = 16 << 20

    let path: String
    let content: Mutex<[UInt8]>

    init(path: String, content: [UInt8]) {
        self.path = path
        self.content = Mutex(content)
    }

    func read() -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return fails("read") }
        defer { close(file) }
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while all.count <= Self.limit {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return fails("read") }
            if count == 0 {
                content.withLock { $0 = all }
                return true
            }
            all.append(contentsOf: chunk[0..<count])
        }
        Host.log(.error, "\(path) is larger than \(Self.limit) bytes")
        return false
    }

    func write() -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return fails("write") }
        defer { close(file) }
        let bytes = content.withLock { $0 }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return fails("write") }
            done += count
        }
        return true
    }

    private func fails(_ what: String) -> Bool {
        let why = String(cString: strerror(errno))
        Host.log(.error, "cannot \(what) \(path): \(why)")
        return false
    }
}
