// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import Glibc
import PluginKit

/// Calls on their way to the database. What could not be written is written when the database can be used again.
enum Storage {
    nonisolated(unsafe) private static var api: UnsafePointer<mt_store_api>?
    nonisolated(unsafe) private(set) static var dialogs: OpaquePointer?
    nonisolated(unsafe) private(set) static var variables: OpaquePointer?
    /// Rows that are to go and could not yet, by worker: entry and id in one word.
    nonisolated(unsafe) private static var erasures = PerWorker<[UInt64]>()
    nonisolated(unsafe) private static var rests = PerWorker<Int>()
    nonisolated(unsafe) private static var endings = PerWorker<Endings>()
    nonisolated(unsafe) private static var hasFailed = PerWorker<Bool>()
    /// When that was, in Unix milliseconds.
    nonisolated(unsafe) private static var failures = PerWorker<Int>()

    static var writesAtOnce: Bool { dialogs != nil && databaseMode.value == 1 }
    static var writes: Bool { dialogs != nil && (databaseMode.value == 1 || databaseMode.value == 2) }

    /// [main] Before "core.ready".
    static func open() -> Outcome {
        guard databaseMode.value > 0, let url = databaseURL.value, let store = url.store else { return .yes }
        api = store
        dialogs = Rows.openDialogs(url)
        variables = Rows.openVariables(url)
        erasures = PerWorker([])
        rests = PerWorker(updatePeriod.value)
        hasFailed = PerWorker(false)
        failures = PerWorker(0)
        endings = PerWorker(Endings())
        guard dialogs != nil, variables != nil else { return .error }
        guard Sharing.isOn else { return .yes }
        let opened = Notes.open(url, store)
        return opened.isYes ? Inheriting.open(url) : opened
    }

    /// Once a second, on each worker.
    static func tick(_ call: CallPointer) {
        LateLoading.catchUp(call)
        guard writes else { return }
        let worker = Int(call.pointee.worker)
        rests[worker] -= 1
        // Who could not write may have been taken for dead: what others have taken over is not written over.
        if hasFailed[worker], Sharing.isOn, NoteReading.lastRead <= failures[worker] { return }
        if hasFailed[worker] || rests[worker] <= 0 {
            rests[worker] = updatePeriod.value
            hasFailed[worker] = false
            let rows = erasures[worker]
            erasures[worker] = []
            for row in rows { erase(call, row) }
            if Sharing.isOn { wake(worker) } else { flush(call) }
        }
    }

    /// As soon as the worker comes to it: what one message changes is written once.
    static func wake(_ worker: Int) {
        guard writesAtOnce, !tables[worker].isSaving, !hasFailed[worker] else { return }
        tables[worker].isSaving = true
        Loop.post(to: worker, flushing)
    }

    private static let flushing = Action { call in
        flush(call.raw)
        return .yes
    }

    private static let portion = 200

    private static func flush(_ call: CallPointer) {
        let table = table(call)
        table.pointee.isSaving = false
        var left = portion
        while left > 0, let number = table.pointee.unsaved.take() {
            guard let dialog = DialogPlugin.find(number) else { continue }
            dialog.pointee.marks.remove(.queued)
            guard dialog.pointee.has(.dirty), dialog.pointee.life.hasRow || dialog.pointee.isGuest else {
                continue
            }
            dialog.pointee.marks.remove(.dirty)
            write(call, dialog)
            left -= 1
        }
        if !table.pointee.unsaved.isEmpty, left == 0 {
            table.pointee.isSaving = true
            Loop.after(1, on: Int(call.pointee.worker), flushing)
        }
    }

    static func write(_ call: CallPointer, _ dialog: DialogPointer, waits: Bool = true) {
        guard let api, let dialogs else { return }
        if dialog.pointee.isGuest { return Notes.put(call, dialog, waits: waits) }
        let user = waits ? token(dialog.number.number) : nil
        let code = Rows.with(dialog) { api.pointee.put(call, dialogs, $0, waits ? written : nil, user) }
        var isGood = code > 0
        if dialog.pointee.has(.variablesDirty) || !waits {
            dialog.pointee.marks.remove(.variablesDirty)
            isGood = writeVariables(call, dialog, waits ? written : nil, user) && isGood
        }
        if !isGood, waits { failed(dialog) }
    }

