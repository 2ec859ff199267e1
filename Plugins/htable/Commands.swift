// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import HtableLogic
import PluginKit

/// Looking into tables, and changing them, from outside.
@Declarations func commands() -> [any Declaration] {
    Command("dump", "All items of a table, slot by slot.", Arg("table", Text?.self)) { answer, name in
        guard let name else { return answer.fault(500, "No htable name given") }
        guard let entry = Tables.find(name) else { return answer.fault(500, "No such htable") }
        for slot in 0..<entry.table.slotCount { dump(entry.table, slot, answer) }
        return .yes
    }
    Command("get", "An item.", table(), key()) { answer, name, key in
        guard let entry = Tables.find(name) else { return answer.fault(500, "No such htable") }
        return get(entry.table, key, answer)
    }
    Command("sets", "Sets an item to text.", table(), key(), Arg("value", Text.self)) {
        answer, name, key, value in
        change(answer, name, "Ok. Key set to new value.") { table, now in
            table.set(UnsafeRawBufferPointer(key), .text(UnsafeRawBufferPointer(value)), now: now)
        }
    }
    Command("seti", "Sets an item to a number.", table(), key(), Arg("value", Int.self)) {
        answer, name, key, value in
        change(answer, name, "Ok. Key set to new value.") { table, now in
            table.set(UnsafeRawBufferPointer(key), .number(value), now: now)
        }
    }
    Command("setex", "Gives an item some seconds.", table(), key(), Arg("seconds", Int.self)) {
        answer, name, key, seconds in
        change(answer, name, "Ok") { table, now in
            table.setSeconds(UnsafeRawBufferPointer(key), seconds, now: now)
        }
    }
    Command(
        "setxs", "Sets an item to text that stays for some seconds.", table(), key(), Arg("value", Text.self),
        Arg("seconds", Int.self)
    ) { answer, name, key, value, seconds in
        change(answer, name, "Ok. Key set to new value.") { table, now in
            table.set(
                UnsafeRawBufferPointer(key), .text(UnsafeRawBufferPointer(value)), seconds: seconds, now: now)
        }
    }
    Command(
        "setxi", "Sets an item to a number that stays for some seconds.", table(), key(),
        Arg("value", Int.self),
        Arg("seconds", Int.self)
    ) { answer, name, key, value, seconds in
        change(answer, name, "Ok. Key set to new value.") { table, now in
            table.set(UnsafeRawBufferPointer(key), .number(value), seconds: seconds, now: now)
        }
    }
    Command("delete", "Removes an item.", table(), key()) { answer, name, key in
        guard let entry = Tables.find(name) else { return answer.fault(500, "No such htable") }
        guard entry.table.remove(UnsafeRawBufferPointer(key)) else {
            return answer.fault(404, "Key not found in htable.")
        }
        answer.put("Ok. Key deleted.")
        return .yes
    }
    Command("flush", "Removes all items.", table()) { answer, name in
        change(answer, name, "Ok. Htable flushed.") { table, _ in table.removeAll { _, _ in true } }
    }
    for (name, help): (StaticString, StaticString) in [
        ("reload", "Reads a table from its database: there is none."),
        ("store", "Writes a table to its database: there is none."),
    ] {
        Command(name, help, table()) { answer, name in
            Tables.find(name) == nil
                ? answer.fault(500, "No such htable") : answer.fault(500, "No htable db_url")
        }
    }
    Command("listTables", "The tables and how they are defined.") { answer in
        for entry in Tables.all.reversed() { answer.structure { list(entry.table.definition, $0) } }
        return .yes
    }
    Command("stats", "How full the tables are.") { answer in
        for entry in Tables.all.reversed() { answer.structure { stats(entry.table, $0) } }
        return .yes
    }
}

private func table() -> Arg<Text> { Arg("table", Text.self) }
private func key() -> Arg<Text> { Arg("key", Text.self) }

