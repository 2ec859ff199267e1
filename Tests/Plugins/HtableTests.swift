// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import HtableLogic

private enum Content: Equatable {
    case number(Int)
    case text(String)

    init(_ value: ItemValue) {
        switch value {
        case .number(let number): self = .number(number)
        case .text(let text): self = .text(String(decoding: text, as: UTF8.self))
        }
    }
}

/// A table as tests want to talk to it.
private struct Bench {
    let table: Table

    init(_ definition: String) throws { table = Table(try TableDefinition.parse(definition)) }

    private func key<Result>(_ key: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Array(key.utf8).withUnsafeBytes(body)
    }
    func get(_ name: String, at now: Int = 0) -> Content? {
        key(name) { table.get($0, now: now) { Content($0) } }
    }
    func set(_ name: String, _ text: String, at now: Int = 0) {
        key(name) { name in Array(text.utf8).withUnsafeBytes { table.set(name, .text($0), now: now) } }
    }
    func set(_ name: String, _ number: Int, at now: Int = 0) {
        key(name) { table.set($0, .number(number), now: now) }
    }
    func add(_ name: String, _ count: Int, at now: Int = 0) -> Int? {
        key(name) { table.add($0, count, now: now) }
    }
    func remove(_ name: String) -> Bool { key(name) { table.remove($0) } }
    func seconds(_ name: String, at now: Int) -> Int { key(name) { table.seconds($0, now: now) } }
    func setSeconds(_ name: String, _ seconds: Int, at now: Int) -> Bool {
        key(name) { table.setSeconds($0, seconds, now: now) }
    }
    func sweep(at now: Int) -> [String] {
        var gone: [String] = []
        table.sweep(now: now) { key, _ in gone.append(String(decoding: key, as: UTF8.self)) }
        return gone
    }
    func next(_ position: inout Table.Position, at now: Int = 0) -> String? {
        var found: String?
        return table.step(&position, now: now) { key, _ in found = String(decoding: key, as: UTF8.self) }
            ? found : nil
    }
}

@Suite struct TableDefinitionTests {
    @Test func `a definition says how the table is`() throws {
        let table = try TableDefinition.parse(
            "a=>size=4;autoexpire=7200;initval=-1;updateexpire=0;dbtable=x;dmqreplicate=1;")
        #expect(table.name == "a" && table.size == 4 && table.autoexpire == 7200 && table.initval == -1)
        #expect(!table.updateexpire && table.dbtable == "x" && table.dmqreplicate == 1)
    }

    @Test func `what is not said has a default`() throws {
        #expect(try TableDefinition.parse("a=>") == TableDefinition(name: "a"))
        #expect(try TableDefinition.parse("a") == TableDefinition(name: "a"))
    }

    @Test(arguments: [(1, 3), (-5, 3), (2, 2), (31, 20)])
    func `a size that makes no sense becomes one that does`(written: Int, size: Int) throws {
        #expect(try TableDefinition.parse("a=>size=\(written)").size == size)
    }

    @Test func `a value in quotes may have semicolons in it`() throws {
        #expect(try TableDefinition.parse("a=>cols='x;y';size=5").size == 5)
    }

    @Test(arguments: [
        ("=>size=4", "\"=>size=4\" defines no table"), ("a=b", "\"a=b\" defines no table"),
        ("a=>size=big", "size has to be a number, not \"big\""),
        ("a=>colour=red", "a table has no \"colour\""),
    ])
    func `what is malformed is said`(text: String, what: String) {
        do {
            _ = try TableDefinition.parse(text)
            Issue.record("not refused")
        } catch { #expect(error.what == what) }
    }
}

@Suite struct TableTests {
    @Test func `an item is what was last written`() throws {
        let table = try Bench("a=>size=2")
        #expect(table.get("k") == nil)
        table.set("k", "text")
        #expect(table.get("k") == .text("text"))
        table.set("k", 7)
        #expect(table.get("k") == .number(7))
        table.set("k", "")
        #expect(table.get("k") == .text(""))
        #expect(table.remove("k"))
        #expect(!table.remove("k"))
        #expect(table.get("k") == nil)
    }

