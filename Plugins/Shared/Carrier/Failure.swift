// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Why a socket or fifo cannot be had, and what to do about it.
public struct Failure: Error {
    public let what: String
    public let help: String

    public init(what: String, help: String) {
        self.what = what
        self.help = help
    }

    /// With the system's reason, of a descriptor that is closed then.
    static func closing(_ descriptor: Int32, _ help: String) -> Failure {
        let what = lastError()
        _ = Glibc.close(descriptor)
        return Failure(what: what, help: help)
    }
}

/// What the system says of its last refusal.
public func lastError() -> String { String(cString: strerror(errno)) }

/// Never waited for, and not handed to programs that the server starts.
public func keepToOurselves(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
