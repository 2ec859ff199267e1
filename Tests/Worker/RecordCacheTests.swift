// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Worker

@Suite struct RecordCacheTests {
    private func question(_ name: String) -> Question { Question(name, .a) }
    private let answer = Answer([Record(.address(.anyV4), ttl: 60)])
    private var size: Int { RecordCache.size(question("a0"), answer) }

    @Test func `an answer is known until its time is over`() {
        var cache = RecordCache(memory: 10_000)
        cache.keep(question("A.example."), answer, until: 100, now: 0)
        #expect(cache.find(question("a.EXAMPLE"), now: 99) == answer)
        #expect(cache.find(question("a.example"), now: 100) == nil)
        #expect(cache.count == 0 && cache.usedMemory == 0)
        #expect(cache.find(Question("a.example", .aaaa), now: 0) == nil)
    }

    @Test func `a newer answer takes the place of the old one`() {
        var cache = RecordCache(memory: 10_000)
        cache.keep(question("a"), answer, until: 100, now: 0)
        cache.keep(question("a"), .nothing(), until: 200, now: 1)
        #expect(cache.find(question("a"), now: 150) == .nothing())
        #expect(cache.count == 1)
    }

    @Test func `when it is full, the one that was not used for the longest time goes, and no other`() {
        var cache = RecordCache(memory: size * 4)
        for name in ["a0", "a1", "a2", "a3"] { cache.keep(question(name), answer, until: 1000, now: 0) }
        _ = cache.find(question("a0"), now: 1)
        cache.keep(question("a4"), answer, until: 1000, now: 2)
        #expect(cache.all(now: 3).map(\.question.name) == ["a4", "a0", "a3", "a2"])
        #expect(cache.usedMemory <= cache.memory)
    }

    @Test func `it stays within its memory whatever comes`() {
        var cache = RecordCache(memory: size * 10)
        for index in 0..<10_000 {
            cache.keep(question("a\(index % 100)"), answer, until: UInt64(index + 50), now: UInt64(index))
            #expect(cache.usedMemory <= cache.memory)
        }
        #expect(cache.count == 9 || cache.count == 10)
    }

    @Test func `what is too old makes room before anybody asks for it`() {
        var cache = RecordCache(memory: 100_000)
        for index in 0..<8 { cache.keep(question("old\(index)"), answer, until: 10, now: 0) }
        for index in 0..<8 { cache.keep(question("new\(index)"), answer, until: 100, now: 50) }
        #expect(cache.count == 8)
    }

    @Test func `what is permanent stays, unless it is deleted by hand`() {
        var cache = RecordCache(memory: size * 2)
        cache.keep(question("a0"), answer, until: 1, isPermanent: true, now: 0)
        cache.keep(question("a0"), .nothing(), until: 100, now: 0)
        for index in 1..<5 { cache.keep(question("a\(index)"), answer, until: 100, now: 2) }
        #expect(cache.find(question("a0"), now: 1_000_000) == answer)
        cache.removeAll(permanentToo: false)
        #expect(cache.count == 1)
        #expect(cache.remove(question("a0")) && !cache.remove(question("a0")))
        // One that needs more than there is, is not kept.
        cache = RecordCache(memory: 10)
        cache.keep(question("a0"), answer, until: 100, now: 0)
        #expect(cache.count == 0)
    }

    @Test func `how long an answer holds`() {
        var settings = NameSettings()
        #expect(settings.lifetime(of: answer) == 60)
        #expect(settings.lifetime(of: .nothing()) == 60)
        // RFC 2308: as long as the SOA says, but no longer than we want.
        #expect(settings.lifetime(of: .nothing(seconds: 5)) == 5)
        #expect(settings.lifetime(of: .nothing(seconds: 5000)) == 60)
        #expect(settings.lifetime(of: .failed) == 10)
        settings.minimum = 100
        #expect(settings.lifetime(of: answer) == 100)
        settings.minimum = 0
        settings.maximum = 30
        settings.negative = 0
        #expect(settings.lifetime(of: answer) == 30)
        #expect(settings.lifetime(of: .nothing()) == 0 && settings.lifetime(of: .failed) == 0)
    }
}
