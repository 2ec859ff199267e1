// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

/// Sends one message: finds out where to, from which socket, writes it and hands it to the worker.
///
/// Requests go out with our Via on top, replies of others without it, replies of our own as they are.
struct Sending {
    /// Who wants to hear what came of it.
    struct Outcome {
        let function: mt_fn
        let owner: UnsafePointer<mt_host>
        let user: UnsafeMutableRawPointer?
    }

    let message: Message
    let state: WorkerState.Pointer
    var outcome: Outcome?
    /// The script that waits for it, when a name has to be looked up.
    var machine: Machine?
    /// A script forwards it, though none waits for it.
    var isScripted = false
    /// To a place that the message itself does not name.
    private var isElsewhere = false
    /// The domain that leads there, which the other side has to be over TLS; absent for an address.
    var peerName = Slice.absent

    init(_ message: Message, on state: WorkerState.Pointer) {
        self.message = message
        self.state = state
    }

    /// MT_OK: it is on its way, or will be when a name has been looked up. Who wants to hear of the outcome hears of
    /// it once.
    func send(along flow: mt_flow?) -> mt_result {
        if var flow {
            if !flow.transport.isStream { chooseSocket(&flow) }
            return transmit(flow)
        }
        return message.isRequest ? sendRequest(nil) : sendReply()
    }

    /// To the next place that its name leads to. MT_NO: there is none; then nobody hears of it.
    func sendNext() -> mt_result {
        let steps = Remaining.take(from: message)
        return steps.isEmpty ? mt_result(MT_NO) : Journey.goOn(self, along: steps)
    }

    // MARK: - where to

    /// To where it says: the next hop, or the first URI of its Path, or the Request-URI. Or to where a script says.
    func sendRequest(_ wanted: Destination?) -> mt_result {
        if let wanted {
            var elsewhere = self
            elsewhere.isElsewhere = true
            return elsewhere.find(wanted)
        }
        guard let uri = nextURI, let destination = Destination(uri) else {
            return give(up: fail(479, "We were not able to process the URI"))
        }
        return find(destination)
    }

    private var nextURI: URI? {
        if message.nextHop.count > 0 { return URI(parsing: message.nextHop) }
        if message.path.count > 0 {
            var list = message.path
            return Address(taking: &list).flatMap { URI(parsing: $0.uri) }
        }
        return message.requestURI
    }

    /// The domain that a request's next hop names, if it is no address.
    var nextDomain: String? {
        guard message.isRequest, let uri = nextURI, let destination = Destination(uri),
            literal(destination) == nil
        else { return nil }
        return destination.target.host
    }

    private func sendReply() -> mt_result {
        if message.isLocal { return sendLocalReply() }
        guard let next = message.viaBelowTop else {
            return give(up: fail(0, "the reply has no Via below ours"))
        }
        guard let destination = Destination(next) else {
            return give(up: fail(0, "the Via names no place to send to"))
        }
        if let origin = Branch.origin(of: message, branch: message.viaBranch, next: next) {
            var flow = mt_flow()
            flow.protocol = destination.transport.rawValue
            flow.socket = origin.socket
            flow.connection = origin.connection
            if origin.connection != 0, isOpen(origin.connection) { return transmit(flow) }
            if let endpoint = literal(destination) {
                flow.connection = 0
                flow.remoteEndpoint = endpoint
                if network({ $0.transport(origin.socket) }) != destination.transport { chooseSocket(&flow) }
                return transmit(flow)
            }
        }
        return find(destination)
    }

    /// A reply to a request of somebody's goes back where that came from (RFC 3261, 18.2.2; RFC 3581, 4).
    private func sendLocalReply() -> mt_result {
        var flow = message.flow
        guard flow.protocol != 0 else {
            guard let destination = Destination(message.topVia) else {
                return give(up: fail(0, "the Via names no place to send to"))
            }
            return find(destination)
        }
        let isOpen = flow.connection != 0 && isOpen(flow.connection)
        if !isOpen, !message.has(option: MT_O_FORCE_RPORT) {
            let via = message.topVia
            if via.params.mayHoldMaddr, via.param("maddr").count > 0, let destination = Destination(via) {
                return find(destination)
            }
            if via.rport.isEmpty || flow.transport.isStream {
                flow.remote_port = via.port == 0 ? flow.transport.defaultPort : UInt16(clamping: via.port)
            }
        }
        return transmit(flow)
    }

    // MARK: - names

    private func literal(_ destination: Destination) -> Endpoint? {
        guard let base = destination.host.base else { return nil }
        return Endpoint(
            literal: UnsafeBufferPointer(start: base, count: destination.host.count),
            port: destination.wantedPort)
    }

