// SPDX-License-Identifier: Apache-2.0
import CMartlet
import HtableLogic
import PluginKit

/// Changing and searching tables from the script.
@Declarations func functions() -> [any Declaration] {
    Function("sht_print", in: .any, "Writes all tables to the log.") { _ in
        for entry in Tables.all { show(entry) }
        return .yes
    }
    Function("sht_rm", in: .any, "Removes an item.", table(), Arg("key", Text.self)) { _, table, key in
        guard let entry = Tables.named(table) else { return .no }
        entry.table.remove(UnsafeRawBufferPointer(key))
        return .yes
    }
    Function("sht_reset", in: .any, "Removes all items.", table()) { _, table in
        guard let entry = Tables.named(table) else { return .no }
        entry.table.removeAll { _, _ in true }
        return .yes
    }
    Function("sht_rm_name_re", in: .any, "Removes the items whose name matches.", pair("table=>regex")) {
        _, text in
        guard let place = Place(text) else { return .no }
        return Matcher.withRegex(place.key) { matcher in
            place.entry.table.removeAll { key, _ in matcher.matches(key) }
            return .yes
        } ?? .error
    }
    Function("sht_rm_value_re", in: .any, "Removes the items whose value matches.", pair("table=>regex")) {
        _, text in
        guard let place = Place(text) else { return .no }
        return Matcher.withRegex(place.key) { matcher in
            place.entry.table.removeAll { _, value in matcher.matches(value) }
            return .yes
        } ?? .error
    }
    Function(
        "sht_rm_name", in: .any, "Removes the items with such a name.", table(), operation(),
        Arg("name", Text.self)
    ) { _, table, word, name in
        guard let entry = Tables.named(table) else { return .no }
        return Matcher.with(word, name) { matcher in
            entry.table.removeAll { key, _ in matcher.matches(key) }
            return .yes
        } ?? .error
    }
    Function(
        "sht_rm_value", in: .any, "Removes the items with such a value.", table(), operation(),
        Arg("value", Text.self)
    ) { _, table, word, value in
        guard let entry = Tables.named(table) else { return .no }
        return Matcher.with(word, value) { matcher in
            entry.table.removeAll { _, value in matcher.matches(value) }
            return .yes
        } ?? .error
    }
    for name: StaticString in ["sht_match_name", "sht_has_name"] {
        Function(
            name, in: .any, "Is there an item with such a name?", table(), operation(),
            Arg("name", Text.self)
        ) { _, table, word, name in
            guard let entry = Tables.named(table) else { return .no }
            return Matcher.with(word, name) { matcher in
                Outcome(entry.table.count(enough: 1, now: Tables.now) { key, _ in matcher.matches(key) } > 0)
            } ?? .error
        }
    }
    for name: StaticString in ["sht_match_str_value", "sht_has_str_value"] {
        Function(
            name, in: .any, "Is there an item with such a text?", table(), operation(),
            Arg("value", Text.self)
        ) { _, table, word, value in
            guard let entry = Tables.named(table) else { return .no }
            return Matcher.with(word, value) { matcher in
                Outcome(
                    entry.table.count(enough: 1, now: Tables.now) { _, value in matcher.matches(value) } > 0)
            } ?? .error
        }
    }
    Function(
        "sht_setxs", in: .any, "Sets an item to text that stays for some seconds.", table(),
        Arg("key", Text.self), Arg("value", Text.self), Arg("seconds", Int.self)
    ) { _, table, key, value, seconds in
        guard let entry = Tables.named(table) else { return .no }
        let text = ItemValue.text(UnsafeRawBufferPointer(value))
        entry.table.set(UnsafeRawBufferPointer(key), text, seconds: seconds, now: Tables.now)
        return .yes
    }
    Function(
        "sht_setxi", in: .any, "Sets an item to a number that stays for some seconds.", table(),
        Arg("key", Text.self), Arg("value", Int.self), Arg("seconds", Int.self)
    ) { _, table, key, value, seconds in
        guard let entry = Tables.named(table) else { return .no }
        entry.table.set(UnsafeRawBufferPointer(key), .number(value), seconds: seconds, now: Tables.now)
        return .yes
    }
    Function(
        "sht_lock", in: .any, "Waits until no other script has this item's lock, and takes it.",
        pair("table=>key")
    ) { _, text in
        guard let place = Place(text) else { return .no }
        if place.entry.locks.lock(place.entry.table.slot(of: place.bytes)) { return .yes }
        Host.log(.error, "sht_lock: nobody gave back the lock of \(String(text)) within a second")
        return .timeout
    }
    Function("sht_unlock", in: .any, "Gives an item's lock back.", pair("table=>key")) { _, text in
        guard let place = Place(text) else { return .no }
        return Outcome(place.entry.locks.unlock(place.entry.table.slot(of: place.bytes)))
    }
    iteratorFunctions()
}

