// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Foundation
import Message
import Testing

@testable import Worker

@Suite struct BurstTests {
    @Test func `a burst is over when three quarters of it are gone, and that is said once`() {
        var burst = Burst(least: 100)
        func over(_ counts: Int...) -> [Bool] { counts.map { burst.isOver(at: $0) } }
        // It was never much.
        #expect(over(99, 0) == [false, false])
        burst.note(400)
        #expect(over(101, 99) == [false, true])
        // What is left is no burst, until there is more again.
        #expect(over(20, 120, 30) == [false, false, true])
    }
}

@Suite struct LifeTests {
    @Test func `a server stops in time, whatever is open`() throws {
        let server = try Server(Echo(), workers: 2)
        let clients = (0..<20).map { _ in Client(.tcp, port: server.tcp) }
        for client in clients {
            client.send(request("open"))
            #expect(client.receive() != nil)
        }
        #expect(server.handler.events[.started] == 2)
        let start = Date()
        #expect(server.group.drain(milliseconds: 5000))
        server.group.stop()
        #expect(Date().timeIntervalSince(start) < 3)
        for client in clients { #expect(client.isAtEnd) }
        #expect(server.count(\.connections, becomes: 0))
        #expect(server.handler.events[.closed] == 20)
    }

    @Test func `who waits for something when the server stops can still answer, over TCP too`() throws {
        let handler = Late()
        let server = try Server(handler, workers: 2)
        let clients = [Client(.udp, port: server.udp), Client(.tcp, port: server.tcp)]
        for (index, client) in clients.enumerated() { client.send(request("late-\(index)")) }
        #expect(handler.events.reaches(2, .job(-1)))
        let group = server.group
        Thread.detachNewThread {
            handler.events.add(.job(group.drain(milliseconds: 10_000) ? 1 : 0))
        }
        // While it drains, or just before: both have to do.
        handler.answerAll(group)
        for (index, client) in clients.enumerated() {
            let answer = request("late-\(index)")
            #expect(client.receive(exactly: answer.count) == answer)
        }
        #expect(handler.events.reaches(1, .job(1)))
    }

    @Test func `who waits for ever does not keep the server from stopping`() throws {
        let handler = Late()
        let server = try Server(handler)
        let client = Client(.tcp, port: server.tcp)
        client.send(request("never"))
        #expect(handler.events.reaches(1, .job(-1)))
        #expect(!server.group.drain(milliseconds: 100))
        #expect(client.isAtEnd)
    }

    @Test func `all messages are back in their pools when the workers have stopped`() throws {
        let server = try Server(Echo(), workers: 2)
        let client = Client(.udp, port: server.udp)
        for i in 0..<200 {
            client.send(request("pool-\(i)"))
            #expect(client.receive() != nil)
        }
        server.group.stop()
        #expect(server.group.workers.map(\.pool.live) == [0, 0])
    }

    @Test func `an idle worker sleeps`() throws {
        let server = try Server(Echo(), workers: 2)
        let client = Client(.udp, port: server.udp)
        client.send(request("awake"))
        #expect(client.receive() != nil)
        let turns = server.group.workers.map(\.turns)
        // Time has to pass: this is the one thing that cannot be waited for otherwise.
        usleep(200_000)
        #expect(zip(server.group.workers.map(\.turns), turns).allSatisfy { $0 - $1 < 20 })
    }

    /// Sanitizers keep what is freed, and count it.
    private static let isSanitized = ["__asan_init", "__tsan_init"].contains { (symbol: String) in
        dlsym(nil, symbol) != nil
    }

    /// In a process of its own: what other tests take meanwhile does not count.
    @Test(.disabled(if: isSanitized)) func `10,000 idle connections cost less than 100 MB`() async {
        await #expect(processExitsWith: .success) {
            let most = 2_000
            try #require(LifeTests.raiseDescriptorLimit(to: 2 * most + 512))
            let server = try Server(Echo()) {
                $0.connections = 10_000
                $0.lifetime = 60_000
            }
            let before = LifeTests.residentBytes()
            let idle = (0..<most).map { _ in Client(.tcp, port: server.tcp) }
            #expect(server.handler.events.reaches(most, .opened))
            for client in idle {
                // Some of a message, then the rest: it leaves nothing behind.
                client.send(Array(request("half").prefix(50)))
                client.send(Array(request("half").dropFirst(50)))
                #expect(client.receive(exactly: request("half").count) == request("half"))
            }
            let each = (LifeTests.residentBytes() - before) / most
            #expect(each < 10_000, "\(each) bytes")
            server.stop()
            withExtendedLifetime(idle) {}
        }
    }

    @Test func `an idle connection holds its record, a timer, and nothing else`() {
        #expect(MemoryLayout<Connection>.stride + MemoryLayout<TimerNode>.stride < 400)
    }

    private static func residentBytes() -> Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (Int(pages.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4096
    }

    private static func raiseDescriptorLimit(to count: Int) -> Bool {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < UInt(count) else { return true }
        limit.rlim_cur = min(UInt(count), limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit.rlim_cur >= UInt(count)
    }
}

/// Sends requests back only when it is told to.
private final class Late: Echo, @unchecked Sendable {
    private var waiting: [(home: Worker, bytes: [UInt8], flow: mt_flow)] = []

    override func answer(_ message: Message, _ worker: Worker) {
        lock.withLock { waiting.append((worker, Array(message.bytes.bytes), message.flow)) }
        events.add(.job(-1))
    }

    override func isWaiting(_ worker: Worker) -> Bool {
        lock.withLock { waiting.contains { $0.home === worker } }
    }

    func answerAll(_ group: WorkerGroup) {
        lock.withLock {
            for late in waiting { late.bytes.withUnsafeBytes { group.send($0, to: late.flow) } }
            waiting = []
        }
        for worker in group.workers { worker.post(Job({ _, _, _ in })) }
    }
}
