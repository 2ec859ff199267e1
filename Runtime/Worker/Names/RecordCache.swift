// SPDX-License-Identifier: Apache-2.0

/// Answers that still hold, as many as there is memory for. It knows no clock: times are nanoseconds given to it.
///
/// When a new one needs room, the one that was not looked at for the longest time goes, one after the other until
/// there is enough; and with each new one, a few that are too old go.
public struct RecordCache: Sendable {
    public struct Entry: Sendable {
        public let question: Question
        public let answer: Answer
        /// Until when it holds.
        public let until: UInt64
        /// It holds until it is deleted by hand.
        public let isPermanent: Bool
        public let size: Int
        public fileprivate(set) var used: UInt64
        fileprivate var newer, older: Int
    }

    public let memory: Int
    public private(set) var usedMemory = 0
    private var places: [Question: Int] = [:]
    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var newest = -1, oldest = -1
    /// Where the search for what is too old goes on.
    private var hand = 0
    /// How many are looked at for that with each new one.
    private static let glance = 8

    public init(memory: Int) { self.memory = memory }

    public var count: Int { places.count }

    public mutating func find(_ question: Question, now: UInt64) -> Answer? {
        guard let place = places[question], let entry = entries[place] else { return nil }
        guard entry.until > now else {
            remove(at: place)
            return nil
        }
        entries[place]?.used = now
        unlink(place)
        link(place)
        return entry.answer
    }

    /// Instead of what was known before, unless that is there for good.
    public mutating func keep(
        _ question: Question, _ answer: Answer, until: UInt64, isPermanent: Bool = false, now: UInt64
    ) {
        if let place = places[question] {
            if let there = entries[place], there.isPermanent, !isPermanent { return }
            remove(at: place)
        }
        for _ in 0..<min(RecordCache.glance, entries.count) {
            hand = (hand + 1) % entries.count
            if let entry = entries[hand], entry.until <= now { remove(at: hand) }
        }
        let size = RecordCache.size(question, answer)
        guard size <= memory, makeRoom(size) else { return }
        let entry = Entry(
            question: question, answer: answer, until: isPermanent ? .max : until, isPermanent: isPermanent,
            size: size, used: now, newer: -1, older: -1)
        let place: Int
        if let spare = free.popLast() {
            place = spare
            entries[place] = entry
        } else {
            place = entries.count
            entries.append(entry)
        }
        places[question] = place
        usedMemory += size
        link(place)
    }

    /// nil: it is not there.
    func isPermanent(_ question: Question) -> Bool? { places[question].flatMap { entries[$0]?.isPermanent } }

    /// Answers whether it was there.
    public mutating func remove(_ question: Question) -> Bool {
        guard let place = places[question] else { return false }
        remove(at: place)
        return true
    }

    public mutating func removeAll(permanentToo: Bool) {
        for place in entries.indices {
            guard let entry = entries[place], permanentToo || !entry.isPermanent else { continue }
            remove(at: place)
        }
    }

    /// The last used first, without what is too old.
    public func all(now: UInt64) -> [Entry] {
        var all: [Entry] = []
        var next = newest
        while next >= 0, let entry = entries[next] {
            if entry.until > now { all.append(entry) }
            next = entry.older
        }
        return all
    }

    // MARK: - pieces

    private mutating func makeRoom(_ size: Int) -> Bool {
        var next = oldest
        while usedMemory + size > memory, next >= 0, let entry = entries[next] {
            if !entry.isPermanent { remove(at: next) }
            next = entry.newer
        }
        return usedMemory + size <= memory
    }

    private mutating func remove(at place: Int) {
        guard let entry = entries[place] else { return }
        unlink(place)
        places[entry.question] = nil
        usedMemory -= entry.size
        entries[place] = nil
        free.append(place)
    }

    private mutating func link(_ place: Int) {
        entries[place]?.older = newest
        entries[place]?.newer = -1
        if newest >= 0 { entries[newest]?.newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        guard let entry = entries[place] else { return }
        if entry.newer >= 0 { entries[entry.newer]?.older = entry.older } else { newest = entry.older }
        if entry.older >= 0 { entries[entry.older]?.newer = entry.newer } else { oldest = entry.newer }
    }

    /// About what it takes, in bytes.
    static func size(_ question: Question, _ answer: Answer) -> Int {
        answer.records.reduce(160 + question.name.utf8.count) { sum, record in
            let texts =
                switch record.data {
                case .address: 0
                case .service(let service): service.target.utf8.count
                case .rule(let rule):
                    rule.flags.utf8.count + rule.service.utf8.count + rule.pattern.utf8.count
                        + rule.replacement.utf8.count
                case .name(let text), .text(let text): text.utf8.count
                }
            return sum + MemoryLayout<Record>.stride + texts
        }
    }
}
