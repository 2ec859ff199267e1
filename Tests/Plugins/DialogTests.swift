// SPDX-License-Identifier: Apache-2.0
import DialogLogic
import PluginKit
import Testing

/// What dialog works out besides the life of a dialog.
@Suite struct DialogTests {
    private func written(_ cookie: Cookie) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { bytes in
            String(decoding: bytes.prefix(cookie.write(into: bytes.baseAddress!)), as: UTF8.self)
        }
    }

    private func with<Result>(_ text: String, _ body: (Text) -> Result) -> Result {
        text.withRaw { body(Text(unchecked: $0)) }
    }

    @Test func `the cookie has its digits in reverse (manual, 6.3)`() {
        #expect(written(Cookie(entry: 0xe99, id: 0x2a74)) == "99e.47a2")
        #expect(written(Cookie(entry: 0, id: 1)) == "0.1")
        #expect(written(Cookie(entry: .max, id: .max)) == "ffffffff.ffffffff")
        #expect(with("99e.47a2") { Cookie($0) } == Cookie(entry: 3737, id: 10868))
        #expect(with("99E.47A2") { Cookie($0) } == Cookie(entry: 3737, id: 10868))
    }

    @Test(arguments: ["", ".", "1", "1.", ".1", "x.1", "1.123456789", "1.1.1", "1. 1"])
    func `what is no cookie is none`(_ text: String) {
        #expect(with(text) { Cookie($0) } == nil)
    }

    @Test func `Call-IDs fall into the entries that other servers put them into`() {
        // Seen on Kamailio 5.6.3: h_entry of calls with these Call-IDs.
        for (callID, entry) in [
            ("hash-test-1", UInt32(3850)), ("a84b4c76e66710@pc33.example.com", 2556), ("x", 119), ("abcd", 1048),
            ("3848276298220188511@atlanta.example.com", 1053),
        ] {
            #expect(with(callID) { CallHash.entry($0, size: 4096) } == entry)
        }
    }

    @Test func `numbers are never 0 and differ between workers`() {
        var seen: Set<UInt32> = []
        for worker in 0..<4 as Range<UInt32> {
            var source = NumberSource(
                start: 0, step: 1, worker: worker, workers: 4, random: UInt32.max - 100)
            for _ in 0..<200 {
                let id = source.next()
                #expect(id != 0)
                #expect(seen.insert(id).inserted)
            }
        }
        var source = NumberSource(start: 5, step: 10, worker: 0, workers: 1, random: 1)
        let first = [source.next(), source.next(), source.next()]
        #expect(first == [5, 15, 25])
        source.skip(105)
        let behind = source.next()
        #expect(behind > 105)
    }

    @Test func `create_dialog takes letters and words`() {
        #expect(with("B") { Properties.creation($0).0 } == .byeOnTimeout)
        #expect(with("BPp") { Properties.creation($0).0 } == [.byeOnTimeout, .pingCaller, .pingCallee])
        #expect(
            with("bye-on-timeout, options-ping-callee") { Properties.creation($0).0 }
                == [.byeOnTimeout, .pingCallee])
        #expect(with("Bx") { Properties.creation($0).unknown } == "Bx")
        #expect(with("") { Properties.creation($0).0 } == [])
        #expect(with("ka-src;ka-dst") { Properties.named($0).0 } == [.pingCaller, .pingCallee])
        #expect(with("ka-src; nonsense") { Properties.named($0).unknown } == "nonsense")
    }

    @Test func `profiles are named, counted and limited`() throws {
        var book = ProfileBook()
        try book.define("caller; trunk/b", hasValue: true)
        try book.define("all", hasValue: false)
        #expect(throws: ProfileBook.Fault.self) { try book.define("all", hasValue: true) }
        #expect(throws: ProfileBook.Fault.self) { try book.define("a-b", hasValue: true) }
        let caller = try #require(book.index(of: "caller"))
        #expect(book.index(of: "trunk") != nil)
        do {
            let result = book.join(caller, "alice", most: 2)
            #expect(result == true)
        }
        do {
            let result = book.join(caller, "alice", most: 2)
            #expect(result == true)
        }
        do {
            let result = book.join(caller, "alice", most: 2)
            #expect(result == false)
        }
        do {
            let result = book.join(caller, "bob", most: 2)
            #expect(result == true)
        }
        do {
            let result = book.size(caller, "alice")
            #expect(result == 2)
        }
        do {
            let result = book.size(caller, nil)
            #expect(result == 3)
        }
        book.leave(caller, "alice")
        do {
            let result = book.join(caller, "alice", most: 2)
            #expect(result == true)
        }
        book.addRemote(caller, "alice", id: "x", expires: 100)
        book.addRemote(caller, "alice", id: "x", expires: 100)
        #expect(book.values(caller, now: 50).first?.count == 3)
        #expect(book.values(caller, now: 100).first?.count == 2)
        do {
            let result = book.size(caller, "alice", now: 50)
            #expect(result == 3)
        }
        do {
            let result = book.size(caller, "alice", now: 100)
            #expect(result == 2)
        }
    }

    @Test func `what has no column comes back as it was`() {
        var data = SavedData()
        data.numbers = ["lifetime": 600, "@sst": -5]
        data.texts = ["owner": "sst", "odd": "a\"b\\c\u{1}"]
        data.profiles = [SavedData.Membership("caller", "al\"ice"), SavedData.Membership("all", "")]
        #expect(SavedData(data.text) == data)
        #expect(SavedData(SavedData().text) == SavedData())
    }

    @Test(arguments: [
        "", "{", "{}", "nonsense", "{\"a\":}", "{\"a\":[[1]]}", "{\"profiles\":[[\"a\"", "[]",
        "{\"a\":\"\\u00",
    ])
    func `damaged data is passed over`(_ text: String) {
        #expect(SavedData(text).profiles.isEmpty)
    }
}
