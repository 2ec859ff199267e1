// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Going to the background: the process that was started stays until the server carries traffic or has failed, says so
/// by its exit status, and everything that is wrong is still seen on its terminal.
public struct Daemon {
    private let told: Int32

    /// Forks. In the first process it never returns. Before any thread exists.
    public static func begin() -> Daemon? {
        var ends: [Int32] = [-1, -1]
        guard cl_pipe(&ends, true) == 0 else { return nil }
        let child = cl_fork()
        guard child >= 0 else { return nil }
        if child == 0 {
            close(ends[0])
            setsid()
            return Daemon(told: ends[1])
        }
        close(ends[1])
        var status: UInt8 = 1
        while read(ends[0], &status, 1) < 0, errno == EINTR {}
        if status != 0 {
            var result: Int32 = 0
            // It has its own words for what went wrong; they are out when it has ended.
            while waitpid(child, &result, 0) < 0, errno == EINTR {}
        }
        exit(Int32(status))
    }

    /// The server carries traffic: the terminal is let go.
    func ready() {
        var status: UInt8 = 0
        _ = write(told, &status, 1)
        close(told)
        let null = open("/dev/null", O_RDWR)
        guard null >= 0 else { return }
        for descriptor in [Int32(0), 1, 2] { dup2(null, descriptor) }
        if null > 2 { close(null) }
    }
}
