// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing
import UsrlocLogic

/// Texts that live as long as the process: contacts are lent.
private func lasting(_ text: String) -> mt_str {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(text.utf8.count, 1))
    for (index, byte) in text.utf8.enumerated() { copy[index] = CChar(bitPattern: byte) }
    return text.isEmpty ? mt_str() : mt_str(ptr: UnsafePointer(copy), len: text.utf8.count)
}

private func string(_ text: mt_str) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text.ptr, count: text.len), as: UTF8.self)
}

private func contact(
    _ uri: String, callID: String = "1", cseq: UInt32 = 1, expires: Int64 = 1000, q: Int32 = -1,
    instance: String = "", regID: UInt32 = 0, path: String = ""
) -> ul_contact {
    var contact = ul_contact()
    contact.uri = lasting(uri)
    contact.call_id = lasting(callID)
    contact.cseq = cseq
    contact.expires = expires
    contact.q = q
    contact.instance = lasting(instance)
    contact.reg_id = regID
    contact.path = lasting(path)
    contact.methods = UInt32.max
    contact.socket = UInt32.max
    return contact
}

private let gone = Int64(UL_GONE)

/// A table, and what it told of its changes.
private final class Subject {
    let table: LocationTable
    var told: [String] = []

    init(_ change: (inout LocationTable.Options) -> Void = { _ in }) {
        var options = LocationTable.Options()
        change(&options)
        table = LocationTable("location", options, RUID(start: 0x6b00, process: 0x4b))
    }

    @discardableResult
    func save(
        _ contacts: ul_contact..., aor: String = "bob", replaces: Bool = false, most: Int = 0, now: Int = 100
    ) -> UpdateResult {
        contacts.withUnsafeBufferPointer {
            table.update(lasting(aor), $0, replaces: replaces, most: most, now: now) { change in
                switch change {
                case .written(let contact, _): told.append("+\(string(contact.ruid)) \(string(contact.uri))")
                case .erased(let contact): told.append("-\(string(contact.ruid))")
                }
            }
        }
    }

    func contacts(_ aor: String = "bob", now: Int = 100) -> [ul_contact] {
        var list: UnsafeMutablePointer<ul_contact>?
        let count = table.read(lasting(aor), now: now) { contacts, bytes in
            let place = UnsafeMutablePointer<ul_contact>.allocate(capacity: contacts)
            list = place
            return (place, UnsafeMutablePointer<CChar>.allocate(capacity: bytes + 1))
        }
        return (0..<count).compactMap { index in list.map { $0[index] } }
    }

    func uris(_ aor: String = "bob", now: Int = 100) -> [String] {
        contacts(aor, now: now).map { string($0.uri) }
    }
}

@Suite struct LocationTableTests {
    @Test func `a contact is there until its time is over`() {
        let subject = Subject()
        #expect(subject.save(contact("sip:a", expires: 200)) == .done(inserted: 1, updated: 0, removed: 0))
        #expect(subject.uris() == ["sip:a"])
        #expect(subject.uris("alice") == [])
        #expect(subject.uris(now: 199) == ["sip:a"])
        #expect(subject.uris(now: 200) == [])
    }

    @Test func `a contact without a time stays`() {
        let subject = Subject()
        subject.save(contact("sip:a", expires: 0))
        #expect(subject.uris(now: 1 << 40) == ["sip:a"])
    }

    @Test func `a refresh changes the contact and keeps its name`() {
        let subject = Subject()
        subject.save(contact("sip:a", cseq: 1, expires: 200))
        let result = subject.save(contact("sip:a", cseq: 2, expires: 900))
        #expect(result == .done(inserted: 0, updated: 1, removed: 0))
        #expect(subject.contacts().map(\.expires) == [900])
        #expect(subject.told == ["+uloc-6b00-4b-1 sip:a", "+uloc-6b00-4b-1 sip:a"])
    }

