// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message

/// The server's sockets and names. Nothing changes after `open`, so every thread may read it.
public final class Network: @unchecked Sendable {
    public struct Options: Sendable {
        public var advertisedHost: String?  // advertised_address
        public var advertisedPort: Int?  // advertised_port
        /// Of sockets when no `listen` line says anything: `port`.
        public var port = 5060
        public var mhomed = false
        public var receiveBuffer = Limits().receiveBuffer  // maxbuffer
        public var typeOfService = 0  // tos
        public var freeBind = false  // ip_free_bind
        public init() {}
    }

    public let options: Options
    public let aliases: [Alias]
    let specs: [ListenSpec]

    /// By id.
    public private(set) var sockets: [ListenSocket] = []
    public private(set) var workers = 0

    private(set) var rows: UnsafeMutablePointer<SocketRow>
    private(set) var rowCount = 0
    private var keptText: [UnsafeMutablePointer<UInt8>] = []
    /// Of worker w and socket s at w * rowCount + s; -1 when closed.
    private var descriptors: [Int32] = []
    private(set) var names = NameTable()
    let routes = RouteProbe()

    public init(listen specs: [ListenSpec], aliases: [Alias] = [], options: Options = Options()) {
        self.specs = specs
        self.aliases = aliases
        self.options = options
        rows = .allocate(capacity: 1)
    }

    deinit {
        closeSockets()
        for text in keptText { text.deallocate() }
        rows.deallocate()
        names.release()
    }

    /// [main] Works out which sockets there will be, and their numbers; opens none. All failures are reported.
    public func plan(workers count: Int) throws(ListenFailures) {
        workers = min(max(count, 1), WorkerGroup.maximum)
        var plan = SocketPlan(options: options)
        for spec in specs.isEmpty ? Interfaces.defaultSpecs(port: options.port) : specs { plan.add(spec) }
        take(plan.sockets)
        guard plan.failures.isEmpty else { throw ListenFailures(failures: plan.failures) }
    }

    /// [main] Plans and opens; failures of both are reported together.
    public func open(workers count: Int) throws(ListenFailures) {
        var planning: [ListenFailure] = []
        do throws(ListenFailures) { try plan(workers: count) } catch { planning = error.failures }
        try open(after: planning)
    }

    /// [main] Opens every planned socket once per worker. All failures are reported, and then none is open.
    public func open() throws(ListenFailures) { try open(after: []) }

    private func open(after planning: [ListenFailure]) throws(ListenFailures) {
        var opening = SocketOpening(workers: workers, options: options)
        for socket in sockets { opening.open(socket) }
        let failures = (planning + opening.failures).sorted { $0.place < $1.place }
        guard failures.isEmpty else {
            opening.closeAll()
            take([])
            throw ListenFailures(failures: failures)
        }
        take(opening.sockets)
        descriptors = (0..<workers).flatMap { worker in opening.descriptors.map { $0[worker] } }
    }

    private func take(_ sockets: [ListenSocket]) {
        self.sockets = sockets
        rowCount = sockets.count
        rows.deallocate()
        rows = .allocate(capacity: max(rowCount, 1))
        for (index, socket) in sockets.enumerated() {
            (rows + index).initialize(
                to: SocketRow(
                    transport: socket.transport, endpoint: socket.endpoint, isV4: socket.endpoint.isV4,
                    isWildcard: socket.endpoint.isWildcard, viaPrefix: keep(socket.viaPrefix),
                    advertised: keep(socket.advertisedText)))
        }
        names.release()
        names = NameTable(sockets: sockets, aliases: aliases)
    }

    func descriptor(worker: Int, socket: Int) -> Int32 { descriptors[worker * rowCount + socket] }

