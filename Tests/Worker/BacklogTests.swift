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