    @Test func `the same CSeq is the same request for a while, and an older one is refused`() {
        let subject = Subject()
        subject.save(contact("sip:a", cseq: 5, expires: 200), now: 100)
        #expect(
            subject.save(contact("sip:a", cseq: 5, expires: 300), now: 119)
                == .done(inserted: 0, updated: 0, removed: 0))
        #expect(subject.save(contact("sip:a", cseq: 5, expires: 300), now: 120) == .old)
        #expect(subject.save(contact("sip:a", cseq: 4, expires: 300), now: 101) == .old)
        #expect(subject.contacts().map(\.expires) == [200])
    }

    @Test func `a contact goes with its connection, and not with another one`() throws {
        let subject = Subject()
        var one = contact("sip:a")
        one.connection = 7
        subject.save(one, contact("sip:b", callID: "2"))
        let ruid = try #require(subject.contacts().first { string($0.uri) == "sip:a" }).ruid
        let hash = hashOfAoR(lasting("bob"))
        #expect(!subject.table.remove(hash: hash, ruid: ruid, connection: 8) { _ in })
        #expect(subject.table.remove(hash: hash, ruid: ruid, connection: 7) { _ in })
        #expect(!subject.table.remove(hash: hash, ruid: ruid, connection: 7) { _ in })
        #expect(subject.uris() == ["sip:b"])
    }

    @Test func `another Call-ID is always news`() {
        let subject = Subject()
        subject.save(contact("sip:a", callID: "1", cseq: 50))
        #expect(
            subject.save(contact("sip:a", callID: "2", cseq: 1)) == .done(inserted: 0, updated: 1, removed: 0)
        )
    }

    @Test func `all contacts of a request are done, or none`() {
        let subject = Subject()
        subject.save(contact("sip:a", cseq: 5))
        #expect(subject.save(contact("sip:b", cseq: 1), contact("sip:a", cseq: 4)) == .old)
        #expect(subject.uris() == ["sip:a"])
        #expect(subject.told.count == 1)
    }

    @Test func `removing what is not there is no harm, and the last one takes the record along`() {
        let subject = Subject()
        #expect(subject.save(contact("sip:a", expires: gone)) == .done(inserted: 0, updated: 0, removed: 0))
        #expect(subject.table.userCount == 0)
        subject.save(contact("sip:a", cseq: 1))
        #expect(subject.table.userCount == 1)
        #expect(
            subject.save(contact("sip:a", cseq: 2, expires: gone))
                == .done(inserted: 0, updated: 0, removed: 1))
        #expect(subject.table.userCount == 0 && subject.table.contactCount == 0)
        #expect(subject.told.last == "-uloc-6b00-4b-1")
    }

    @Test func `the best comes first, and the newest among equals`() {
        let subject = Subject()
        subject.save(contact("sip:low", q: 100))
        subject.save(contact("sip:high", q: 900))
        subject.save(contact("sip:unset"))
        subject.save(contact("sip:low2", q: 100))
        #expect(subject.uris() == ["sip:high", "sip:low2", "sip:low", "sip:unset"])
        subject.save(contact("sip:unset", cseq: 2, q: 1000))
        #expect(subject.uris().first == "sip:unset")
    }

    @Test func `by time, q does not count`() {
        let subject = Subject { $0.byTime = true }
        subject.save(contact("sip:first", q: 900))
        subject.save(contact("sip:second", q: 100))
        #expect(subject.uris() == ["sip:second", "sip:first"])
    }

    @Test func `there may be so many contacts, and those may be refreshed`() {
        let subject = Subject()
        subject.save(contact("sip:a"), most: 2)
        subject.save(contact("sip:b"), most: 2)
        #expect(subject.save(contact("sip:c"), most: 2) == .full)
        #expect(
            subject.save(contact("sip:b", cseq: 2), most: 2) == .done(inserted: 0, updated: 1, removed: 0))
        let swapped = subject.save(contact("sip:a", cseq: 2, expires: gone), contact("sip:c"), most: 2)
        #expect(swapped == .done(inserted: 1, updated: 0, removed: 1))
        #expect(
            subject.save(contact("sip:d"), replaces: true, most: 1)
                == .done(inserted: 1, updated: 0, removed: 2))
        #expect(subject.uris() == ["sip:d"])
    }

    @Test func `what has expired does not count against the limit, and comes back as new`() {
        let subject = Subject()
        subject.save(contact("sip:a", cseq: 9, expires: 150), most: 1)
        #expect(subject.save(contact("sip:b", expires: 900), most: 1, now: 160) != .full)
        #expect(subject.save(contact("sip:a", cseq: 1, expires: 900), now: 160) != .old)
    }

    @Test func `a contact that is named twice is one`() {
        let subject = Subject()
        subject.save(contact("sip:a", expires: 300), contact("sip:a", expires: 400))
        #expect(subject.contacts().map(\.expires) == [400])
    }

    @Test func `a device is its instance, whatever its URI`() {
        let subject = Subject()
        subject.save(contact("sip:a@1", callID: "1", cseq: 9, instance: "<urn:x>"))
        subject.save(contact("sip:a@2", callID: "2", cseq: 1, instance: "urn:x"))
        #expect(subject.uris() == ["sip:a@2"])
    }

    @Test func `one flow of a device that comes back leaves the other alone`() {
        let subject = Subject()
        subject.save(contact("sip:a@1", callID: "1", instance: "<urn:x>", regID: 1))
        subject.save(contact("sip:a@2", callID: "2", instance: "<urn:x>", regID: 2))
        #expect(subject.uris() == ["sip:a@2", "sip:a@1"])
        subject.save(contact("sip:a@3", callID: "3", instance: "<urn:x>", regID: 1))
        #expect(Set(subject.uris()) == ["sip:a@2", "sip:a@3"])
    }

    @Test(arguments: [
        (Matching.contact, 1), (.contactAndCallID, 3), (.contactAndPath, 2), (.callID, 2),
    ])
    func `what tells contacts apart is chosen`(mode: Matching, count: Int) {
        let subject = Subject { $0.matching = mode }
        subject.save(contact("sip:a", callID: "1", cseq: 1, path: "<sip:p1>"))
        subject.save(contact("sip:a", callID: "2", cseq: 2, path: "<sip:p1>"))
        subject.save(contact("sip:a", callID: "1", cseq: 3, path: "<sip:p2>"))
        // With the Call-ID the third is the first again: its Path is another one now.
        let expected = mode == .contactAndCallID ? 2 : count
        #expect(subject.uris().count == expected)
    }

    @Test func `a contact is found by its name and the hash of whose it is`() {
        let subject = Subject()
        subject.save(contact("sip:a"))
        var found = ul_contact()
        let place = UnsafeMutablePointer<ul_contact>.allocate(capacity: 1)
        let isThere = subject.table.find(
            hash: hashOfAoR(lasting("bob")), ruid: lasting("uloc-6b00-4b-1"), now: 100
        ) { bytes in (place, UnsafeMutablePointer<CChar>.allocate(capacity: bytes + 1)) }
        if isThere { found = place.pointee }
        #expect(string(found.uri) == "sip:a" && string(found.aor) == "bob")
        #expect(!subject.table.find(hash: 1, ruid: lasting("uloc-6b00-4b-1"), now: 100) { _ in nil })
    }

    @Test func `what has had its time is taken away, and told of`() {
        let subject = Subject()
        subject.save(contact("sip:a", expires: 150), contact("sip:b", expires: 900))
        var expired: [String] = []
        for part in 0..<subject.table.shardCount {
            subject.table.expire(shard: part, now: 160) { expired.append(string($0.uri)) }
        }
        #expect(expired == ["sip:a"])
        #expect(subject.table.contactCount == 1 && subject.table.expiredCount == 1)
    }

    @Test func `a contact is unwritten until exactly what it is now was written`() {
        let subject = Subject()
        subject.save(contact("sip:a", cseq: 1))
        let hash = hashOfAoR(lasting("bob"))
        let ruid = lasting("uloc-6b00-4b-1")
        func unwritten() -> [UInt32] {
            var versions: [UInt32] = []
            for part in 0..<subject.table.shardCount {
                subject.table.unwritten(shard: part) { versions.append($1) }
            }
            return versions
        }
        let first = unwritten()
        subject.save(contact("sip:a", cseq: 2))
        let second = unwritten()
        #expect(first.count == 1 && second.count == 1 && first != second)
        subject.table.written(hash: hash, ruid: ruid, version: first[0])
        #expect(unwritten() == second)
        subject.table.written(hash: hash, ruid: ruid, version: second[0])
        #expect(unwritten() == [])
    }

    @Test func `what a database has does not push out what is newer`() {
        let subject = Subject()
        subject.save(contact("sip:a", expires: 900))
        var row = contact("sip:a", expires: 500)
        row.aor = lasting("bob")
        row.ruid = lasting("uloc-1-1-1")
        #expect(!subject.table.restore(row))
        row.uri = lasting("sip:b")
        #expect(subject.table.restore(row))
        #expect(subject.table.restore(row))
        #expect(Set(subject.uris()) == ["sip:a", "sip:b"])
    }

    @Test func `ten thousand records are found again`() {
        let subject = Subject()
        for index in 0..<10_000 { subject.save(contact("sip:\(index)"), aor: "user\(index)") }
        #expect(subject.table.userCount == 10_000)
        for index in stride(from: 0, to: 10_000, by: 37) {
            #expect(subject.uris("user\(index)") == ["sip:\(index)"])
        }
        var seen = 0
        for part in 0..<subject.table.shardCount { subject.table.visit(shard: part) { _, _ in seen += 1 } }
        #expect(seen == 10_000)
    }

    @Test func `a visit in portions meets each contact once, though the table grows meanwhile`() {
        let subject = Subject()
        func fill(_ range: Range<Int>) {
            for index in range { subject.save(contact("sip:\(index)"), aor: "user\(index)") }
        }
        fill(0..<20_000)
        var filled = 20_000
        var seen: [String: Int] = [:]
        for part in 0..<subject.table.shardCount {
            var place = LocationTable.Place()
            var isMore = true
            while isMore {
                isMore = subject.table.visit(shard: part, from: &place) { contact, _ in
                    seen[string(contact.uri), default: 0] += 1
                }
                if filled < 60_000 {
                    fill(filled..<filled + 5000)
                    filled += 5000
                }
            }
        }
        #expect((0..<20_000).allSatisfy { seen["sip:\($0)"] == 1 })
        #expect(seen.values.allSatisfy { $0 == 1 })
    }

    @Test func `many threads write and read at once`() async {
        let subject = LocationTable("location", LocationTable.Options(), RUID(start: 1, process: 1))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for round in 0..<500 {
                        let aor = lasting("user\(round % 20)")
                        withUnsafePointer(
                            to: contact("sip:\(task)", callID: "\(task)", cseq: UInt32(round + 1))
                        ) {
                            _ = subject.update(aor, UnsafeBufferPointer(start: $0, count: 1), now: 100) { _ in
                            }
                        }
                        _ = subject.read(aor, now: 100) { _, _ in nil }
                        if round % 7 == task { _ = subject.remove(aor, ruid: mt_str()) { _ in } }
                    }
                }
            }
        }
        var contacts = 0
        for part in 0..<subject.shardCount { subject.visit(shard: part) { _, _ in contacts += 1 } }
        #expect(contacts == subject.contactCount)
    }
}

