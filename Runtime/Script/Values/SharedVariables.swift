// SPDX-License-Identifier: Apache-2.0
import Message
import Synchronization

/// `$shv`: shared by all workers, each access under one lock held for a copy of a few bytes.
public enum SharedVariables {
    private struct Cell {
        var name: String
        var value = ScriptValue(0)
        var buffer: UnsafeMutablePointer<UInt8>?
        var room = 0
    }

    private struct Cells: @unchecked Sendable {
        var all: [Cell] = []
        var slots: [String: Int] = [:]
    }

    private static let cells = Mutex(Cells())

    /// [main]
    static func slot(named name: String) -> Int {
        cells.withLock { cells in
            if let slot = cells.slots[name] { return slot }
            cells.all.append(Cell(name: name))
            cells.slots[name] = cells.all.count - 1
            return cells.all.count - 1
        }
    }

    static func get(_ slot: Int, _ message: Message) -> ScriptValue {
        cells.withLock { cells in
            let value = cells.all[slot].value
            return value.kind == .text ? ScriptValue(message.keepBytes(value.text)) : value
        }
    }

    static func set(_ slot: Int, _ value: ScriptValue) {
        cells.withLock { cells in
            guard value.hasText, !value.isNumberFirst else {
                cells.all[slot].value = ScriptValue(value.isNull ? 0 : value.number)
                return
            }
            let text = value.text
            if cells.all[slot].room < text.count || cells.all[slot].buffer == nil {
                cells.all[slot].buffer?.deallocate()
                cells.all[slot].room = max(64, text.count * 2)
                cells.all[slot].buffer = .allocate(capacity: cells.all[slot].room)
            }
            if let base = text.base { cells.all[slot].buffer?.update(from: base, count: text.count) }
            cells.all[slot].value =
                ScriptValue(Slice(base: UnsafePointer(cells.all[slot].buffer), count: text.count))
        }
    }

    // MARK: by name, for commands and modparams

    /// Every variable with a copy of its value: text, or a number when text is nil.
    public static func all() -> [(name: String, text: [UInt8]?, number: Int64)] {
        cells.withLock { cells in
            cells.all.map { cell in
                cell.value.kind == .text
                    ? (cell.name, [UInt8](cell.value.text.bytes), 0) : (cell.name, nil, cell.value.number)
            }
        }
    }

    /// False when no configuration line names it, unless it is to be made.
    @discardableResult
    public static func set(_ name: String, _ value: ScriptValue, making: Bool = false) -> Bool {
        let known = cells.withLock { $0.slots[name] }
        guard let slot = known ?? (making ? slot(named: name) : nil) else { return false }
        set(slot, value)
        return true
    }
}

extension WorkerValues {
    /// `modparam("pv", "varset", ...)`: what `$var(name)` is on every worker at first. [main]
    public static func start(variable name: String, text: [UInt8]?, number: Int64) {
        ScriptVariables.start(name, text: text, number: number)
    }
}
