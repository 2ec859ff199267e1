// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PermissionsLogic
import PluginKit
import Synchronization

/// The addresses that are allowed: those of the table or of the file, in memory.
enum Addresses {
    static let book = Shown(AddressBook())
    nonisolated(unsafe) private static var table: StoredTable?
    private static let lastReload = Atomic<Int>(0)

    private static var isUsed: Bool { backends.value & 1 != 0 }

    /// [main], in `Start`.
    static func prepare() -> Bool {
        guard isUsed, addressFile.value == nil, let url = databaseURL.value else { return true }
        typealias Column = StoredTable.Column
        table = StoredTable.open(
            String(addressTable.value), revision: 6,
            [
                Column(name: String(groupColumn.value), isText: false, length: 0, fallback: "1"),
                Column(name: String(addressColumn.value), isText: true, length: 50, fallback: ""),
                Column(name: String(maskColumn.value), isText: false, length: 0, fallback: "32"),
                Column(name: String(portColumn.value), isText: false, length: 0, fallback: "0"),
                Column(name: String(tagColumn.value), isText: true, length: 64, fallback: nil),
            ], url)
        return table != nil
    }

    /// [main], at "core.ready".
    static func load() -> Bool {
        if let file = addressFile.value, isUsed { return read(String(file)) }
        guard let table else { return true }
        return Reading.load(table) { show($0) }
    }

    private static func read(_ path: String) -> Bool {
        guard let text = TextFile.read(path) else {
            _ = Host.fail("the file \(path) cannot be read", help: "see address_file")
            return false
        }
        let (entries, wrong) = AddressFile.read(text)
        for line in wrong {
            Host.log(.error, "\(path):\(line): not an address: group,address[/mask],port,tag")
        }
        show(entries)
        return true
    }

    private static func show(_ rows: [Row]) {
        show(
            rows.compactMap { row in
                guard let address = row.text(2), !address.isEmpty else { return nil }
                var entry = AddressBook.Entry(group: row.number(1) ?? 1, address)
                // 32 is what stands there when nobody thought of IPv6: then it is one address.
                let mask = row.number(3) ?? 32
                entry.mask = address.contains(":") && mask == 32 ? nil : mask
                entry.port = row.number(4) ?? 0
                entry.tag = row.text(5)
                return entry
            })
    }

    private static func show(_ entries: [AddressBook.Entry]) {
        var fresh = AddressBook()
        for entry in entries where !fresh.add(entry) {
            Host.log(
                .error,
                "address \(entry.address) of group \(entry.group) is left out: group or port cannot be")
        }
        Host.log(.info, "\(fresh.entries.count) addresses")
        book.replace(fresh)
    }

    /// permissions.addressReload
    static func reload(_ answer: borrowing Answer) -> Outcome {
        guard isUsed, table != nil || addressFile.value != nil else {
            return answer.fault(500, "there is no address table: neither db_url nor address_file is set")
        }
        guard Reloading.isDue(lastReload) else { return answer.fault(500, "ongoing reload") }
        if let file = addressFile.value {
            return read(String(file)) ? .yes : answer.fault(500, "address table reload failed")
        }
        guard let table else { return .error }
        return Reloading.run(answer, table) { show($0) }
    }
}

/// Reading a table again while the server runs.
enum Reloading {
    /// Not more often than every `reload_delta` seconds.
    static func isDue(_ last: borrowing Atomic<Int>) -> Bool {
        let now = Loop.clock / 1000
        let before = last.load(ordering: .relaxed)
        guard now - before >= reloadDelta.value else { return false }
        return last.compareExchange(expected: before, desired: now, ordering: .relaxed).exchanged
    }

    private final class Result: Sendable { let isGood = Atomic<Bool>(false) }

    static func run(
        _ answer: borrowing Answer, _ table: StoredTable, _ show: @escaping @Sendable ([Row]) -> Void
    ) -> Outcome {
        let call = answer.call
        let raw = call.raw
        let result = Result()
        let then = Action { call in
            result.isGood.load(ordering: .relaxed)
                ? .yes : Answer(call).fault(500, "the database does not answer")
        }
        return call.wait(upTo: .seconds(10), then: then) { ticket in
            let isAsked = Reading.find(raw, table) { isGood, rows in
                if isGood { show(rows) }
                result.isGood.store(isGood, ordering: .relaxed)
                ticket.resume(.yes)
            }
            if !isAsked { ticket.resume(.no) }
        }
    }
}