    private func find(_ destination: Destination) -> mt_result {
        guard let endpoint = literal(destination) else { return Journey.start(self, destination) }
        Remaining.forget(message)
        var flow = mt_flow()
        let result = attempt(endpoint, destination.transport, &flow)
        return finish(result, flow)
    }

    /// To one address: MT_ERROR when it cannot be sent there, MT_NO when somebody objects. Nobody hears of it yet.
    func attempt(_ endpoint: Endpoint, _ transport: Transport, _ flow: inout mt_flow) -> mt_result {
        flow.protocol = transport.rawValue
        flow.remoteEndpoint = endpoint
        flow.socket = .max
        if followsFlow {
            flow.connection = message.connection
            guard isAlive(flow) else { return fail(430, "Flow Failed") }
        }
        if transport.hasMessages, let socket = webSocket(toward: endpoint, &flow) {
            flow.socket = socket
        } else {
            chooseSocket(&flow)
        }
        guard flow.socket != .max else {
            count(host.counters.badURIs)
            return fail(477, "No socket leads there")
        }
        if host.options.usesBlocklist, !message.has(option: MT_O_UNBLOCKED), isBlocked(endpoint, transport) {
            return fail(473, "Filtered destination")
        }
        return deliver(&flow)
    }

    /// The socket of the WebSocket that leads there: of another transport where it began as something else. nil: there is
    /// none.
    private func webSocket(toward endpoint: Endpoint, _ flow: inout mt_flow) -> UInt32? {
        func socket(_ transport: Transport) -> UInt32? {
            host.group?._withUnsafeGuaranteedRef { $0.socket(toward: endpoint, over: transport) }
        }
        if let socket = socket(flow.transport) { return socket }
        guard flow.transport == .ws else { return nil }
        // RFC 7118, 4.1: a URI says ws for either.
        let secure = socket(.wss)
        if secure != nil || network({ $0.choose(for: endpoint, .ws, receivedOn: nil) }) == nil {
            flow.protocol = Transport.wss.rawValue
        }
        return secure
    }

    private func isBlocked(_ endpoint: Endpoint, _ transport: Transport) -> Bool {
        host.group?._withUnsafeGuaranteedRef { $0.blocklist.holds(endpoint, transport) } ?? false
    }

    /// The socket that the message asks for, if it can be used; otherwise the best one.
    private func chooseSocket(_ flow: inout mt_flow) {
        let came = message.flow
        let transport = flow.transport
        let remote = flow.remoteEndpoint
        if let wanted = message.outSocket, network({ $0.transport(wanted) }) == transport,
            network({ $0.isV4(wanted) }) == remote.isV4
        {
            flow.socket = wanted
        } else if flow.socket == .max || network({ $0.transport(flow.socket) }) != transport {
            let receivedOn = message.outSocket ?? (came.protocol != 0 ? came.socket : nil)
            flow.socket = network { $0.choose(for: remote, transport, receivedOn: receivedOn) } ?? .max
        }
        // From the address that it was sent to, on a socket that has many.
        if came.protocol != 0, flow.socket == came.socket, !transport.isStream { flow.local = came.local }
    }

    // MARK: - out

    private func transmit(_ way: mt_flow) -> mt_result {
        var flow = way
        let result = deliver(&flow)
        return finish(result, flow)
    }

    private func deliver(_ flow: inout mt_flow) -> mt_result {
        let isRequest = message.isRequest
        guard mayLeave(&flow) else { return mt_result(MT_NO) }
        let result: SendResult = state.pointee.worker._withUnsafeGuaranteedRef { worker in
            let estimate = message.bytes.count + 2048
            var place = worker.reserve(estimate)
            var size = write(into: place, room: worker.reservedRoom, flow)
            if size > worker.reservedRoom {
                place = worker.reserve(size)
                size = write(into: place, room: worker.reservedRoom, flow)
            }
            let stays = isRequest ? MT_O_FORWARD_NO_CONNECT : MT_O_REPLY_NO_CONNECT
            let result = worker.commit(
                size, to: flow, name: peerName,
                connect: host.options.connects && !message.has(option: stays) && !followsFlow)
            // Whoever wants to hear what came of it hears along which connection.
            if flow.transport.isStream, result == .queued { flow.connection = worker.usedConnection }
            if flow.connection != 0, message.has(option: isRequest ? MT_O_FORWARD_CLOSE : MT_O_REPLY_CLOSE) {
                worker.close(flow)
            }
            return result
        }
        guard result == .queued else {
            count(isRequest ? host.counters.failedRequests : host.counters.failedReplies)
            if followsFlow { return fail(430, "Flow Failed") }
            return fail(477, "Unfortunately error on sending to next hop occurred")
        }
        return mt_result(MT_OK)
    }

