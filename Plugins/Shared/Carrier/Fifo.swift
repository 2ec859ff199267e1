// SPDX-License-Identifier: Apache-2.0
import Glibc
import PluginKit

/// Fifos: the one that commands come in by, and those that clients want their answers in.
public enum Fifo {
    /// Makes one and opens it; the descriptor is never waited for. One that an earlier server left behind is
    /// replaced.
    public static func make(_ path: String, _ owner: Owner) throws(Failure) -> Int32 {
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFIFO else {
                throw Failure(
                    what: "there is something else of that name", help: "remove it, or choose another path")
            }
            unlink(path)
        }
        // Whatever the umask is, it gets what was asked for.
        guard mkfifo(path, 0o600) == 0 else {
            throw Failure(what: lastError(), help: "see that the folder exists and may be written to")
        }
        guard owner.take(path) else {
            throw Failure(what: lastError(), help: "only root gives a fifo to others: see its user and group")
        }
        // Open for writing too: so there is always a writer, and reading never meets an end.
        let descriptor = Glibc.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(what: lastError(), help: "see its permissions") }
        return descriptor
    }

    /// Is it the name of a file in one folder, and of nothing else?
    public static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.contains("/") && !name.hasPrefix(".") && !name.utf8.contains(0)
    }

    /// Opens the fifo that a client has made for an answer, if it reads it already. Nil: it does not, or there is no
    /// fifo of that name; `errno` has why (ENXIO: nobody reads yet).
    public static func openAnswer(_ path: String) -> Int32? {
        let descriptor = Glibc.open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            _ = Glibc.close(descriptor)
            errno = EINVAL
            return nil
        }
        return descriptor
    }

    /// Writes an answer whole, but never for long: a client that does not read gets nothing.
    public static func answer(_ text: String, in path: String) {
        guard let descriptor = openAnswer(path) else {
            return Host.log(.warning, "\(path) cannot be written as a fifo: \(lastError())")
        }
        defer { _ = Glibc.close(descriptor) }
        let bytes = Array(text.utf8)
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
