// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Worker

/// Jobs that note their number; the list is the order in which they ran.
private final class Record: @unchecked Sendable {
    var ran: [Int] = []
    var onRun: (Int) -> Void = { _ in }

    func job(_ number: Int) -> Job {
        Job(
            { record, number, _ in
                guard let record else { return }
                let list = Unmanaged<Record>.fromOpaque(record).takeUnretainedValue()
                list.ran.append(Int(bitPattern: number))
                list.onRun(Int(bitPattern: number))
            }, Unmanaged.passUnretained(self).toOpaque(), UnsafeMutableRawPointer(bitPattern: number))
    }
}

@Suite struct TimerTests {
    private let record = Record()
    private let timers = Timers(worker: 3, now: 1_000)

    private func set(_ time: UInt64, _ number: Int, period: UInt32 = 0) -> UInt64 {
        timers.set(at: time, period: period, record.job(number))
    }

    @Test func `timers run in the order of their times, and of being set when those are equal`() {
        for (number, time) in [
            (1, 5000), (2, 1001), (3, 90_000), (4, 5000), (5, 1255), (6, 1256), (7, 70_000_000),
        ] {
            #expect(set(UInt64(time), number) != 0)
        }
        timers.run(until: 4999)
        #expect(record.ran == [2, 5, 6])
        #expect(set(5000, 8) != 0)
        timers.run(until: 200_000_000)
        #expect(record.ran == [2, 5, 6, 1, 4, 8, 3, 7])
        #expect(timers.count == 0)
        #expect(timers.next() == nil)
    }

