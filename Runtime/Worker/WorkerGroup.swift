// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message
import Synchronization

/// All workers, what they share, and their beginning and end.
public final class WorkerGroup: @unchecked Sendable {
    /// Ids of timers and connections have one byte for the worker.
    public static let maximum = 128

    public let network: Network
    public let limits: Limits
    public let statistics: Statistics
    public let counters: WorkerCounters
    public let resolver: Resolver
    public let blocklist: Blocklist
    public private(set) var workers: [Worker] = []
    /// Set before `start`.
    public var filters = Filters()
    let handler: any WorkerHandler
    let destinations = Destinations()
    private let helpers: Helpers
    private let open = Atomic<Int>(0)
    private let openSecure = Atomic<Int>(0)
    private let lastNotice = Mutex<[Notice: UInt64]>([:])
    /// The same workers, without counting references.
    private let table: UnsafeMutablePointer<Unmanaged<Worker>>

    /// [main] One worker for each that the network was opened for. Timers and jobs may be given to them at
    /// once; they are done once `start` has been called.
    public init(
        network: Network, handler: any WorkerHandler, statistics: Statistics, limits: Limits = Limits()
    ) {
        self.network = network
        self.handler = handler
        self.statistics = statistics
        self.limits = limits
        counters = WorkerCounters(statistics)
        helpers = Helpers(most: limits.helpers)
        blocklist = Blocklist(limits.blocklist)
        var names = limits.names
        names.preferences.reach = network.reach
        resolver = Resolver(names, statistics) { handler.notice(Int32(MT_LOG_WARNING), $0) }
        table = .allocate(capacity: max(network.workers, 1))
        for index in 0..<max(network.workers, 1) {
            let worker = Worker(index: index, group: self)
            workers.append(worker)
            (table + index).initialize(to: .passUnretained(worker))
        }
    }

    deinit { table.deallocate() }

    /// [main]
    public func start() {
        for worker in workers where worker.thread == nil { worker.thread = startThread(worker) }
    }

    /// [main] Nothing new is read, and who waits has time to answer; then what is queued leaves. Answers whether
    /// that was done in time.
    @discardableResult public func drain(milliseconds: Int) -> Bool {
        let until = Worker.clock() + UInt64(max(milliseconds, 0)) * 1_000_000
        tell(.pause)
        let isQuiet = wait(until: until) { $0.isQuiet.load(ordering: .acquiring) }
        tell(.drain)
        let last = max(until, Worker.clock() + 200_000_000)
        return wait(until: last) { $0.hasDrained.load(ordering: .acquiring) } && isQuiet
    }

    private func wait(until: UInt64, _ isDone: (Worker) -> Bool) -> Bool {
        while !workers.allSatisfy(isDone) {
            if Worker.clock() >= until { return false }
            usleep(2000)
        }
        return true
    }

    /// [main] Ends all workers and waits for them. What was not sent is dropped.
    public func stop() {
        tell(.stop)
        for worker in workers {
            if let thread = worker.thread { pthread_join(thread, nil) }
            worker.thread = nil
        }
        helpers.stop()
        resolver.stop()
    }

    private func tell(_ kind: Letter.Kind) {
        for worker in workers {
            let letter = Letter.make(home: -1)
            letter.pointee.kind = kind
            worker.mailbox.push(letter)
            worker.mailbox.wake()
        }
    }

