// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// The machine's network interfaces and their addresses.
enum Interfaces {
    static func all() -> [(name: String, endpoint: Endpoint)] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [(name: String, endpoint: Endpoint)] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr, entry.pointee.ifa_flags & UInt32(IFF_UP) != 0 else {
                continue
            }
            let family = Int32(address.pointee.sa_family)
            guard family == AF_INET || family == AF_INET6 else { continue }
            var endpoint = Endpoint(address)
            endpoint.port = 0
            found.append((String(cString: entry.pointee.ifa_name), endpoint))
        }
        return found
    }

    /// Without any `listen`: every IPv4 address, UDP and TCP.
    static func defaultSpecs(port: Int) -> [ListenSpec] {
        all().filter { $0.endpoint.isV4 }.map { ListenSpec(nil, $0.endpoint.address, port: port) }
    }

    /// What a peer can reach a wildcard socket by: the first address that is not for this machine only.
    static func reachable(v4: Bool) -> Endpoint? {
        let fitting = all().map(\.endpoint).filter { $0.isV4 == v4 && !$0.isLinkLocal }
        return fitting.first { !$0.isLoopback } ?? fitting.first
    }

    /// The addresses that a `listen` line's host stands for.
    static func addresses(of host: String) -> [Endpoint] {
        if host == "*" { return all().map(\.endpoint).filter(\.isV4) }
        if let literal = Endpoint(host) { return [literal] }
        let named = all().filter { $0.name == host }.map(\.endpoint)
        // bind_ipv6_link_local is off by default: an interface's link-local address serves one link only.
        if !named.isEmpty { return named.filter { !$0.isLinkLocal } }
        return lookup(host)
    }

    /// Blocks.
    static func lookup(_ host: String) -> [Endpoint] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [Endpoint] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr else { continue }
            let endpoint = Endpoint(address)
            if !found.contains(endpoint) { found.append(endpoint) }
        }
        return found
    }
}

extension Endpoint {
    /// Of a sockaddr_in or sockaddr_in6. Safe because the family says how much of it is there.
    init(_ address: UnsafePointer<sockaddr>) {
        var name = sockaddr_in6()
        let v4 = Int32(address.pointee.sa_family) == AF_INET
        memcpy(&name, address, v4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
        var raw = cl_address()
        cl_address_of(&name, &raw)
        self.init(raw)
    }
}
