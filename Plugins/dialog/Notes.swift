// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// The table "dialog_shared": what servers tell each other of dialogs. Most of the time it is empty.
enum Notes {
    enum Column: Int, CaseIterable {
        case entry, number, writer, server, kind, stamp, callID, data
    }

    nonisolated(unsafe) private static var api: UnsafePointer<mt_store_api>?
    nonisolated(unsafe) private static var store: OpaquePointer?
    /// The last stamp of each worker.
    nonisolated(unsafe) private static var stamps = PerWorker<Int>()

    // MARK: - the table

    /// [main]
    static func open(_ url: StorageURL, _ api: UnsafePointer<mt_store_api>) -> Outcome {
        var layout = Rows.Layout()
        layout.add("hash_entry", MT_INT, key: Int(MT_KEY), fallback: nil)
        layout.add("hash_id", MT_INT, key: Int(MT_KEY), fallback: nil)
        layout.add("writer", MT_INT, key: Int(MT_KEY), fallback: nil)
        for name in ["server", "kind", "stamp"] { layout.add(name, MT_INT, fallback: "0") }
        layout.add("callid", MT_STR, length: 255, fallback: "")
        layout.add("data", MT_STR, length: 0, fallback: nil)
        store = layout.open(
            url, String(sharedTableName.value), revision: 1,
            indexes: ["hash_entry,hash_id", "server", "callid"])
        self.api = api
        stamps = PerWorker(0)
        guard let store else { return .error }
        NoteReading.open(api, store)
        return .yes
    }

    /// What a row says; nil: it is none that we understand.
    static func note(_ raw: CallPointer) -> Note? {
        guard let row = raw.pointee.args, raw.pointee.argc >= UInt32(Column.allCases.count) else {
            return nil
        }
        func number(_ column: Column) -> Int { Int(row[column.rawValue].num) }
        guard let kind = Note.Kind(rawValue: number(.kind)) else { return nil }
        return Note(
            entry: UInt32(truncatingIfNeeded: number(.entry)),
            id: UInt32(truncatingIfNeeded: number(.number)),
            writer: Note.writer(mark: number(.writer)), owner: number(.server), kind: kind,
            stamp: number(.stamp),
            callID: String(Text(unchecked: row[Column.callID.rawValue].str)),
            data: SavedData(String(Text(unchecked: row[Column.data.rawValue].str))))
    }

    // MARK: - writing

    /// What came of requests for a guest.
    static func put(_ call: CallPointer, _ dialog: DialogPointer, waits: Bool) {
        let life = dialog.pointee.life
        let note = Note(
            entry: dialog.pointee.entry, id: dialog.pointee.id, writer: Sharing.own,
            owner: Int(dialog.pointee.server), kind: life.isOver ? .ended : .changed,
            stamp: nextStamp(Int(dialog.pointee.worker)),
            callID: String(Text(unchecked: dialog.text(.callID))),
            data: data(dialog))
        guard waits else {
            _ = put(call, note, nil, nil)
            return
        }
        dialog.pointee.pins += 1
        guard !put(call, note, written, token(dialog.number.number)) else { return }
        dialog.pointee.pins -= 1
        Storage.failed(dialog)
    }

    private static let written: mt_fn = { call in
        guard let call, let dialog = DialogPlugin.find(number(call.pointee.user)) else { return 1 }
        dialog.pointee.pins -= 1
        if Storage.isToRepeat(call) { Storage.failed(dialog) }
        return 1
    }

    /// It is ours now.
    static func putClaim(_ call: CallPointer, _ dialog: DialogPointer, of server: Int) {
        let note = Note(
            entry: dialog.pointee.entry, id: dialog.pointee.id, writer: Sharing.own, owner: server,
            kind: .claimed, stamp: nextStamp(Int(dialog.pointee.worker)),
            callID: String(Text(unchecked: dialog.text(.callID))))
        _ = put(call, note, nil, nil)
    }

    /// It ended here while neither of us could know: the other one has it still.
    static func putEnd(_ call: CallPointer, of claim: Note) {
        let note = Note(
            entry: claim.entry, id: claim.id, writer: Sharing.own, owner: claim.writer, kind: .ended,
            stamp: nextStamp(Int(call.pointee.worker)), callID: claim.callID)
        _ = put(call, note, nil, nil)
    }

    private static func nextStamp(_ worker: Int) -> Int {
        stamps[worker] = max(Loop.clock, stamps[worker] + 1)
        return stamps[worker]
    }

