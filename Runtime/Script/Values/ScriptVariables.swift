// SPDX-License-Identifier: Apache-2.0
import Message
import Synchronization

/// `$var`, `$vz` and `$vn`: one worker's, from message to message.
///
/// Names become slots when the configuration is read. A text lives in a buffer of its slot that grows and
/// stays; reading copies it to the arena, so what was read does not change under the reader's hands.
struct ScriptVariables {
    private struct Cell {
        var value = ScriptValue(0)
        var isSet = false
        var buffer: UnsafeMutablePointer<UInt8>?
        var room = 0
    }

    private struct Names {
        var slots: [String: Int] = [:]
        var initial: [(slot: Int, text: [UInt8]?, number: Int64)] = []
    }

    private static let names = Mutex(Names())

    private var cells: UnsafeMutablePointer<Cell>?
    private var count = 0

    /// `$vn` has a namespace of its own.
    static func slot(named name: String, nullable: Bool) -> Int {
        names.withLock { names in
            let key = nullable ? "?" + name : name
            if let slot = names.slots[key] { return slot }
            let slot = names.slots.count
            names.slots[key] = slot
            return slot
        }
    }

    /// `modparam("pv", "varset", "name=i:1")`.
    static func start(_ name: String, text: [UInt8]?, number: Int64) {
        let slot = slot(named: name, nullable: false)
        names.withLock { $0.initial.append((slot, text, number)) }
    }

    private mutating func cell(_ slot: Int) -> UnsafeMutablePointer<Cell> {
        if slot < count, let cells { return cells + slot }
        return grow(slot)
    }

    private mutating func grow(_ slot: Int) -> UnsafeMutablePointer<Cell> {
        let names = Self.names.withLock { $0 }
        let larger = max(names.slots.count, slot + 1)
        let new = UnsafeMutablePointer<Cell>.allocate(capacity: larger)
        if let cells { new.moveInitialize(from: cells, count: count) }
        (new + count).initialize(repeating: Cell(), count: larger - count)
        cells?.deallocate()
        let before = count
        cells = new
        count = larger
        for (slot, text, number) in names.initial where slot >= before && slot < larger {
            if let text {
                text.withUnsafeBytes { set(slot, ScriptValue(Slice($0))) }
            } else {
                set(slot, ScriptValue(number))
            }
        }
        return new + slot
    }

    mutating func get(_ slot: Int, _ message: Message) -> ScriptValue {
        let value = cell(slot).pointee.value
        guard value.kind == .text else { return value }
        return ScriptValue(message.keepBytes(value.text))
    }

    /// Undefined: whoever asks `$vn` gets null, `$var` gets 0.
    mutating func isSet(_ slot: Int) -> Bool { cell(slot).pointee.isSet }

    mutating func set(_ slot: Int, _ value: ScriptValue) {
        let cell = cell(slot)
        cell.pointee.isSet = !value.isNull
        guard value.hasText, !value.isNumberFirst else {
            cell.pointee.value = ScriptValue(value.isNull ? 0 : value.number)
            return
        }
        let text = value.text
        if cell.pointee.room < text.count || cell.pointee.buffer == nil {
            let room = max(64, text.count * 2)
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
            if let base = text.base { larger.update(from: base, count: text.count) }
            cell.pointee.buffer?.deallocate()
            cell.pointee.buffer = larger
            cell.pointee.room = room
        } else if let base = text.base {
            cell.pointee.buffer?.update(from: base, count: text.count)
        }
        cell.pointee.value = ScriptValue(Slice(base: UnsafePointer(cell.pointee.buffer), count: text.count))
    }

    mutating func close() {
        for slot in 0..<count { cells?[slot].buffer?.deallocate() }
        cells?.deallocate()
        self = ScriptVariables()
    }

    // MARK: kept aside while a script waits

    private struct Saved {
        var value: ScriptValue
        var isSet: Bool
    }

    mutating func save(_ message: Message) -> UnsafeMutableRawPointer? {
        guard count > 0, let cells else { return nil }
        let raw = message.alloc(16 + count * MemoryLayout<Saved>.stride)
        raw.storeBytes(of: count, as: Int.self)
        let saved = (raw + 16).bindMemory(to: Saved.self, capacity: count)
        for slot in 0..<count {
            let cell = cells[slot]
            let value =
                cell.value.kind == .text ? ScriptValue(message.keepBytes(cell.value.text)) : cell.value
            (saved + slot).initialize(to: Saved(value: value, isSet: cell.isSet))
        }
        return raw
    }

    mutating func restore(_ raw: UnsafeMutableRawPointer?) {
        guard let raw else { return }
        let count = raw.load(as: Int.self)
        let saved = (raw + 16).assumingMemoryBound(to: Saved.self)
        for slot in 0..<count { set(slot, saved[slot].isSet ? saved[slot].value : .null) }
    }
}