    private func startThread(_ worker: Worker) -> pthread_t? {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 4 << 20)
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(worker).toOpaque()
        let result = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Threads.blockSignals()
                let worker = Unmanaged<Worker>.fromOpaque(context).takeRetainedValue()
                worker.run()
                return nil
            }, context)
        guard result == 0 else { fatalError("cannot start a worker: \(Errno(result).text)") }
        return thread
    }

    // MARK: [any]

    /// Cancels a timer of any worker.
    @discardableResult public func cancel(_ timer: UInt64) -> Bool {
        let owner = Timers.worker(of: timer)
        guard owner < workers.count else { return false }
        return table[owner]._withUnsafeGuaranteedRef {
            $0.isCurrent ? $0.timers.cancel(timer) : $0.cancelElsewhere(timer)
        }
    }

    /// Runs `work` on a helper thread, where it may block, then `done` on the worker. The function gets the
    /// words of its job.
    public func offload(_ work: Job, then done: Job, on worker: Worker) {
        helpers.run(Helpers.Task(work: work, done: done, worker: worker))
    }

    /// Runs `each` on every worker, one after the other, then `done` on the last.
    public func visit(_ each: Job, then done: Job) { Visit.start(self, each, done) }

    /// Is the connection still there, on whichever worker?
    public func isOpen(_ connection: UInt64) -> Bool {
        let owner = Connections.worker(of: connection)
        guard owner < workers.count else { return false }
        return table[owner]._withUnsafeGuaranteedRef { $0.connections.isOpen(connection) }
    }

    /// The same, and has its peer not finished? Along one that is open but not alive only answers go.
    public func isAlive(_ connection: UInt64) -> Bool {
        let owner = Connections.worker(of: connection)
        guard owner < workers.count else { return false }
        return table[owner]._withUnsafeGuaranteedRef { $0.connections.isAlive(connection) }
    }

    /// Closes the connection of the flow once all that is queued for it has left.
    public func close(_ flow: mt_flow) {
        let owner = Connections.worker(of: flow.connection)
        guard flow.connection != 0, owner < workers.count else { return }
        table[owner]._withUnsafeGuaranteedRef { $0.close(flow) }
    }

    /// Keeps the connection of the flow from being closed for being idle, for so long.
    public func hold(_ flow: mt_flow, seconds: UInt32) {
        let owner = Connections.worker(of: flow.connection)
        guard flow.connection != 0, owner < workers.count else { return }
        table[owner]._withUnsafeGuaranteedRef { $0.hold(flow, ms: UInt64(seconds) * 1000) }
    }

    /// What goes to that port of its peer's address takes the connection of the flow.
    public func alias(_ flow: mt_flow, port: UInt16) {
        let owner = Connections.worker(of: flow.connection)
        guard flow.connection != 0, port != 0, owner < workers.count else { return }
        table[owner]._withUnsafeGuaranteedRef { $0.alias(flow, port: port) }
    }

    /// Sends from a thread that is no worker: it is copied, and leaves from the worker of the connection.
    public func send(_ bytes: UnsafeRawBufferPointer, to flow: mt_flow) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        let letter = Letter.make(home: -1)
        letter.pointee.kind = .bytes
        letter.pointee.flow = flow
        letter.pointee.count = bytes.count
        Letter.makeRoom(letter, bytes.count)?.copyMemory(from: base, byteCount: bytes.count)
        send(letter, to: flow.connection == 0 ? 0 : Connections.worker(of: flow.connection))
    }

    /// The worker that the call of a message belongs to; `otherwise`, when there is no Call-ID to see.
    @inline(__always) func owner(of message: Slice, otherwise: Int) -> Int {
        Message.callID(in: message).map(owner(ofCallID:)) ?? otherwise
    }

    /// The worker that the messages with this Call-ID run on.
    public func owner(ofCallID callID: Slice) -> Int {
        guard let bytes = callID.base else { return 0 }
        return Int(cl_owner(bytes, callID.count, UInt32(max(network.workers, 1))))
    }

    func mailbox(_ worker: Int) -> Mailbox { table[worker]._withUnsafeGuaranteedRef { $0.mailbox } }

    func send(_ letter: LetterPointer, to worker: Int) {
        guard worker < workers.count else { return }
        table[worker]._withUnsafeGuaranteedRef { $0.send(letter) }
    }

    // MARK: the number of connections

    /// One more, if the limits allow.
    func mayOpen(_ transport: Transport) -> Bool {
        let now = open.add(1, ordering: .relaxed).newValue
        guard now <= limits.connections else {
            open.subtract(1, ordering: .relaxed)
            return false
        }
        guard transport.isSecure else { return true }
        let secure = openSecure.add(1, ordering: .relaxed).newValue
        guard secure <= limits.secureConnections else {
            hasClosed(transport)
            return false
        }
        return true
    }

    func hasClosed(_ transport: Transport) {
        open.subtract(1, ordering: .relaxed)
        if transport.isSecure { openSecure.subtract(1, ordering: .relaxed) }
    }

    /// Which parameter is to be raised when `mayOpen` says no.
    func limitReached(_ transport: Transport) -> String {
        transport.isSecure && openSecureConnections >= limits.secureConnections
            ? "\(limits.secureConnections) are open: see tls_max_connections"
            : "\(limits.connections) are open: see tcp_max_connections"
    }

    public var openConnections: Int { open.load(ordering: .relaxed) }
    public var openSecureConnections: Int { openSecure.load(ordering: .relaxed) }

    /// The socket of the open connection to that address, if there is one. [any]
    public func socket(toward endpoint: Endpoint, over transport: Transport) -> UInt32? {
        destinations.find(endpoint, transport, .none)?.socket
    }

    // MARK: what is logged

    enum Notice { case tooMany, noDescriptors, slowReader }

    /// At most once in ten seconds of each kind: whoever causes it could fill the disk.
    func noticeOften(_ kind: Notice, _ level: some BinaryInteger, _ text: @autoclosure () -> String) {
        let now = Worker.clock()
        let due = lastNotice.withLock { last in
            if let before = last[kind], now - before < 10_000_000_000 { return false }
            last[kind] = now
            return true
        }
        if due { handler.notice(Int32(level), text()) }
    }
}
