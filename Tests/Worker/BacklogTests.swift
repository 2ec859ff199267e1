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

    @Test func `it is as long as what was read last had waited, each stream by itself`() {
        var backlog = StreamBacklog()
        var since: [UInt64] = [0, 0]
        backlog.read(&since[0], waited: 120, isFilling: false, at: now)
        #expect(backlog.time(at: now) == 120)
        backlog.read(&since[1], waited: 3, isFilling: false, at: now)
        #expect(backlog.time(at: now) == 3)
    }

    @Test func `when replies wait everything is late, until they no longer do or the worker has slept`() {
        var backlog = StreamBacklog()
        var since: [UInt64] = [0, 0]
        backlog.read(&since[0], bringsReplies: true, waited: 150, isFilling: false, at: now)
        backlog.read(&since[1], waited: 3, isFilling: false, at: now)
        #expect(backlog.time(at: now) == 150)
        backlog.read(&since[0], bringsReplies: true, waited: 2, isFilling: false, at: now)
        backlog.holds(0)
        #expect(backlog.time(at: now) == 2)
        backlog.read(&since[0], bringsReplies: true, waited: 150, isFilling: false, at: now)
        backlog.slept(until: now)
        backlog.holds(0)
        #expect(backlog.time(at: now) == 0)
    }

    @Test func `replies that were late are forgotten when no more come`() {
        var backlog = StreamBacklog()
        var since: [UInt64] = [0, 0]
        backlog.read(&since[0], bringsReplies: true, waited: 150, isFilling: false, at: now)
        backlog.read(&since[1], waited: 3, isFilling: false, at: now + 499 * millisecond)
        #expect(backlog.time(at: now + 499 * millisecond) == 150)
        backlog.read(&since[1], waited: 3, isFilling: false, at: now + 500 * millisecond)
        #expect(backlog.time(at: now + 500 * millisecond) == 3)
    }

    @Test func `what comes from elsewhere is as late as is said`() {
        var backlog = StreamBacklog()
        var since: UInt64 = 0
        backlog.read(&since, waited: 120, isFilling: false, at: now)
        #expect(backlog.time(at: now) == 120)
        backlog.holds(0)
        #expect(backlog.time(at: now) == 0)
        backlog.holds(77)
        #expect(backlog.time(at: now) == 77)
    }

    @Test func `a worker that has just slept is not late, and asks nobody`() {
        var backlog = StreamBacklog()
        backlog.slept(until: now)
        #expect(!backlog.mayBeLate(at: now + 9 * millisecond))
        #expect(backlog.mayBeLate(at: now + 10 * millisecond))
    }

    @Test
    func `a stream that always has more counts from when its socket was half full, until it no longer is`() {
        var backlog = StreamBacklog()
        var since: [UInt64] = [0, 0]
        for time in stride(from: 0, through: 200, by: 20) as StrideThrough<UInt64> {
            backlog.read(&since[0], waited: 7, isFilling: true, at: now + time * millisecond)
            #expect(backlog.time(at: now + time * millisecond) == max(7, time * millisecond))
            // Another one beside it is not late for that.
            backlog.read(&since[1], waited: 7, isFilling: false, at: now + time * millisecond)
            #expect(backlog.time(at: now) == 7)
        }
        backlog.read(&since[0], waited: 7, isFilling: false, at: now + 220 * millisecond)
        #expect(backlog.time(at: now) == 7)
        // Nor after the worker had nothing to do.
        backlog.read(&since[0], waited: 7, isFilling: true, at: now + 230 * millisecond)
        backlog.slept(until: now + 240 * millisecond)
        backlog.read(&since[0], waited: 7, isFilling: true, at: now + 250 * millisecond)
        #expect(backlog.time(at: now) == 7)
    }

    @Test func `a peer that asks again at once when it is refused is not refused for ever`() {
        var backlog = StreamBacklog()
        var since: UInt64 = 0
        var times: [UInt64] = []
        for time in stride(from: 0, through: 1000, by: 10) as StrideThrough<UInt64> {
            backlog.read(&since, waited: 0, isFilling: true, at: now + time * millisecond)
            times.append(backlog.time(at: now + time * millisecond) / millisecond)
        }
        #expect(times.max() == 490 && times.count(where: { $0 == 0 }) == 3)
    }
}