@Declarations private func iteratorFunctions() -> [any Declaration] {
    Function("sht_iterator_start", in: .any, "Starts a walk over a table.", iterator(), table()) {
        call, name, table in
        guard let entry = Tables.named(table) else { return .no }
        if Iterators.of(call.worker).start(name, entry.table) { return .yes }
        Host.log(.error, "sht_iterator_start: \(Iterators.most) iterators are open; see sht_iterator_end")
        return .error
    }
    Function("sht_iterator_end", in: .any, "Ends a walk.", iterator()) { call, name in
        Outcome(Iterators.of(call.worker).end(name))
    }
    Function("sht_iterator_next", in: .any, "Moves to the next item, if there is one.", iterator()) {
        call, name in
        Outcome(Iterators.of(call.worker).next(name))
    }
    Function(
        "sht_iterator_rm", in: .any, "Removes the item and moves to the next: -2 at the end.",
        iterator()
    ) { call, name in
        let iterators = Iterators.of(call.worker)
        guard let item = iterators.item(name), let table = iterators.table(name) else { return .no }
        table.remove(UnsafeRawBufferPointer(item.key))
        return iterators.next(name) ? .yes : Outcome(-2)
    }
    Function(
        "sht_iterator_sets", in: .any, "Gives the item a text.", iterator(),
        Arg("value", Text.self)
    ) { call, name, value in
        let iterators = Iterators.of(call.worker)
        guard let item = iterators.item(name), let table = iterators.table(name) else { return .no }
        table.set(UnsafeRawBufferPointer(item.key), .text(UnsafeRawBufferPointer(value)), now: Tables.now)
        return .yes
    }
    Function(
        "sht_iterator_seti", in: .any, "Gives the item a number.", iterator(),
        Arg("value", Int.self)
    ) { call, name, value in
        let iterators = Iterators.of(call.worker)
        guard let item = iterators.item(name), let table = iterators.table(name) else { return .no }
        table.set(UnsafeRawBufferPointer(item.key), .number(value), now: Tables.now)
        return .yes
    }
    Function(
        "sht_iterator_setex", in: .any, "Gives the item some seconds.", iterator(),
        Arg("seconds", Int.self)
    ) { call, name, seconds in
        let iterators = Iterators.of(call.worker)
        guard let item = iterators.item(name), let table = iterators.table(name) else { return .no }
        return Outcome(table.setSeconds(UnsafeRawBufferPointer(item.key), seconds, now: Tables.now))
    }
}

private func table() -> Arg<Text> { Arg("table", Text.self, "A table's name.") }
private func iterator() -> Arg<Text> { Arg("iterator", Text.self, "A name for the walk.") }
private func pair(_ help: StaticString) -> Arg<Text> { Arg("item", Text.self, help) }
private func operation() -> Arg<Text> { Arg("operator", Text.self, "eq, ne, re or sw.") }

private func show(_ entry: Tables.Entry) {
    Host.log(.error, text: Line("table \(entry.name)"))
    for slot in 0..<entry.table.slotCount {
        entry.table.visit(slot: slot, now: Tables.now) { key, value in
            switch value {
            case .number(let number): Host.log(.error, text: Line("  \(slot): \(mt_str(key)) = \(number)"))
            case .text(let text):
                Host.log(.error, text: Line("  \(slot): \(mt_str(key)) = \"\(mt_str(text))\""))
            }
            return true
        }
    }
}