    @Test func `many items in few slots stay apart`() throws {
        let table = try Bench("a=>size=2")
        for number in 0..<500 { table.set("key\(number)", number) }
        for number in 0..<500 { #expect(table.get("key\(number)") == .number(number)) }
        #expect(table.table.count(now: 0) { _, _ in true } == 500)
        #expect(table.table.count(enough: 3, now: 0) { _, _ in true } == 3)
        #expect(table.table.removeAll { key, _ in key.last == UInt8(ascii: "7") } == 50)
        #expect(table.get("key7") == nil)
    }

    @Test func `counting starts from the initial value, and text cannot be counted`() throws {
        let table = try Bench("a=>initval=1")
        #expect(table.add("k", 1) == 2)
        #expect(table.add("k", -1) == 1)
        table.set("k", "text")
        #expect(table.add("k", 1) == nil)
        #expect(try Bench("b=>").add("k", 1) == nil)
    }

    @Test func `an item goes when its time is over, and says how long it has`() throws {
        let table = try Bench("a=>autoexpire=10")
        table.set("k", 1, at: 1000)
        #expect(table.seconds("k", at: 1000) == 10)
        #expect(table.seconds("k", at: 1500) == 10)
        #expect(table.get("k", at: 10_999) == .number(1))
        #expect(table.get("k", at: 11_000) == nil)
        #expect(table.seconds("k", at: 11_000) == 0)
        #expect(table.sweep(at: 10_999) == [])
        #expect(table.sweep(at: 11_000) == ["k"])
        #expect(table.sweep(at: 11_000) == [])
    }

    @Test func `writing gives the whole time again, unless the table says no`() throws {
        let table = try Bench("a=>autoexpire=10")
        table.set("k", 1, at: 0)
        table.set("k", 2, at: 9000)
        #expect(table.seconds("k", at: 9000) == 10)

        let strict = try Bench("a=>autoexpire=10;updateexpire=0")
        strict.set("k", 1, at: 0)
        strict.set("k", 2, at: 9000)
        #expect(strict.seconds("k", at: 9000) == 1)
    }

    @Test func `an item can have a time of its own`() throws {
        let table = try Bench("a=>")
        table.set("k", 1, at: 0)
        #expect(table.seconds("k", at: 5000) == 0)
        #expect(table.setSeconds("k", 3, at: 5000))
        #expect(table.seconds("k", at: 5000) == 3)
        #expect(table.get("k", at: 8000) == nil)
        #expect(!table.setSeconds("none", 3, at: 0))
    }

    @Test func `an item that is over starts anew`() throws {
        let table = try Bench("a=>autoexpire=10;initval=0")
        table.set("k", 5, at: 0)
        #expect(table.add("k", 1, at: 20_000) == 1)
        #expect(table.seconds("k", at: 20_000) == 10)
    }

    @Test func `a walk meets each item once, whatever goes meanwhile`() throws {
        let table = try Bench("a=>size=3")
        for number in 0..<100 { table.set("key\(number)", number) }
        var position = Table.Position()
        var met: Set<String> = []
        while let name = table.next(&position) {
            #expect(met.insert(name).inserted)
            #expect(table.remove(name))
            table.set("new\(met.count)", 0)
            if met.count > 1000 { break }
        }
        for number in 0..<100 { #expect(met.contains("key\(number)")) }
    }

    @Test func `threads that count together lose nothing`() async throws {
        let table = Table(try TableDefinition.parse("a=>size=4;initval=0"))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for number in 0..<2000 {
                        withUnsafeBytes(of: UInt8(number % 8)) { _ = table.add($0, 1, now: 0) }
                    }
                }
            }
        }
        for number in 0..<8 {
            withUnsafeBytes(of: UInt8(number)) {
                #expect(table.get($0, now: 0) { Content($0) } == .number(1000))
            }
        }
    }
}
