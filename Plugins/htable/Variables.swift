// SPDX-License-Identifier: Apache-2.0
import CMartlet
import HtableLogic
import PluginKit

/// $sht and its kin.
@Declarations func variables() -> [any Declaration] {
    Variable("sht", "The value of an item: $sht(table=>key).") { call, key in
        guard let place = Place(key.name) else { return call.answerNull() }
        let outcome = place.entry.table.get(place.bytes, now: Tables.now) { answer(call, $0) }
        if let outcome { return outcome }
        guard let initval = place.entry.table.definition.initval else { return call.answerNull() }
        return call.answer(initval)
    } set: { _, key, value in
        guard let place = Place(key.name) else { return .no }
        guard let value = ItemValue(value) else {
            place.entry.table.remove(place.bytes)
            return .yes
        }
        place.entry.table.set(place.bytes, value, now: Tables.now)
        return .yes
    }
    Variable("shtex", "How many seconds an item has left.") { call, key in
        guard let place = Place(key.name) else { return call.answerNull() }
        return call.answer(place.entry.table.seconds(place.bytes, now: Tables.now))
    } set: { _, key, value in
        guard let place = Place(key.name), let seconds = value.int else { return .no }
        place.entry.table.setSeconds(place.bytes, seconds, now: Tables.now)
        return .yes
    }
    for (name, step): (StaticString, Int) in [("shtinc", 1), ("shtdec", -1)] {
        Variable(name, "Counts an item up or down, and is what it is then.") { call, key in
            guard let place = Place(key.name) else { return call.answerNull() }
            guard let number = place.entry.table.add(place.bytes, step, now: Tables.now) else {
                return call.answerNull()
            }
            return call.answer(number)
        }
    }
    Variable("shtcn", "How many items have such a name.") { call, key in
        guard let place = Place(key.name) else { return call.answerNull() }
        let count = Matcher.with(signs: place.key) { matcher in
            place.entry.table.count(now: Tables.now) { key, _ in matcher.matches(key) }
        }
        return call.answer(count ?? 0)
    }
    Variable("shtcv", "How many items have such a value.") { call, key in
        guard let place = Place(key.name) else { return call.answerNull() }
        let count = Matcher.with(signs: place.key) { matcher in
            place.entry.table.count(now: Tables.now) { _, value in matcher.matches(value) }
        }
        return call.answer(count ?? 0)
    }
    Variable("shtitkey", "The key of an iterator's item.") { call, key in
        guard let item = Iterators.of(call.worker).item(key.name) else { return call.answerNull() }
        return answer(call, .text(UnsafeRawBufferPointer(item.key)))
    }
    Variable("shtitval", "The value of an iterator's item.") { call, key in
        guard let item = Iterators.of(call.worker).item(key.name) else { return call.answerNull() }
        return answer(call, item.value)
    }
    Variable(
        "shtrecord", "In event_route[htable:expired:...]: key or value of what expired.",
        keys: ["key", "value"]
    ) { call, key in
        guard call.hasMessage, let record = Record.of(call.message) else { return call.answerNull() }
        if key.name == "key" { return call.answer(Text(unchecked: record.key)) }
        if key.name == "value" { return call.answer(Value(unchecked: record.value)) }
        return call.answerNull()
    }
}

/// Answers with a copy: the item may be gone when the script looks at it.
func answer(_ call: borrowing Call, _ value: ItemValue) -> Outcome {
    switch value {
    case .number(let number): return call.answer(number)
    case .text(let bytes):
        if bytes.isEmpty { return call.answer("") }
        // The copy lives with the message; without one there is nowhere to put it.
        guard call.hasMessage else { return call.answerNull() }
        return call.answer(call.message.keep(mt_str(bytes)))
    }
}
