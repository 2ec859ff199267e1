// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// Bytes that go to one connection together: what filters make of one arrival, or of all that is sent in a turn.
struct Gathering {
    static let most = 256 << 10

    fileprivate var bytes: UnsafeMutablePointer<UInt8>?
    fileprivate var count = 0
    fileprivate var room = 0
    fileprivate var connection: UnsafeMutablePointer<Connection>?

    mutating func release() {
        free(bytes)
        bytes = nil
    }
}

/// Streams with filters: from the wire up through the chain, and down again.
extension Worker {
    /// Gives a connection the filters of its transport; false when one of them is not there. They are opened once the
    /// connection is there.
    func makeFilters(_ connection: UnsafeMutablePointer<Connection>, outgoing: Bool, name: Slice) -> Bool {
        let filters = group.filters
        let chain = FilterChain.make()
        connection.pointee.filters = chain
        connection.pointee.isFiltered = true
        connection.pointee.isOutgoing = outgoing
        if let base = name.base, name.count > 0, let copy = malloc(name.count) {
            memcpy(copy, base, name.count)
            chain.pointee.name = copy.assumingMemoryBound(to: UInt8.self)
            chain.pointee.nameCount = name.count
        }
        let transport = connection.pointee.flow.transport
        if transport == .tls || transport == .wss {
            guard let tls = filters.tls else { return false }
            chain.pointee.add(tls, connection)
        }
        if transport == .ws || transport == .wss {
            guard let ws = filters.ws else { return false }
            chain.pointee.add(ws, connection)
        }
        return chain.pointee.count > 0
    }

    /// The connection is there: the handshakes begin, the lowest first.
    func openFilters(_ connection: UnsafeMutablePointer<Connection>) {
        guard let chain = connection.pointee.filters else { return }
        setDeadline(connection, limits.handshakeTime)
        gather(for: connection) { open(chain.pointee.bottom, chain) }
    }

    /// One more filter, above those that are there and ready, and opens it.
    func addFilter(_ filter: UnsafePointer<Filter>, _ connection: UnsafeMutablePointer<Connection>) {
        let chain = connection.pointee.filters ?? FilterChain.make()
        connection.pointee.filters = chain
        connection.pointee.isFiltered = true
        chain.pointee.add(filter, connection)
        chain.pointee.isReady = false
        setDeadline(connection, limits.handshakeTime)
        gather(for: connection) { open(chain.pointee.top, chain) }
    }

    /// What the framer had not looked at when the filter came.
    func passOn(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        guard count > 0, let chain = connection.pointee.filters else { return }
        gather(for: connection) { climb(chain.pointee.top, Slice(base: bytes, count: count)) }
    }

