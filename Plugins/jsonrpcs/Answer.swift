// SPDX-License-Identifier: Apache-2.0
import Carrier
import Glibc
import PluginKit

/// Where an answer goes.
enum Target: Sendable {
    case datagram(sockaddr_storage, socklen_t)
    case fifo(String)
    case file(String)
}

/// An answer that is on its way. The thread of the transports alone has any.
struct Answer {
    enum Step {
        case done, later
        case lost(String)
    }

    let target: Target
    let bytes: [UInt8]
    /// Monotonic, in milliseconds: until then it is tried.
    let deadline: Int64
    /// The fifo, once it is open.
    private var descriptor: Int32 = -1
    private var sent = 0

    init(_ target: Target, _ bytes: [UInt8], until deadline: Int64) {
        self.target = target
        self.bytes = bytes
        self.deadline = deadline
    }

    /// For poll: what it waits for; nil: for a while.
    var waitsFor: Int32? { descriptor >= 0 ? descriptor : nil }

    /// Goes on as far as that is possible now.
    mutating func step(through socket: Int32) -> Step {
        switch target {
        case .datagram(var peer, let size):
            let count = withUnsafePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, size)
                }
            }
            if count >= 0 { return .done }
            switch errno {
            case EAGAIN, EINTR, ENOBUFS: return .later
            default: return .lost(lastError())
            }
        case .file(let path): return store(path)
        case .fifo(let path): return write(path)
        }
    }

    /// Only into a fifo. A client may open it a moment after it has asked.
    private mutating func write(_ path: String) -> Step {
        if descriptor < 0 {
            guard let opened = Fifo.openAnswer(path) else {
                return errno == ENXIO || errno == EINTR ? .later : .lost(lastError())
            }
            descriptor = opened
        }
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent)
            }
            if count > 0 {
                sent += count
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN {
                return .later
            } else {
                return .lost(lastError())
            }
        }
        return .done
    }

    private func store(_ path: String) -> Step {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let file = Glibc.open(path, flags, 0o640)
        guard file >= 0 else { return .lost(lastError()) }
        defer { _ = Glibc.close(file) }
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress.map { $0 + at }, $0.count - at)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .lost(lastError()) }
            at += count
        }
        return .done
    }

    func close() { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    var place: String {
        switch target {
        case .datagram: "the datagram socket"
        case .fifo(let path), .file(let path): path
        }
    }
}