    /// [main] After the workers have stopped.
    public func closeSockets() {
        for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) }
        descriptors = descriptors.map { _ in -1 }
    }

    /// By its name, or by its text as in `udp:192.0.2.1:5060`, where the transport and the port may be left
    /// away.
    public func socket(named text: String) -> UInt32? {
        if let found = sockets.first(where: { $0.name == text }) { return found.id }
        var rest = text[...]
        var transport: Transport?
        if let colon = rest.firstIndex(of: ":"), let named = Transport(named: String(rest[..<colon])) {
            transport = named
            rest = rest[rest.index(after: colon)...]
        }
        var port: UInt16?
        var host = rest
        if let colon = rest.lastIndex(of: ":"), rest.last != "]",
            rest.first == "[" || rest.firstIndex(of: ":") == colon
        {
            guard let number = UInt16(rest[rest.index(after: colon)...]) else { return nil }
            port = number
            host = rest[..<colon]
        }
        let wanted = Endpoint(String(host))
        return sockets.first {
            (transport == nil || $0.transport == transport)
                && (wanted.map($0.endpoint.sameAddress)
                    ?? ($0.advertisedHost.lowercased() == host.lowercased()))
                && $0.port == port ?? $0.transport.defaultPort
        }?.id
    }

    // MARK: the message path: no allocation

    /// `SIP/2.0/UDP host:port;branch=`
    public func viaPrefix(_ socket: UInt32) -> Slice {
        Int(socket) < rowCount ? rows[Int(socket)].viaPrefix : .absent
    }

    /// `host[:port]`
    public func advertised(_ socket: UInt32) -> Slice {
        Int(socket) < rowCount ? rows[Int(socket)].advertised : .absent
    }

    public func isV4(_ socket: UInt32) -> Bool? {
        Int(socket) < rowCount ? rows[Int(socket)].isV4 : nil
    }

    public func transport(_ socket: UInt32) -> Transport? {
        Int(socket) < rowCount ? rows[Int(socket)].transport : nil
    }

    /// Does it name us? `port` 0 is the one that the transport assumes; without a transport any will do.
    public func isMine(host: Slice, port: Int, transport: Transport? = nil) -> Bool {
        names.holds(host: host, port: port, transport: transport)
    }

    /// The socket to send from: one of the transport and of the destination's family; the one that the
    /// message came in by if it is such a one; with mhomed the one that the system's routes lead to.
    public func choose(for destination: Endpoint, _ transport: Transport, receivedOn: UInt32? = nil)
        -> UInt32?
    {
        let v4 = destination.isV4
        if options.mhomed, let local = routes.local(toward: destination) {
            var wildcard: UInt32?
            for i in 0..<rowCount where rows[i].transport == transport && rows[i].isV4 == v4 {
                if rows[i].endpoint.sameAddress(as: local) { return UInt32(i) }
                if rows[i].isWildcard, wildcard == nil { wildcard = UInt32(i) }
            }
            if let wildcard { return wildcard }
        }
        if let receivedOn, Int(receivedOn) < rowCount {
            let row = rows + Int(receivedOn)
            if row.pointee.isV4 == v4 {
                if row.pointee.transport == transport { return receivedOn }
                // Another transport of the same address comes next.
                for i in 0..<rowCount
                where rows[i].transport == transport && rows[i].endpoint.sameAddress(as: row.pointee.endpoint)
                {
                    return UInt32(i)
                }
            }
        }
        // From a loopback address nothing reaches another machine.
        var fallback: UInt32?
        for i in 0..<rowCount where rows[i].transport == transport && rows[i].isV4 == v4 {
            if rows[i].isWildcard || rows[i].endpoint.isLoopback == destination.isLoopback {
                return UInt32(i)
            }
            if fallback == nil { fallback = UInt32(i) }
        }
        return fallback
    }

    private func keep(_ text: String) -> Slice {
        let bytes = Array(text.utf8)
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        copy.update(from: bytes, count: bytes.count)
        keptText.append(copy)
        return Slice(base: copy, count: bytes.count)
    }
}