@Suite struct KeptAttributesTests {
    private func read(_ bytes: [UInt8]) -> [String] {
        var found: [String] = []
        bytes.withUnsafeBytes { raw in
            let kept = mt_str(ptr: raw.baseAddress?.assumingMemoryBound(to: CChar.self), len: raw.count)
            KeptAttributes.each(kept) { found.append("\(string($0))=\($2 ? "#" : "")\(string($1))") }
        }
        return found
    }

    @Test func `names with numbers and texts come out as they went in`() {
        var kept = KeptAttributes()
        kept.add(Array("level".utf8), .number(-7))
        kept.add(Array("empty".utf8), .text([]))
        kept.add(Array("color".utf8), .text(Array("a \"b\"".utf8)))
        #expect(read(kept.bytes) == ["level=#-7", "empty=", "color=a \"b\""])
    }

    @Test func `what cannot be kept is left out, and what is damaged ends it`() {
        var kept = KeptAttributes()
        let isKept = [
            kept.add([], .number(1)), kept.add(Array("a".utf8), .text([1, 0, 2])),
            kept.add(Array("a".utf8), .text([UInt8](repeating: 1, count: 66_000))),
        ]
        #expect(isKept == [false, false, false] && kept.bytes.isEmpty)
        kept.add(Array("a".utf8), .number(1))
        for count in 0..<kept.bytes.count { #expect(read(Array(kept.bytes.prefix(count))) == []) }
    }
}