    private static func writeVariables(
        _ call: CallPointer, _ dialog: DialogPointer, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
    ) -> Bool {
        guard let api, let variables else { return true }
        var isGood = true
        var one = dialog.pointee.variables
        while let here = one {
            let code = Rows.with(dialog, here) { api.pointee.put(call, variables, $0, done, user) }
            isGood = isGood && code > 0
            one = here.pointee.next
        }
        return isGood
    }

    private static let written: mt_fn = { call in
        guard let call, isToRepeat(call), let dialog = DialogPlugin.find(number(call.pointee.user))
        else { return 1 }
        failed(dialog)
        return 1
    }

    /// It could not be written. What the database takes at no time is not tried again, and holds up nobody.
    static func isToRepeat(_ call: CallPointer) -> Bool {
        call.pointee.result <= 0 && call.pointee.result != mt_result(MT_NO)
    }

    static func failed(_ dialog: DialogPointer) {
        noteFailure(Int(dialog.pointee.worker))
        if !dialog.pointee.isGuest { dialog.pointee.marks.formUnion([.variablesDirty]) }
        save(dialog)
    }

    private static func noteFailure(_ worker: Int) {
        hasFailed[worker] = true
        failures[worker] = Loop.clock
    }

    // MARK: - erasing

    static func erase(_ call: CallPointer, _ row: UInt64, waits: Bool = true) {
        guard let api, let dialogs, let variables else { return }
        let entry = Int(row >> 32)
        let id = Int(row & 0xffff_ffff)
        var isGood = true
        withUnsafeTemporaryAllocation(of: mt_match.self, capacity: 2) { matches in
            for (store, columns) in [
                (dialogs, (Column.entry.rawValue, Column.number.rawValue)),
                (variables, (VariableColumn.entry.rawValue, VariableColumn.number.rawValue)),
            ] {
                matches[0] = mt_match(column: UInt32(columns.0), op: UInt32(MT_EQ), value: mt_value(entry))
                matches[1] = mt_match(column: UInt32(columns.1), op: UInt32(MT_EQ), value: mt_value(id))
                let code = api.pointee.erase(
                    call, store, matches.baseAddress, 2, waits ? erased : nil, token(row))
                isGood = isGood && code > 0
            }
        }
        if !isGood, waits { keepErasure(Int(call.pointee.worker), row) }
    }

    private static let erased: mt_fn = { call in
        guard let call, call.pointee.result <= 0 else { return 1 }
        keepErasure(Int(call.pointee.worker), number(call.pointee.user))
        return 1
    }

    private static func keepErasure(_ worker: Int, _ row: UInt64) {
        noteFailure(worker)
        if erasures[worker].last != row { erasures[worker].append(row) }
    }

    /// It was ours, and has been over for a short time.
    static func hasEnded(_ worker: Int, _ row: UInt64) -> Bool { endings[worker].contains(row) }
    static func noteEnd(_ worker: Int, _ row: UInt64) {
        endings[worker].insert(row, read: NoteReading.lastRead)
    }

    static func erase(_ call: CallPointer, _ dialog: DialogPointer, variable: mt_str) {
        guard let api, let variables else { return }
        withUnsafeTemporaryAllocation(of: mt_match.self, capacity: 3) { matches in
            func put(_ index: Int, _ column: VariableColumn, _ value: mt_value) {
                matches[index] = mt_match(column: UInt32(column.rawValue), op: UInt32(MT_EQ), value: value)
            }
            put(0, .entry, mt_value(Int(dialog.pointee.entry)))
            put(1, .number, mt_value(Int(dialog.pointee.id)))
            put(2, .key, mt_value(variable))
            _ = api.pointee.erase(call, variables, matches.baseAddress, 3, nil, nil)
        }
    }

