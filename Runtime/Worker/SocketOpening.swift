// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// The sockets that a list of `listen` lines stands for, with their numbers, and what is wrong with the lines.
///
/// Nothing is opened: what only looks at a configuration can name its sockets as well.
struct SocketPlan {
    let options: Network.Options
    private(set) var sockets: [ListenSocket] = []
    private(set) var failures: [ListenFailure] = []

    init(options: Network.Options) { self.options = options }

    mutating func add(_ spec: ListenSpec) {
        let addresses = Interfaces.addresses(of: spec.host)
        for transport in spec.transport.map({ [$0] }) ?? [.udp, .tcp] {
            let what = "\(transport.name):\(spec.host):\(spec.port)"
            guard let port = UInt16(exactly: spec.port) else {
                fail(spec, "\(what): a port is a number from 0 to 65535")
                continue
            }
            guard !addresses.isEmpty else {
                fail(spec, "\(what): no such address, interface or host")
                continue
            }
            guard transport != .sctp else {
                fail(spec, "\(what): nothing that is loaded carries \(transport.name)")
                continue
            }
            for address in addresses {
                var endpoint = address
                endpoint.port = port
                // A line may repeat what an interface or a name has brought already.
                if port != 0,
                    sockets.contains(where: { $0.transport == transport && $0.endpoint == endpoint })
                {
                    continue
                }
                let own = spec.advertise
                let reachable =
                    endpoint.isWildcard ? Interfaces.reachable(v4: endpoint.isV4) ?? endpoint : endpoint
                sockets.append(
                    ListenSocket(
                        id: UInt32(sockets.count), transport: transport, endpoint: endpoint, name: spec.name,
                        place: spec.place,
                        advertisedHost: own?.host ?? options.advertisedHost ?? reachable.host,
                        writtenPort: (own.map(\.port) ?? options.advertisedPort).map { UInt16(clamping: $0) })
                )
            }
        }
    }

    private mutating func fail(_ spec: ListenSpec, _ text: String) {
        failures.append(ListenFailure(place: spec.place, text: text))
    }
}

/// Opens sockets one after the other and collects what goes wrong, so that one run tells all.
struct SocketOpening {
    let workers: Int
    let options: Network.Options
    /// Those that were opened, with their real ports.
    private(set) var sockets: [ListenSocket] = []
    /// By socket, then worker.
    private(set) var descriptors: [[Int32]] = []
    private(set) var failures: [ListenFailure] = []

    init(workers: Int, options: Network.Options) {
        self.workers = workers
        self.options = options
    }

    func closeAll() {
        for descriptor in descriptors.joined() { close(descriptor) }
    }

    mutating func open(_ socket: ListenSocket) {
        var endpoint = socket.endpoint
        // UDP and TCP of one line share the port that the system picks, unless somebody else has it for the other.
        if endpoint.port == 0,
            let sibling = sockets.first(where: {
                $0.place == socket.place && $0.transport != socket.transport
            })
        {
            endpoint.port = sibling.port
            if (try? open(socket, at: endpoint)) != nil { return }
            endpoint.port = 0
        }
        do throws(Errno) {
            try open(socket, at: endpoint)
        } catch {
            let text = "\(socket.transport.name):\(endpoint.text): \(error.text)"
            failures.append(ListenFailure(place: socket.place, text: text))
        }
    }

    private mutating func open(_ socket: ListenSocket, at wanted: Endpoint) throws(Errno) {
        let transport = socket.transport
        var endpoint = wanted
        var opened: [Int32] = []
        do throws(Errno) {
            // With SO_REUSEPORT a second server would get the port too, and half of the calls. So ask without
            // it.
            if workers > 1, endpoint.port != 0 { close(try bound(endpoint, transport, shared: false)) }
            for _ in 0..<workers {
                let descriptor = try bound(endpoint, transport, shared: workers > 1)
                opened.append(descriptor)
                if endpoint.port == 0 {
                    var name = cl_address()
                    cl_local_name(descriptor, &name)
                    endpoint.port = name.port
                }
                if transport.isStream, listen(descriptor, 1024) != 0 { throw Errno() }
            }
            if workers > 1, !transport.isStream, let first = opened.first,
                cl_spread(first, UInt32(workers)) != 0
            {
                throw Errno()
            }
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        descriptors.append(opened)
        sockets.append(socket.at(endpoint))
    }

    private func bound(_ endpoint: Endpoint, _ transport: Transport, shared: Bool) throws(Errno) -> Int32 {
        let descriptor = cl_socket(endpoint.isV4, transport.isStream)
        guard descriptor >= 0 else { throw Errno() }
        if transport.isStream { _ = cl_set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
        if shared { _ = cl_set(descriptor, SOL_SOCKET, CL_SO_REUSEPORT, 1) }
        if !endpoint.isV4 { _ = cl_set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        if options.freeBind { _ = cl_set(descriptor, Int32(IPPROTO_IP), IP_FREEBIND, 1) }
        if endpoint.isWildcard, !transport.isStream {
            if endpoint.isV4 {
                _ = cl_set(descriptor, Int32(IPPROTO_IP), CL_IP_PKTINFO, 1)
            } else {
                _ = cl_set(descriptor, Int32(IPPROTO_IPV6), CL_IPV6_RECVPKTINFO, 1)
            }
        }
        SocketOpening.mark(descriptor, v4: endpoint.isV4, options.typeOfService)
        if !transport.isStream { raiseBuffers(descriptor) }
        var name = endpoint.raw
        guard cl_bind(descriptor, &name) == 0 else {
            let error = Errno()
            close(descriptor)
            throw error
        }
        return descriptor
    }

    static func mark(_ descriptor: Int32, v4: Bool, _ typeOfService: Int) {
        guard typeOfService != 0 else { return }
        if v4 {
            _ = cl_set(descriptor, Int32(IPPROTO_IP), IP_TOS, Int32(typeOfService))
        } else {
            _ = cl_set(descriptor, Int32(IPPROTO_IPV6), IPV6_TCLASS, Int32(typeOfService))
        }
    }

    /// Linux answers with twice what was set, its own bookkeeping included.
    private func raiseBuffers(_ descriptor: Int32) {
        let wanted = Int32(clamping: options.receiveBuffer)
        guard cl_get(descriptor, SOL_SOCKET, SO_RCVBUF) / 2 < wanted else { return }
        if cl_set(descriptor, SOL_SOCKET, CL_SO_RCVBUFFORCE, wanted) != 0 {
            _ = cl_set(descriptor, SOL_SOCKET, SO_RCVBUF, wanted)
        }
    }
}

/// The error of the last system call.
struct Errno: Error {
    let code: Int32
    init(_ code: Int32 = errno) { self.code = code }
    var text: String { String(cString: strerror(code)) }
}