    private static func put(
        _ call: CallPointer, _ note: Note, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
    ) -> Bool {
        guard let api, let store else { return false }
        return note.callID.withRaw { callID in
            note.data.text.withRaw { data in
                withUnsafeTemporaryAllocation(of: mt_value.self, capacity: Column.allCases.count) { row in
                    row.initialize(repeating: mt_value())
                    func put(_ column: Column, _ number: Int) { row[column.rawValue] = mt_value(number) }
                    put(.entry, Int(note.entry))
                    put(.number, Int(note.id))
                    put(.writer, note.mark)
                    put(.server, note.owner)
                    put(.kind, note.kind.rawValue)
                    put(.stamp, note.stamp)
                    row[Column.callID.rawValue] = mt_value(callID)
                    row[Column.data.rawValue] = mt_value(data)
                    return api.pointee.put(call, store, row.baseAddress, done, user) > 0
                }
            }
        }
    }

    private static func data(_ dialog: DialogPointer) -> SavedData {
        typealias Name = SavedData.Name
        var data = Rows.saved(dialog)
        let life = dialog.pointee.life
        data.server = 0
        data.profiles = []
        data.numbers[Name.state] = Int(life.state.rawValue)
        data.numbers["started"] = Int(life.started)
        data.numbers[Name.deadline] = Int(life.deadline)
        data.numbers[Name.callerSequence] = Int(dialog.pointee.callerSequence)
        data.numbers[Name.calleeSequence] = Int(dialog.pointee.calleeSequence)
        data.numbers[Name.flags] = Int(dialog.pointee.flags)
        data.numbers[Name.properties] = Int(dialog.pointee.properties.rawValue)
        if dialog.pointee.has(.parting) { data.numbers[Name.parting] = 1 }
        data.texts[Name.callerContact] = String(Text(unchecked: dialog.text(.callerContact)))
        data.texts[Name.calleeContact] = String(Text(unchecked: dialog.text(.calleeContact)))
        if life.isOver {
            data.numbers[Name.cause] = Int(life.cause.rawValue)
            data.texts[Name.reason] = String(Text(unchecked: dialog.text(.reason)))
        }
        if dialog.pointee.has(.variablesDirty) {
            var variables: [String: String] = [:]
            var one = dialog.pointee.variables
            while let here = one {
                variables[String(Text(unchecked: here.name))] = String(Text(unchecked: here.text))
                one = here.pointee.next
            }
            data.variables = variables
        }
        return data
    }

    // MARK: - reading

    /// Those of one call.
    static func find(
        _ call: CallPointer, callID: mt_str, _ row: @escaping mt_fn, _ done: @escaping mt_fn,
        _ user: UnsafeMutableRawPointer
    ) -> Bool {
        find(call, [match(.callID, mt_value(callID))], row, done, user)
    }

    /// Those for one server. Of what others have taken over only that one itself is told.
    static func find(
        _ call: CallPointer, owner: Int, _ row: @escaping mt_fn, _ done: @escaping mt_fn,
        _ user: UnsafeMutableRawPointer
    ) -> Bool {
        var matches = [match(.server, mt_value(owner))]
        if owner != Sharing.own {
            let claimed = mt_value(Note.Kind.claimed.rawValue)
            matches.append(
                mt_match(column: UInt32(Column.kind.rawValue), op: UInt32(MT_NE), value: claimed))
        }
        return find(call, matches, row, done, user)
    }

    /// [main] Those for us, at the start.
    static func load(_ row: @escaping mt_fn, _ user: UnsafeMutableRawPointer) -> Bool {
        guard let api, let store else { return true }
        var match = match(.server, mt_value(Sharing.own))
        return api.pointee.load(Server.host, store, &match, 1, row, user) > 0
    }

    private static func find(
        _ call: CallPointer, _ matches: [mt_match], _ row: @escaping mt_fn, _ done: @escaping mt_fn,
        _ user: UnsafeMutableRawPointer
    ) -> Bool {
        guard let api, let store else { return false }
        return api.pointee.find(call, store, matches, UInt32(matches.count), row, done, user) > 0
    }

    private static func match(_ column: Column, _ value: mt_value) -> mt_match {
        mt_match(column: UInt32(column.rawValue), op: UInt32(MT_EQ), value: value)
    }

    // MARK: - erasing

    /// - Parameter done: gets `user`, and what came of it. False: it will not be called.
    static func erase(
        _ call: CallPointer, _ note: Note, _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer
    ) -> Bool {
        guard let api, let store else { return false }
        let matches = [
            match(.entry, mt_value(Int(note.entry))), match(.number, mt_value(Int(note.id))),
            match(.writer, mt_value(note.mark)), match(.stamp, mt_value(note.stamp)),
        ]
        return api.pointee.erase(call, store, matches, UInt32(matches.count), done, user) > 0
    }
}