    /// [main] db_mode 3: everything at once, when nothing happens any more.
    static func dump() {
        guard databaseMode.value != 0, dialogs != nil else { return }
        var call = mt_call()
        call.host = Server.host
        for worker in 0..<max(Host.workers, 1) {
            call.worker = UInt32(worker)
            for row in erasures[worker] { erase(&call, row, waits: false) }
            _ = tables[worker].each(from: 1, .max - 1) { dialog in
                guard dialog.pointee.life.isCall || dialog.pointee.isGuest else { return }
                if databaseMode.value == 3 || dialog.pointee.has(.dirty) {
                    write(&call, dialog, waits: false)
                }
            }
        }
    }

    /// [main] db_mode 3: what was read is in memory now.
    static func clear() {
        guard databaseMode.value == 3, let api, let dialogs, let variables else { return }
        var call = mt_call()
        call.host = Server.host
        _ = api.pointee.erase(&call, dialogs, nil, 0, nil, nil)
        _ = api.pointee.erase(&call, variables, nil, 0, nil, nil)
    }

    static func load(_ store: OpaquePointer, _ row: @escaping mt_fn, _ user: UnsafeMutableRawPointer)
        -> Bool
    {
        guard let api else { return true }
        return api.pointee.load(Server.host, store, nil, 0, row, user) > 0
    }

    /// The dialogs with that Call-ID.
    /// - Parameter entry: of that entry only. All tables have an index for that; one that Kamailio made has none for
    ///   Call-IDs.
    static func find(
        _ call: CallPointer, callID: mt_str, entry: UInt32? = nil, _ row: @escaping mt_fn,
        _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer
    ) -> Bool {
        var matches = [match(Column.callID.rawValue, MT_EQ, mt_value(callID))]
        if let entry { matches.append(match(Column.entry.rawValue, MT_EQ, mt_value(Int(entry)))) }
        return find(call, dialogs, matches, row, done, user)
    }

    /// Those of so many entries; without an end: of all from there on.
    static func find(
        _ call: CallPointer, entries: (from: UInt32, to: UInt32?), _ row: @escaping mt_fn,
        _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer
    ) -> Bool {
        find(call, dialogs, matches(Column.entry.rawValue, entries), row, done, user)
    }

    /// The variables of one dialog, by entry and id in one word.
    static func findVariables(
        _ call: CallPointer, of key: UInt64, _ row: @escaping mt_fn, _ done: @escaping mt_fn,
        _ user: UnsafeMutableRawPointer
    ) -> Bool {
        let matches = [
            match(VariableColumn.entry.rawValue, MT_EQ, mt_value(Int(key >> 32))),
            match(VariableColumn.number.rawValue, MT_EQ, mt_value(Int(key & 0xffff_ffff))),
        ]
        return find(call, variables, matches, row, done, user)
    }

    static func findVariables(
        _ call: CallPointer, entries: (from: UInt32, to: UInt32?), _ row: @escaping mt_fn,
        _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer
    ) -> Bool {
        find(call, variables, matches(VariableColumn.entry.rawValue, entries), row, done, user)
    }

    private static func match(_ column: Int, _ comparison: Int, _ value: mt_value) -> mt_match {
        mt_match(column: UInt32(column), op: UInt32(comparison), value: value)
    }

    private static func matches(_ column: Int, _ range: (from: UInt32, to: UInt32?)) -> [mt_match] {
        let first = match(column, MT_GE, mt_value(Int(range.from)))
        return range.to.map { [first, match(column, MT_LT, mt_value(Int($0)))] } ?? [first]
    }

    private static func find(
        _ call: CallPointer, _ store: OpaquePointer?, _ matches: [mt_match], _ row: @escaping mt_fn,
        _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer
    ) -> Bool {
        guard let api, let store else { return false }
        return api.pointee.find(call, store, matches, UInt32(matches.count), row, done, user) > 0
    }
}
