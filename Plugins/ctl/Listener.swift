// SPDX-License-Identifier: Apache-2.0
import CtlLogic
import Glibc

/// A socket or fifo that is listened on. Made on the main thread; its descriptor is read by the control
/// thread alone.
final class Listener: Sendable {
    struct Failure: Error {
        let what: String
        let help: String
    }

    let address: ListenAddress
    let descriptor: Int32

    init(_ address: ListenAddress, _ owner: Owner) throws(Failure) {
        self.address = address
        switch address.kind {
        case .unixStream, .unixDatagram: descriptor = try Listener.unix(address, owner)
        case .tcp, .udp: descriptor = try Listener.internet(address)
        case .fifo: descriptor = try Listener.fifo(address, owner)
        }
    }

    func close() {
        _ = Glibc.close(descriptor)
        switch address.kind {
        case .unixStream, .unixDatagram, .fifo: unlink(address.place)
        case .tcp, .udp: break
        }
    }

    /// As ctl.listen shows it.
    var words: [String] {
        let hasPort = address.kind == .tcp || address.kind == .udp
        return [
            address.kind == .fifo ? "fifo" : "binrpc", address.word, address.place,
            hasPort ? String(address.port) : "",
        ]
    }

    private static func unix(_ address: ListenAddress, _ owner: Owner) throws(Failure) -> Int32 {
        let kind = address.kind == .unixStream ? SOCK_STREAM : SOCK_DGRAM
        guard var name = sockaddr_un(path: address.place) else {
            throw Failure(what: "the path is too long", help: "a socket's path has at most 107 bytes")
        }
        try clear(name, kind)
        let descriptor = try open(AF_UNIX, kind)
        // Before it has a name, so that nobody gets in who may not.
        _ = fchmod(descriptor, owner.mode)
        let bound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, owner.take(address.place),
            address.kind == .unixDatagram || listen(descriptor, 64) == 0
        else { throw failure(closing: descriptor, "see that the folder exists and may be written to") }
        return descriptor
    }

    /// Takes away the name that a server left behind which is no more. One that still answers keeps it.
    private static func clear(_ name: sockaddr_un, _ kind: __socket_type) throws(Failure) {
        var name = name
        guard let descriptor = try? open(AF_UNIX, kind) else { return }
        defer { _ = Glibc.close(descriptor) }
        let path = name.path
        let answers = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        if answers {
            throw Failure(
                what: "another server listens on it", help: "stop that server, or choose another path")
        }
        if errno == ECONNREFUSED { unlink(path) }
    }

    private static func internet(_ address: ListenAddress) throws(Failure) -> Int32 {
        let kind = address.kind == .tcp ? SOCK_STREAM : SOCK_DGRAM
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(kind.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(address.place, String(address.port), &hints, &found)
        guard code == 0, let first = found else {
            throw Failure(what: String(cString: gai_strerror(code)), help: "write an address of this machine")
        }
        defer { freeaddrinfo(found) }
        let descriptor = try open(first.pointee.ai_family, kind)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            address.kind == .udp || listen(descriptor, 64) == 0
        else { throw failure(closing: descriptor, "see who else uses that port") }
        return descriptor
    }

    private static func fifo(_ address: ListenAddress, _ owner: Owner) throws(Failure) -> Int32 {
        var status = stat()
        if lstat(address.place, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFIFO else {
                throw Failure(
                    what: "there is something else of that name", help: "remove it, or choose another path")
            }
            unlink(address.place)
        }
        guard mkfifo(address.place, owner.mode) == 0, owner.take(address.place) else {
            throw Failure(what: lastError(), help: "see that the folder exists and may be written to")
        }
        // Open for writing too: so there is always a writer, and reading never meets an end.
        let descriptor = Glibc.open(address.place, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(what: lastError(), help: "see its permissions") }
        return descriptor
    }

    private static func open(_ family: Int32, _ kind: __socket_type) throws(Failure) -> Int32 {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, Int32(kind.rawValue) | flags, 0)
        guard descriptor >= 0 else { throw Failure(what: lastError(), help: "see the limits of the process") }
        return descriptor
    }

    private static func failure(closing descriptor: Int32, _ help: String) -> Failure {
        let what = lastError()
        _ = Glibc.close(descriptor)
        return Failure(what: what, help: help)
    }
}

func lastError() -> String { String(cString: strerror(errno)) }

extension sockaddr_un {
    /// Nil when the path is too long.
    init?(path: String) {
        self.init()
        sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &sun_path) { room in
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard fits else { return nil }
    }

    var path: String {
        withUnsafeBytes(of: sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