    @Test func `no timer runs early or gets lost, whatever its time`() {
        var random = SystemRandomNumberGenerator()
        var due: [(UInt64, Int)] = []
        for number in 1...3000 {
            let time =
                1_001
                + UInt64.random(in: 0..<(1 << UInt64.random(in: 1...34, using: &random)), using: &random)
            due.append((time, number))
            _ = set(time, number)
        }
        due.sort { $0 < $1 }
        var now: UInt64 = 1_000
        while let next = timers.next() {
            #expect(next > now)
            now = next + UInt64.random(in: 0...3)
            let before = record.ran.count
            timers.run(until: now)
            let late = record.ran[before...].filter { number in due.contains { $0.1 == number && $0.0 > now }
            }
            #expect(late.isEmpty)
            if let missed = due.dropFirst(record.ran.count).first { #expect(missed.0 > now) }
        }
        #expect(record.ran == due.map(\.1))
    }

    @Test func `a cancelled timer does not run, and cancelling again is too late`() {
        let kept = set(2000, 1)
        let gone = set(2000, 2)
        #expect(timers.cancel(gone))
        #expect(!timers.cancel(gone))
        timers.run(until: 3000)
        #expect(record.ran == [1])
        #expect(!timers.cancel(kept))
        #expect(!timers.cancel(0))
        #expect(!timers.cancel(UInt64.max))
    }

    @Test func `the id of a timer that is over stays stale when its place is used again`() {
        var ids: Set<UInt64> = []
        for _ in 0..<10_000 {
            let id = set(2000, 1)
            #expect(ids.insert(id).inserted)
            #expect(Timers.worker(of: id) == 3)
            #expect(timers.cancel(id))
        }
        for id in ids { #expect(!timers.cancel(id)) }
    }

    @Test func `a periodic timer keeps step and makes no burst of what it missed`() {
        _ = set(1100, 1, period: 100)
        timers.run(until: 1100)
        timers.run(until: 1250)
        #expect(record.ran.count == 2)
        timers.run(until: 2049)
        #expect(record.ran.count == 3)
        #expect(timers.next().map { $0 <= 2100 } == true)
        timers.run(until: 2100)
        #expect(record.ran.count == 4)
    }

    @Test func `a job may cancel itself, others that are due, and set new ones`() {
        let periodic = set(1100, 1, period: 10)
        let other = set(1100, 2)
        record.onRun = { [timers, record] number in
            guard number == 1 else { return }
            #expect(timers.cancel(periodic))
            #expect(timers.cancel(other))
            _ = timers.set(at: 1200, period: 0, record.job(3))
        }
        timers.run(until: 5000)
        #expect(record.ran == [1, 3])
        #expect(timers.count == 0)
        record.onRun = { _ in }
    }

    @Test func `another thread's timer runs once adopted, and can be cancelled before and after`() {
        let first = timers.prepare(at: 1100, period: 0, record.job(1))
        let second = timers.prepare(at: 1100, period: 0, record.job(2))
        let third = timers.prepare(at: 1100, period: 0, record.job(3))
        #expect(timers.cancelElsewhere(second))
        timers.adopt(first)
        timers.adopt(second)
        timers.adopt(third)
        timers.reclaim(second)
        #expect(timers.cancelElsewhere(third))
        #expect(!timers.cancelElsewhere(third))
        timers.reclaim(third)
        timers.run(until: 2000)
        #expect(record.ran == [1])
        #expect(timers.count == 0)
    }

    @Test func `a million timers are cheap to hold`() {
        let ids = (0..<1_000_000).map { set(2_000 + UInt64($0 % 500_000), 1) }
        #expect(timers.count == 1_000_000)
        for id in ids.dropLast(10) { #expect(timers.cancel(id)) }
        timers.run(until: 1_000_000)
        #expect(record.ran.count == 10)
    }
}

@Suite struct WorkerTimeTests {
    private final class Waiter: Sendable {
        let ran = Tally<Int>()
        func job(_ number: Int) -> Job {
            Job(
                { waiter, number, _ in
                    guard let waiter else { return }
                    let number = Int(bitPattern: number)
                    Unmanaged<Waiter>.fromOpaque(waiter).takeUnretainedValue().ran.add(
                        Worker.current == nil ? -number : number)
                }, Unmanaged.passUnretained(self).toOpaque(), UnsafeMutableRawPointer(bitPattern: number))
        }
    }

    @Test func `timers and jobs from any thread run on the worker they were given to`() throws {
        let waiter = Waiter()
        let server = try Server(Echo(), workers: 2)
        for (number, worker) in server.group.workers.enumerated() {
            worker.after(5, waiter.job(number + 10))
            worker.post(waiter.job(number + 20))
            let periodic = worker.every(2, waiter.job(number + 30))
            #expect(waiter.ran.reaches(3, number + 30))
            #expect(server.group.cancel(periodic))
            #expect(!server.group.cancel(periodic))
            #expect(waiter.ran.reaches(1, number + 10))
            #expect(waiter.ran.reaches(1, number + 20))
        }
        server.group.offload(waiter.job(40), then: waiter.job(41), on: server.group.workers[1])
        #expect(waiter.ran.reaches(1, 41))
        #expect(waiter.ran[-40] == 1)
        server.group.visit(waiter.job(50), then: waiter.job(51))
        #expect(waiter.ran.reaches(1, 51))
        #expect(waiter.ran[50] == 2)
        withExtendedLifetime(waiter) { server.stop() }
    }

    @Test func `what is given to a worker before it starts is done when it does`() throws {
        let waiter = Waiter()
        let network = Network(listen: [ListenSpec(.udp, "127.0.0.1", port: 0)])
        try network.open(workers: 1)
        let group = WorkerGroup(network: network, handler: Echo(), statistics: Statistics())
        let cancelled = group.workers[0].after(1, waiter.job(1))
        #expect(group.cancel(cancelled))
        group.workers[0].after(1, waiter.job(2))
        group.workers[0].post(waiter.job(3))
        group.start()
        #expect(waiter.ran.reaches(1, 2))
        #expect(waiter.ran.reaches(1, 3))
        #expect(waiter.ran[1] == 0)
        group.stop()
    }
}
