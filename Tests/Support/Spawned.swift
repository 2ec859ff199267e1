// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A process that was started here and that we shall hear of.
///
/// What it writes to standard error comes through a pipe of its own, whose end tells that the process is no
/// more; or goes to a file, as what it writes to standard output does.
package final class Spawned: @unchecked Sendable {
    package let pid: pid_t
    /// To read from until its end.
    let standardError: Int32
    private var status: Int32?

    /// `output` is the file for what goes to standard output, and `errors`, if not a pipe, that for standard
    /// error. `stream`, if it is a descriptor, is both standard input and output instead.
    init(
        _ command: [String], environment: [String: String], output: String, errors: String? = nil,
        stream: Int32 = -1
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if stream >= 0 {
            posix_spawn_file_actions_adddup2(&actions, stream, 0)
            posix_spawn_file_actions_adddup2(&actions, stream, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        if let errors {
            posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let words = command.map { strdup($0) } + [nil]
        let settings = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + settings { free(word) } }
        var child: pid_t = 0
        var ends: [Int32] = [-1, -1]
        let failure = Inheritance.lock.withLock {
            if errors == nil {
                guard pipe(&ends) == 0 else { return errno }
                for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
                posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
            }
            return posix_spawn(&child, command[0], &actions, &attributes, words, settings)
        }
        if ends[1] >= 0 { close(ends[1]) }
        pid = child
        standardError = ends[0]
        guard failure == 0 else {
            throw Problem("\(command[0]) cannot be started: \(String(cString: strerror(failure)))")
        }
    }

    package func signal(_ number: Int32) {
        if status == nil, pid > 0 { kill(pid, number) }
    }

    /// Waits for its end, which has to be near. Negative: the signal that ended it.
    package func wait() -> Int32 {
        if let status { return status }
        var word: Int32 = 0
        while waitpid(pid, &word, 0) < 0 && errno == EINTR {}
        let result = word & 0x7f == 0 ? word >> 8 & 0xff : -(word & 0x7f)
        status = result
        return result
    }

    deinit { if standardError >= 0 { close(standardError) } }
}

/// Keeps descriptors from getting into processes that are started meanwhile: a connection that some server
/// holds by accident would never be closed.
enum Inheritance {
    static let lock = NSLock()

    /// Makes a descriptor that can only be kept to ourselves a moment after it was made.
    static func withNone(_ make: () -> Int32) -> Int32 {
        lock.withLock {
            let descriptor = make()
            if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            return descriptor
        }
    }
}

/// What went wrong in the tests' own doing.
package struct Problem: Error, CustomStringConvertible {
    package let description: String
    init(_ text: String) { description = text }
}

var errorText: String { String(cString: strerror(errno)) }
