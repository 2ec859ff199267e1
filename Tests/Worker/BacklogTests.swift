// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Worker

@Suite struct BacklogTests {
    private let second: UInt64 = 1_000_000_000
    private var now: UInt64 { 100 * second }

    @Test func `it is as long as what was read last had waited, until a batch is not full`() {
        var backlog = Backlog()
        #expect(backlog.time(at: now) == 0)
        backlog.read(0, waited: 300, isFilling: false, at: now)
        #expect(backlog.time(at: now + 5) == 300)
        backlog.read(0, waited: 0, isFilling: false, at: now + 10)
        #expect(backlog.time(at: now + 10) == 0)
    }

    @Test func `a socket in which nothing waits for long, but is lost, counts from when it was half full`() {
        var backlog = Backlog()
        for time in stride(from: 0, through: 500, by: 100) as StrideThrough<UInt64> {
            backlog.read(0, waited: 7, isFilling: true, at: now + time)
            #expect(backlog.time(at: now + time) == max(7, time))
        }
        backlog.read(0, waited: 7, isFilling: false, at: now + 600)
        #expect(backlog.time(at: now + 600) == 7)
    }

    @Test func `one socket that keeps up says nothing about another`() {
        var backlog = Backlog()
        backlog.read(0, waited: 300, isFilling: true, at: now)
        backlog.read(1, waited: 0, isFilling: false, at: now + 400)
        #expect(backlog.time(at: now + 400) == 400)
        // Two that fill in turn are late for as long as the first.
        backlog.read(1, waited: 20, isFilling: true, at: now + 500)
        backlog.read(0, waited: 20, isFilling: true, at: now + 600)
        #expect(backlog.time(at: now + 600) == 600)
    }

    @Test func `a last full batch is forgotten when nothing more comes to its socket`() {
        var backlog = Backlog()
        backlog.read(0, waited: 300, isFilling: true, at: now)
        #expect(backlog.time(at: now + second) == 0)
        backlog.read(1, waited: 20, isFilling: true, at: now + 10 * second)
        #expect(backlog.time(at: now + 10 * second) == 20)
    }
}

@Suite struct StreamBacklogTests {
    private let millisecond: UInt64 = 1_000_000
    private var now: UInt64 { 100_000 * millisecond }

    @Test func `a round is as long as the shortest time between two readings of one stream`() {
        var backlog = StreamBacklog()
        for step in 0..<30 as Range<UInt64> {
            let time = now + step * 10 * millisecond
            // One comes every time, others now and then.
            backlog.read(1, before: time - 120 * millisecond, isFull: false, at: time)
            backlog.read(2, before: time - 5000 * millisecond, isFull: false, at: time)
            backlog.read(3, before: 0, isFull: false, at: time)
        }
        #expect(backlog.time(at: now + 300 * millisecond) == 120 * millisecond)
        #expect(backlog.time(at: now + 900 * millisecond) == 0)
    }

    @Test func `what comes after the worker has slept has not waited longer than that`() {
        var backlog = StreamBacklog()
        for step in 0..<30 as Range<UInt64> {
            let time = now + step * 10 * millisecond
            backlog.slept(until: time - 3 * millisecond)
            backlog.read(1, before: time - 5000 * millisecond, isFull: false, at: time)
        }
        #expect(backlog.time(at: now + 300 * millisecond) == 3 * millisecond)
    }

    @Test func `a stream that always has more counts from when that began, though it runs dry for a moment`()
    {
        var backlog = StreamBacklog()
        func read(_ stream: Int, _ isFull: Bool, _ time: UInt64) {
            backlog.read(stream, before: 0, isFull: isFull, at: now + time * millisecond)
        }
        for time in stride(from: 0, through: 200, by: 20) as StrideThrough<UInt64> {
            read(7, time % 40 == 0, time)
            #expect(backlog.time(at: now + time * millisecond) == time * millisecond)
        }
        // Another one beside it changes nothing.
        read(8, true, 201)
        for time in 202..<210 as Range<UInt64> { read(7, false, time) }
        #expect(backlog.time(at: now + 209 * millisecond) == 209 * millisecond)
        read(7, false, 210)
        #expect(backlog.time(at: now + 210 * millisecond) == 0)
    }

    @Test func `a peer that asks again at once when it is refused is not refused for ever`() {
        var backlog = StreamBacklog()
        var times: [UInt64] = []
        for time in stride(from: 0, through: 1000, by: 10) as StrideThrough<UInt64> {
            backlog.read(7, before: 0, isFull: true, at: now + time * millisecond)
            times.append(backlog.time(at: now + time * millisecond) / millisecond)
        }
        #expect(times.max() == 490 && times.count(where: { $0 == 0 }) == 3)
    }

    @Test func `a stream of which nothing more comes is late no longer`() {
        var backlog = StreamBacklog()
        backlog.read(7, before: 0, isFull: true, at: now)
        #expect(backlog.time(at: now + 249 * millisecond) == 249 * millisecond)
        #expect(backlog.time(at: now + 250 * millisecond) == 0)
        backlog.read(8, before: 0, isFull: true, at: now + 300 * millisecond)
        #expect(backlog.time(at: now + 310 * millisecond) == 10 * millisecond)
    }
}
