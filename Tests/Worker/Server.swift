// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Foundation
import Message

@testable import Worker

/// Counts up on any thread; a test waits until it has come far enough.
final class Tally<Key: Hashable & Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var counts: [Key: Int] = [:]

    func add(_ key: Key, _ by: Int = 1) {
        condition.lock()
        counts[key, default: 0] += by
        condition.broadcast()
        condition.unlock()
    }

    subscript(key: Key) -> Int {
        condition.lock()
        defer { condition.unlock() }
        return counts[key] ?? 0
    }

    var all: [Key: Int] {
        condition.lock()
        defer { condition.unlock() }
        return counts
    }

    /// False when it takes too long.
    func reaches(_ count: Int, _ key: Key, within seconds: Double = 20) -> Bool {
        let until = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while counts[key] ?? 0 < count {
            if !condition.wait(until: until) { return false }
        }
        return true
    }
}

/// What a test's handler saw.
enum Event: Hashable, Sendable {
    case started, request, reply
    case fault(Int)
    case opened, closed, notice
    case job(Int)
    case worker(Int)
}

/// Sends every request back to where it came from, as it is, and keeps count.
class Echo: WorkerHandler, @unchecked Sendable {
    let events = Tally<Event>()
    let lock = NSLock()
    var flows: [mt_flow] = []
    var homes: [String: Set<Int>] = [:]
    /// What the server has said so far; worker threads add to it.
    var notices: [String] { lock.withLock { said } }
    private var said: [String] = []

    func started(_ worker: Worker) { events.add(.started) }

    func request(_ message: Message, _ worker: Worker) {
        lock.withLock { _ = homes[message.callID.string, default: []].insert(worker.index) }
        events.add(.worker(worker.index))
        events.add(.request)
        answer(message, worker)
    }

    func answer(_ message: Message, _ worker: Worker) {
        worker.send(message.bytes.bytes, to: message.flow)
    }

    func reply(_ message: Message, _ worker: Worker) { events.add(.reply) }
    func isWaiting(_ worker: Worker) -> Bool { false }

    func fault(_ message: Message, _ fault: Fault, _ worker: Worker) {
        if fault.status > 0 {
            let text = "SIP/2.0 \(fault.status) \(fault.reason)\r\nContent-Length: 0\r\n\r\n"
            Array(text.utf8).withUnsafeBytes { _ = worker.send($0, to: message.flow) }
        }
        events.add(.fault(fault.status))
    }

    func opened(_ flow: mt_flow, _ worker: Worker) {
        lock.withLock { flows.append(flow) }
        events.add(.opened)
    }
    func closed(_ flow: mt_flow, _ worker: Worker) { events.add(.closed) }
    func notice(_ level: Int32, _ text: String) {
        lock.withLock { said.append(text) }
        events.add(.notice)
    }
}

/// A running server on loopback, on ports that were free.
final class Server<Handler: Echo> {
    let network: Network
    let group: WorkerGroup
    let statistics = Statistics()
    let handler: Handler
    var udp: UInt16 { network.sockets.first { $0.transport == .udp }?.port ?? 0 }
    var tls: UInt16 { network.sockets.first { $0.transport == .tls }?.port ?? 0 }
    var tcp: UInt16 { network.sockets.first { $0.transport == .tcp }?.port ?? 0 }

    init(
        _ handler: Handler, workers: Int = 1, listen: [ListenSpec] = [ListenSpec(nil, "127.0.0.1", port: 0)],
        aliases: [Alias] = [], filters: Filters = Filters(), _ change: (inout Limits) -> Void = { _ in }
    ) throws {
        self.handler = handler
        var limits = Limits()
        change(&limits)
        network = Network(listen: listen, aliases: aliases)
        try network.open(workers: workers)
        group = WorkerGroup(network: network, handler: handler, statistics: statistics, limits: limits)
        group.filters = filters
        group.start()
    }

    func count(_ counter: KeyPath<WorkerCounters, Statistics.ID>) -> Int {
        Int(statistics.read(group.counters[keyPath: counter]))
    }

    /// A counter may move a moment after what it counts can be seen.
    func count(_ counter: KeyPath<WorkerCounters, Statistics.ID>, becomes wanted: Int) -> Bool {
        let until = Date(timeIntervalSinceNow: 20)
        while count(counter) != wanted {
            if Date() > until { return false }
            sched_yield()
        }
        return true
    }

    func stop() {
        group.stop()
        network.closeSockets()
    }

    deinit { stop() }
}

/// A request as text; `body` makes it as long as needed.
func request(_ callID: String, body: String = "", contentLength: Bool = true, method: String = "OPTIONS")
    -> [UInt8]
{
    Array(
        """
        \(method) sip:a@127.0.0.1 SIP/2.0\r
        Via: SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK\(callID)\r
        Max-Forwards: 70\r
        From: <sip:b@127.0.0.1>;tag=1\r
        To: <sip:a@127.0.0.1>\r
        Call-ID: \(callID)\r
        CSeq: 1 \(method)\r
        \(contentLength ? "Content-Length: \(body.utf8.count)\r\n" : "")\r
        \(body)
        """.utf8)
}