    private func open(_ stage: StagePointer, _ chain: FilterChain.Pointer) {
        stage.pointee.phase = .opening
        let name = mt_str(
            ptr: chain.pointee.name.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) },
            len: chain.pointee.nameCount)
        let connection = stage.pointee.connection
        let step = FilterStep.open(outgoing: connection.pointee.isOutgoing, name: name)
        guard handler.filter(stage, step, self) else {
            stage.pointee.phase = .closed
            return giveUp(connection)
        }
        let isReady = stage.pointee.phase == .openingReady
        stage.pointee.phase = .open
        if isReady { becameReady(stage, chain) }
    }

    /// Its handshake is done. After the last one, what waited leaves, and everybody else may know.
    private func becameReady(_ stage: StagePointer, _ chain: FilterChain.Pointer) {
        stage.pointee.phase = .ready
        if let above = stage.pointee.above { return open(above, chain) }
        let connection = stage.pointee.connection
        chain.pointee.isReady = true
        clearDeadline(connection)
        if connection.pointee.outputCount > 0 { setDeadline(connection, limits.sendTimeout) }
        if !connection.pointee.isKnown { tellOpened(connection) }
        guard let waiting = chain.pointee.waiting else { return }
        let count = chain.pointee.waitingCount
        chain.pointee.waiting = nil
        chain.pointee.waitingCount = 0
        changeQueued(-count)
        var at = 0
        while at < count {
            let size = Int(UnsafeRawPointer(waiting + at).loadUnaligned(as: UInt64.self))
            pass(stage, Slice(base: waiting + at + 8, count: size))
            at += 8 + size
        }
        free(waiting)
        // It was to end when that has left.
        if connection.pointee.end == .whenSent { list(connection) }
    }

    /// A message on its way to the wire.
    private func pass(_ stage: StagePointer, _ bytes: Slice) {
        let connection = stage.pointee.connection
        guard connection.pointee.end != .now, stage.pointee.phase != .closed else { return }
        if !handler.filter(stage, .send(bytes.mt), self) { doom(connection) }
    }

    /// Messages for a connection with filters, in their order.
    func send(
        _ connection: UnsafeMutablePointer<Connection>, _ chain: FilterChain.Pointer,
        _ parts: UnsafeMutablePointer<iovec>, _ count: Int
    ) {
        guard chain.pointee.isReady else {
            for i in 0..<count {
                guard let bytes = parts[i].iov_base, mayWait(connection, chain, parts[i].iov_len) else {
                    return
                }
                guard chain.pointee.wait(bytes, parts[i].iov_len) else { return doom(connection) }
                changeQueued(8 + parts[i].iov_len)
            }
            return
        }
        gather(for: connection) {
            for i in 0..<count {
                guard let bytes = parts[i].iov_base else { continue }
                pass(
                    chain.pointee.top,
                    Slice(base: bytes.assumingMemoryBound(to: UInt8.self), count: parts[i].iov_len))
            }
        }
    }

    /// As much may wait for a handshake as for a slow reader.
    private func mayWait(
        _ connection: UnsafeMutablePointer<Connection>, _ chain: FilterChain.Pointer, _ count: Int
    ) -> Bool {
        let waiting = chain.pointee.waitingCount
        let share = limits.allQueues / max(network.workers, 1)
        if waiting > 0, waiting + count > limits.connectionQueue || connections.queued + count > share {
            self.count(counters.queueFull)
            doom(connection)
            return false
        }
        return true
    }

    /// From the wire.
    func filter(
        _ connection: UnsafeMutablePointer<Connection>, _ chain: FilterChain.Pointer,
        _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        gather(for: connection) { climb(chain.pointee.bottom, Slice(base: bytes, count: count)) }
    }

    private func climb(_ stage: StagePointer, _ bytes: Slice) {
        switch stage.pointee.phase {
        case .open, .ready:
            let connection = stage.pointee.connection
            if !handler.filter(stage, .received(bytes.mt), self) { giveUp(connection) }
        case .waiting, .opening, .openingReady, .closed: break
        }
    }

    // MARK: - what filters answer

    /// Of this worker, and not closed yet.
    private func isLive(_ stage: StagePointer) -> Bool {
        stage.pointee.phase != .closed && stage.pointee.connection.pointee.end != .now
            && Connections.worker(of: stage.pointee.connection.pointee.flow.connection) == index
    }

    /// What came out of a stream. False: it is over.
    public func arrived(_ stage: StagePointer, _ bytes: Slice) -> Bool {
        guard isLive(stage), let base = bytes.base else { return false }
        if let above = stage.pointee.above {
            climb(above, bytes)
        } else if stage.pointee.connection.pointee.end == .none {
            take(stage.pointee.connection, UnsafeMutablePointer(mutating: base), bytes.count)
        }
        return isLive(stage)
    }

    /// What came out is one message.
    public func arrivedWhole(_ stage: StagePointer, _ bytes: Slice) -> Bool {
        guard isLive(stage), let base = bytes.base else { return false }
        let connection = stage.pointee.connection
        if connection.pointee.end == .none {
            takeWhole(connection, UnsafeMutablePointer(mutating: base), bytes.count)
        }
        return isLive(stage)
    }

    /// What has to go into the stream.
    public func wire(_ stage: StagePointer, _ bytes: Slice) -> Bool {
        guard isLive(stage), let base = bytes.base else { return false }
        if let below = stage.pointee.below {
            gather(for: stage.pointee.connection) { pass(below, bytes) }
        } else {
            put(stage.pointee.connection, base, bytes.count)
        }
        return isLive(stage)
    }

    /// Its handshake is done.
    public func ready(_ stage: StagePointer) -> Bool {
        guard isLive(stage), let chain = stage.pointee.connection.pointee.filters else { return false }
        switch stage.pointee.phase {
        case .opening: stage.pointee.phase = .openingReady
        case .open: gather(for: stage.pointee.connection) { becameReady(stage, chain) }
        case .waiting, .openingReady, .ready, .closed: break
        }
        return true
    }

    /// It is over.
    public func ended(_ stage: StagePointer, _ why: Slice) -> Bool {
        guard isLive(stage) else { return false }
        let connection = stage.pointee.connection
        if !why.isEmpty {
            let name = stage.pointee.filter.pointee.name
            let peer = connection.pointee.flow.remoteEndpoint.text
            handler.notice(Int32(MT_LOG_INFO), "\(name): \(peer): \(why.string); closed")
        }
        giveUp(connection)
        return true
    }

    /// Nothing more comes of it; what is on its way to the wire still leaves.
    private func giveUp(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.filters?.pointee.isOver = true
        end(connection)
    }

    /// Bytes as a message of this connection, up to its filter's last call. The caller releases it.
    public func read(_ stage: StagePointer, _ bytes: Slice) -> Message? {
        guard stage.pointee.phase != .closed else { return nil }
        let message = pool.take()
        message.flow = stage.pointee.connection.pointee.flow
        _ = message.load(bytes.bytes)
        guard message.isIndexed, message.isRequest, message.methodText.isPresent else {
            message.release()
            return nil
        }
        return message
    }

    // MARK: - the end

    /// Whether it waits for a handshake, to send what it was given before it ends.
    func isWaitingToSend(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        guard let chain = connection.pointee.filters else { return false }
        return !chain.pointee.isReady && !chain.pointee.isOver && chain.pointee.waitingCount > 0
            && (state == .running || state == .paused)
    }

    /// The last call, the highest first: so each may say goodbye through those below.
    func closeFilters(_ connection: UnsafeMutablePointer<Connection>, orderly: Bool) {
        guard let chain = connection.pointee.filters else { return }
        gather(for: connection) {
            var stage: StagePointer? = chain.pointee.top
            while let current = stage {
                stage = current.pointee.below
                let phase = current.pointee.phase
                if phase == .open || phase == .ready {
                    _ = handler.filter(current, .close(orderly: orderly), self)
                }
                current.pointee.phase = .closed
            }
        }
        changeQueued(-chain.pointee.waitingCount)
        connection.pointee.filters = nil
        FilterChain.free(chain)
    }

    // MARK: - gathering

    /// What `body` has for the wire of the connection leaves together.
    private func gather(for connection: UnsafeMutablePointer<Connection>, _ body: () -> Void) {
        let outer = gathering.connection
        if outer == connection { return body() }
        if outer != nil { putGathered() }
        gathering.connection = connection
        body()
        putGathered()
        gathering.connection = outer
    }

    private func put(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) {
        guard gathering.connection == connection else {
            return gather(for: connection) { put(connection, bytes, count) }
        }
        if gathering.count > 0, gathering.count + count > Gathering.most { putGathered() }
        if gathering.count + count > gathering.room {
            let room = max(gathering.count + count, 16 << 10, min(gathering.room * 2, Gathering.most))
            guard let grown = realloc(gathering.bytes, room) else { return doom(connection) }
            gathering.bytes = grown.assumingMemoryBound(to: UInt8.self)
            gathering.room = room
        }
        if let place = gathering.bytes { memcpy(place + gathering.count, bytes, count) }
        gathering.count += count
    }

    private func putGathered() {
        guard gathering.count > 0, let connection = gathering.connection, let bytes = gathering.bytes else {
            return
        }
        var part = iovec(iov_base: UnsafeMutableRawPointer(bytes), iov_len: gathering.count)
        gathering.count = 0
        guard connection.pointee.end != .now else { return }
        wire(connection, &part, 1)
    }
}