private func change(
    _ answer: borrowing Answer, _ name: Text, _ done: StaticString, _ body: (Table, _ now: Int) -> Void
) -> Outcome {
    guard let entry = Tables.find(name) else { return answer.fault(500, "No such htable") }
    body(entry.table, Tables.now)
    answer.put(done)
    return .yes
}

private func put(_ value: ItemValue, _ answer: borrowing Answer) {
    switch value {
    case .number(let number): answer.put("value", number)
    case .text(let text): answer.put("value", text.isEmpty ? mt_str("") : mt_str(text))
    }
}

/// Copied first: nothing calls out while the slot is locked.
private func dump(_ table: Table, _ slot: Int, _ answer: borrowing Answer) {
    var items: [(key: [UInt8], value: Expired.Content)] = []
    table.visit(slot: slot, now: Tables.now) { key, value in
        switch value {
        case .number(let number): items.append((Array(key), .number(number)))
        case .text(let text): items.append((Array(key), .text(Array(text))))
        }
        return true
    }
    guard !items.isEmpty else { return }
    answer.structure { answer in
        answer.put("entry", slot)
        answer.put("size", items.count)
        answer.list("slot") { answer in
            for item in items {
                answer.structure { answer in
                    answer.put("name", String(decoding: item.key, as: UTF8.self))
                    switch item.value {
                    case .number(let number):
                        answer.put("value", number)
                        answer.put("type", "int")
                    case .text(let text):
                        answer.put("value", String(decoding: text, as: UTF8.self))
                        answer.put("type", "str")
                    }
                }
            }
        }
    }
}

private func get(_ table: Table, _ key: Text, _ answer: borrowing Answer) -> Outcome {
    let bytes = UnsafeRawBufferPointer(key)
    let now = Tables.now
    var copy: Expired.Content?
    _ = table.get(bytes, now: now) { value in
        switch value {
        case .number(let number): copy = .number(number)
        case .text(let text): copy = .text(Array(text))
        }
    }
    guard let copy else { return answer.fault(500, "Key name doesn't exist in htable.") }
    let expires = table.expires(bytes, now: now) ?? 0
    answer.structure { answer in
        answer.structure("item") { answer in
            answer.put("name", key)
            switch copy {
            case .number(let number):
                answer.put("value", number)
                answer.put("flags", 0)
            case .text(let text):
                answer.put("value", String(decoding: text, as: UTF8.self))
                answer.put("flags", 2)
            }
            answer.put("expire", expires == 0 ? "NEVER" : date(expires))
        }
    }
    return .yes
}

private func list(_ definition: TableDefinition, _ answer: borrowing Answer) {
    answer.put("name", definition.name)
    answer.put("dbtable", definition.dbtable)
    answer.put("dbmode", definition.dbmode)
    answer.put("expire", definition.autoexpire)
    answer.put("updateexpire", definition.updateexpire ? 1 : 0)
    answer.put("size", 1 << definition.size)
    answer.put("dmqreplicate", definition.dmqreplicate)
}

private func stats(_ table: Table, _ answer: borrowing Answer) {
    var all = 0
    var least = Int.max
    var most = 0
    for slot in 0..<table.slotCount {
        var count = 0
        table.visit(slot: slot, now: Tables.now) { _, _ in
            count += 1
            return true
        }
        all += count
        least = min(least, count)
        most = max(most, count)
    }
    answer.put("name", table.definition.name)
    answer.put("slots", table.slotCount)
    answer.put("all", all)
    answer.put("min", least)
    answer.put("max", most)
}

/// Local time, as 2026-11-21 04:32:18.
private func date(_ milliseconds: Int) -> String {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { room in
        let count = strftime(room.baseAddress, room.count, "%Y-%m-%d %H:%M:%S", &parts)
        return String(Text(unchecked: mt_str(ptr: UnsafePointer(room.baseAddress), len: count)))
    }
}
