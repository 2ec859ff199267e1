// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SQLLogic

/// Something that a plugin has asked for, on its way to the database and back.
public struct Job: @unchecked Sendable {
    public enum Work {
        case put
        case claim([Statement.Condition])
        case find([Statement.Condition], row: mt_fn?)
        case erase([Statement.Condition])
        case count([Statement.Condition], distinct: Int?)
    }

    public let table: OpenTable
    public let work: Work
    /// The row, and behind it or instead of it what the conditions compare with.
    public let values: PackedValues
    let host: UnsafePointer<mt_host>?
    let worker: UInt32
    let done: mt_fn?
    let user: UnsafeMutableRawPointer?

    // The answer.
    var result = mt_result(MT_ERROR)
    public var rows: [PackedValues] = []
    public var number = 0

    var writes: Bool {
        switch work {
        case .put, .claim, .erase: true
        case .find, .count: false
        }
    }

    /// It is done, and a row is other than it was; of what was erased that is assumed.
    var hasWritten: Bool {
        guard result > 0 else { return false }
        if case .claim = work { return number > 0 }
        return writes
    }

    /// What the database takes never: nobody is to ask for it again.
    mutating func refuse() {
        fail(alsoReading: true)
        result = mt_result(MT_NO)
    }

    /// A row that is to be there afterwards.
    var puts: Bool {
        switch work {
        case .put, .claim: true
        case .find, .erase, .count: false
        }
    }

    /// What tells the row from others: the hash of its key, or of all of it when there is none.
    var identity: Int {
        var hasher = Hasher()
        let columns = table.layout.columns
        let isKeyed = columns.contains(where: \.isKey)
        for (at, column) in columns.enumerated() where column.isKey || !isKeyed {
            let value = values.values[at]
            hasher.combine(value.num)
            hasher.combine(bytes: UnsafeRawBufferPointer(start: value.str.ptr, count: value.str.len))
        }
        return hasher.finalize()
    }

    /// It did not work after all.
    mutating func fail(alsoReading: Bool) {
        guard alsoReading || writes else { return }
        result = mt_result(MT_ERROR)
        for row in rows { row.free() }
        rows = []
        number = 0
    }

    /// How many rows have been lent.
    var lent = 0

    /// On the worker that asked: the rows, and the end. False: the time is over, and there are more.
    ///
    /// - Parameter end: only what has many rows looks at the clock.
    mutating func answer(until end: UInt64) -> Bool {
        var call = mt_call()
        call.host = host
        call.user = user
        call.worker = worker
        if case .find(_, let row?) = work {
            while lent < rows.count {
                let values = rows[lent]
                call.args = UnsafePointer(values.values)
                call.argc = UInt32(values.count)
                _ = row(&call)
                values.free()
                lent += 1
                if lent & 15 == 0, lent < rows.count, Loop.ticks >= end { return false }
            }
        } else {
            for row in rows { row.free() }
        }
        rows = []
        guard let done else { return true }
        var value = mt_value(number)
        call.result = result
        let argc: UInt32 =
            switch work {
            case .count, .claim: 1
            case .put, .find, .erase: 0
            }
        call.argc = argc
        withUnsafePointer(to: &value) {
            call.args = argc == 1 ? $0 : nil
            _ = done(&call)
        }
        return true
    }
}
