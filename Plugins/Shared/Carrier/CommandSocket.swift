// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Sockets that commands are listened for on. None of them is ever waited for.
public enum CommandSocket {
    /// In the file system. The name that a server left behind which is no more is taken over; one that still
    /// answers keeps it.
    public static func unix(_ path: String, stream: Bool, _ owner: Owner) throws(Failure) -> Int32 {
        let kind = stream ? SOCK_STREAM : SOCK_DGRAM
        guard var name = sockaddr_un(path: path) else {
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
        guard bound == 0, owner.take(path), !stream || listen(descriptor, 64) == 0 else {
            throw Failure.closing(descriptor, "see that the folder exists and may be written to")
        }
        return descriptor
    }

    public static func internet(_ host: String, _ port: UInt16, stream: Bool) throws(Failure) -> Int32 {
        let kind = stream ? SOCK_STREAM : SOCK_DGRAM
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(kind.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let first = found else {
            throw Failure(what: String(cString: gai_strerror(code)), help: "write an address of this machine")
        }
        defer { freeaddrinfo(found) }
        let descriptor = try open(first.pointee.ai_family, kind)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            !stream || listen(descriptor, 64) == 0
        else { throw Failure.closing(descriptor, "see who else uses that port") }
        return descriptor
    }

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

    private static func open(_ family: Int32, _ kind: __socket_type) throws(Failure) -> Int32 {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, Int32(kind.rawValue) | flags, 0)
        guard descriptor >= 0 else { throw Failure(what: lastError(), help: "see the limits of the process") }
        return descriptor
    }
}

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