    /// Whether everybody who may object lets it go: hooks of core.sending, and onsend_route.
    @inline(__always)
    private func mayLeave(_ flow: inout mt_flow) -> Bool {
        guard withUnsafePointer(to: &flow, { runHooks(.sending, message, $0, on: state) }) else {
            return false
        }
        let route = host.blocks.onsend
        guard route != 0, message.isRequest || host.options.runsOnsendForReplies else { return true }
        let (run, machine) = withUnsafePointer(to: &flow) {
            state.pointee.scripts.run(route, on: message, sending: $0)
        }
        machine?.then = nil
        if case .ended(_, let isDropped) = run { return !isDropped }
        return true
    }

    private func write(into place: UnsafeMutableRawPointer, room: Int, _ flow: mt_flow) -> Int {
        if !message.isRequest {
            return message.isLocal
                ? message.write(into: place, room: room) : message.writeReply(into: place, room: room)
        }
        return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { raw in
            let text = raw.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
            let count = writeVia(into: text, flow)
            return message.writeRequest(
                into: place, room: room, via: Slice(base: UnsafePointer(text), count: count))
        }
    }

    /// Our Via, a whole line.
    private func writeVia(into text: UnsafeMutablePointer<UInt8>, _ flow: mt_flow) -> Int {
        var at = text
        func put(_ piece: Slice) {
            guard let base = piece.base else { return }
            at.update(from: base, count: piece.count)
            at += piece.count
        }
        put("Via: ")
        let prefix = viaPrefix(flow)
        if let own = OwnVia.of(message) {
            own.pointee.putPrefix(instead: prefix, &at)
            if own.pointee.branch.isPresent {
                put(own.pointee.branch)
            } else {
                at += Branch.write(message, into: at)
            }
        } else {
            put(prefix)
            at += Branch.write(message, into: at)
        }
        if host.options.addsRport || message.has(option: MT_O_RPORT_IN_VIA) { put(";rport") }
        put("\r\n")
        return at - text
    }

    /// `SIP/2.0/UDP host:port;branch=`. A connection that became a WebSocket has a socket of another transport.
    private func viaPrefix(_ flow: mt_flow) -> Slice {
        let usual = network { $0.viaPrefix(flow.socket) } ?? .absent
        guard flow.transport.hasMessages, network({ $0.transport(flow.socket) }) != flow.transport,
            let blank = usual.firstIndex(of: 0x20)
        else { return usual }
        let rest = usual.dropFirst(blank)
        let start: Slice = flow.transport == .ws ? "SIP/2.0/WS" : "SIP/2.0/WSS"
        let room = message.alloc(start.count + rest.count).assumingMemoryBound(to: UInt8.self)
        if let base = start.base { room.update(from: base, count: start.count) }
        if let base = rest.base { (room + start.count).update(from: base, count: rest.count) }
        return Slice(base: UnsafePointer(room), count: start.count + rest.count)
    }

    // MARK: - the end

    func fail(_ status: Int, _ reason: StaticString) -> mt_result {
        if status > 0 { message.errorStatus = status }
        message.errorReason = Slice(reason)
        return mt_result(MT_ERROR)
    }

    /// It goes nowhere.
    func give(up result: mt_result) -> mt_result { finish(result, mt_flow()) }

    func finish(_ result: mt_result, _ flow: mt_flow) -> mt_result {
        if let outcome {
            var flow = flow
            _ = withUnsafePointer(to: &flow) {
                invoke(
                    outcome.function, outcome.owner, outcome.user,
                    as: HostBlock.of(outcome.owner).pointee.continuation, on: state, message: message.opaque,
                    data: $0, result: result)
            }
        }
        return result
    }

    @inline(__always) private func network<Answer>(_ body: (Network) -> Answer?) -> Answer? {
        host.network?._withUnsafeGuaranteedRef(body) ?? nil
    }

    /// RFC 5626, 5.3.1: along that flow or not at all.
    private var followsFlow: Bool { message.has(option: MT_O_FLOW) && message.isRequest && !isElsewhere }

    /// A datagram's flow has no connection, and needs none.
    private func isAlive(_ flow: mt_flow) -> Bool {
        guard flow.connection != 0 else { return !flow.transport.isStream }
        return host.group?._withUnsafeGuaranteedRef { $0.isAlive(flow.connection) } ?? false
    }

    private func isOpen(_ connection: UInt64) -> Bool {
        host.group?._withUnsafeGuaranteedRef { $0.isOpen(connection) } ?? false
    }
}
