// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// Dialogs of other servers, for as long as requests inside them are on their way here.
///
/// A guest runs no timers, is in no profile and counts nowhere. It is read anew for each request that finds it idle,
/// so it never lags behind what its owner knows.
enum Guests {
    /// Seconds after which one that nobody needs is gone.
    static let idle: UInt32 = 2
    /// Milliseconds that a request waits for the database.
    static let patience: UInt32 = 2000

    /// rr's gate: before loose_route() looks at a request.
    static let gate: rr_gate = { call, message, then, user in
        guard let call, let message, let then else { return mt_result(MT_OK) }
        let waits = wait(call, message, routeCookie(message), mode: matchMode.value) {
            Server.script.pointee.suspend(call, patience, then, user)
        }
        return waits ? mt_result(MT_SUSPEND) : mt_result(MT_OK)
    }

    /// The one in the first Route.
    private static func routeCookie(_ message: OpaquePointer) -> Cookie? {
        guard let field = header(message, route) else { return nil }
        var text = Text(unchecked: field.body)
        if let end = text.firstIndex(of: UInt8(ascii: ">")) { text = text.prefix(end) }
        return Cookie.find(rrParam.value, in: text)
    }

    /// False: the dialog is here, or cannot be found anywhere.
    ///
    /// - Parameter suspend: puts the script aside; 0: it cannot.
    static func wait(
        _ call: CallPointer, _ message: OpaquePointer, _ cookie: Cookie?, mode: Int, _ suspend: () -> UInt64
    ) -> Bool {
        guard Sharing.isOn, mode == 2 || cookie != nil, text(message, MT_F_TO_TAG).len > 0 else {
            return false
        }
        let method = number(message, MT_F_METHOD_ID)
        guard method != MT_CANCEL else { return false }
        if let (dialog, _) = match(call, message, mode == 2 ? nil : cookie, mode) {
            guard isIdle(dialog) else { return false }
            release(call, dialog)
        }
        guard GuestLoading.hasRoom(Int(call.pointee.worker)) else { return false }
        let ticket = suspend()
        guard ticket != 0 else { return false }
        // The 2xx may have overtaken the row that it makes; an ACK that finds nothing comes again.
        GuestLoading.run(
            call, text(message, MT_F_CALL_ID), entry: mode == 0 ? cookie?.entry : nil,
            attempts: method == MT_ACK ? 3 : 1
        ) { _ in Ticket(number: ticket).resume(.yes) }
        return true
    }

    /// A guest that nobody needs now.
    private static func isIdle(_ dialog: DialogPointer) -> Bool {
        dialog.pointee.isGuest && dialog.pointee.pins == 0 && dialog.pointee.life.transactions == 0
            && !dialog.pointee.has(.dirty)
    }

    /// Its row has been read.
    static func enter(_ dialog: DialogPointer, of server: Int) {
        dialog.pointee.marks.insert(.guest)
        dialog.pointee.marks.remove([.loaded, .stored])
        dialog.pointee.server = UInt32(truncatingIfNeeded: server)
        look(after: dialog)
    }

    private static func look(after dialog: DialogPointer) {
        table(dialog).pointee.timers.set(dialog.pointee.index, at: Now.seconds &+ idle)
    }

    /// Time has passed.
    static func wake(_ call: CallPointer, _ dialog: DialogPointer) {
        if isIdle(dialog) { release(call, dialog) } else { look(after: dialog) }
    }

    // MARK: - notes

    /// What another server says of a dialog of ours, or somebody of a guest.
    /// - Parameter since: what had been noted by then, in Unix milliseconds, had been read before.
    static func apply(_ note: Note, to dialog: DialogPointer, _ call: CallPointer, since: Int = 0) {
        switch note.kind {
        case .claimed: Parting.leave(dialog, to: note.writer, since: since)
        case .changed where note.data.isParting && !dialog.pointee.isGuest:
            if Parting.isWorthAdopting(note.data, dialog) {
                perform(adopt(note.data, dialog), call, dialog, .none)
            } else {
                noteSequences(note.data, dialog)
            }
            Parting.mend(call, dialog)
        case .changed:
            let actions = adopt(note.data, dialog)
            guard !dialog.pointee.isGuest else { return }
            perform(actions, call, dialog, .none)
            startPings(dialog)
        case .ended:
            noteSequences(note.data, dialog)
            (note.data.texts[SavedData.Name.reason] ?? "").withRaw { setReason(dialog, $0) }
            let cause =
                note.data.numbers[SavedData.Name.cause]
                .flatMap { Life.Cause(rawValue: UInt8(truncatingIfNeeded: $0)) } ?? .bye
            let now = Now.seconds
            let actions =
                cause == .bye ? dialog.pointee.life.bye(at: now) : dialog.pointee.life.end(cause, at: now)
            if !dialog.pointee.isGuest { perform(actions, call, dialog, .none) }
        }
    }

    private static func noteSequences(_ data: SavedData, _ dialog: DialogPointer) {
        func number(_ name: String) -> UInt32 { UInt32(truncatingIfNeeded: data.numbers[name] ?? 0) }
        dialog.pointee.callerSequence = max(
            dialog.pointee.callerSequence, number(SavedData.Name.callerSequence))
        dialog.pointee.calleeSequence = max(
            dialog.pointee.calleeSequence, number(SavedData.Name.calleeSequence))
    }

    private static func adopt(_ data: SavedData, _ dialog: DialogPointer) -> Life.Actions {
        typealias Name = SavedData.Name
        noteSequences(data, dialog)
        if let flags = data.numbers[Name.flags] { dialog.pointee.flags = UInt32(truncatingIfNeeded: flags) }
        if let properties = data.numbers[Name.properties] {
            dialog.pointee.properties = Properties(rawValue: UInt16(truncatingIfNeeded: properties))
        }
        let caller = data.texts[Name.callerContact] ?? ""
        let callee = data.texts[Name.calleeContact] ?? ""
        caller.withRaw { caller in
            callee.withRaw { callee in
                _ = table(dialog).pointee.rewrite(dialog) { part in
                    switch part {
                    case .callerContact: caller.len > 0 ? caller : nil
                    case .calleeContact: callee.len > 0 ? callee : nil
                    default: nil
                    }
                }
            }
        }
        if data.isParting, dialog.pointee.isGuest { dialog.pointee.marks.insert(.parting) }
        Loading.restoreWords(dialog, data)
        if let variables = data.variables { adopt(variables, dialog) }
        return adoptLife(data, dialog)
    }

    /// Its state, its lifetime and what bounds it.
    @discardableResult
    static func adoptLife(_ data: SavedData, _ dialog: DialogPointer) -> Life.Actions {
        typealias Name = SavedData.Name
        let state = Life.State(rawValue: UInt8(truncatingIfNeeded: data.numbers[Name.state] ?? 0))
        let deadline = UInt32(truncatingIfNeeded: data.numbers[Name.deadline] ?? 0)
        let started = UInt32(truncatingIfNeeded: data.numbers["started"] ?? 0)
        return dialog.pointee.life.adopt(Loading.life(state ?? .confirmed, started, deadline, data))
    }

    /// All of them: what is not there was taken away.
    private static func adopt(_ variables: [String: String], _ dialog: DialogPointer) {
        var gone: [String] = []
        var one = dialog.pointee.variables
        while let here = one {
            let name = String(Text(unchecked: here.name))
            if variables[name] == nil { gone.append(name) }
            one = here.pointee.next
        }
        for name in gone { name.withRaw { _ = setVariable(dialog, $0, mt_str()) } }
        for (name, text) in variables {
            name.withRaw { name in
                text.withRaw { text in
                    let known = variable(dialog, name)
                    if known.ptr == nil || !isSame(known, text) { setVariable(dialog, name, text) }
                }
            }
        }
        // What we write of it next takes the place of what we wrote before.
        if dialog.pointee.isGuest { dialog.pointee.marks.insert(.variablesDirty) }
    }
}

/// Reads the calls with one Call-ID, whosever they are, with what has been noted of them.
final class GuestLoading: Loading, @unchecked Sendable {
    private static let pause: Milliseconds = 100
    /// So many calls each worker asks for at a time: who invents cookies keeps the database busy with that at most.
    private static let most = 500
    nonisolated(unsafe) private static var counts = PerWorker<Int>()

    /// [main]
    static func prepare() { counts = PerWorker(0) }
    static func hasRoom(_ worker: Int) -> Bool { worker < counts.count && counts[worker] < most }

    private let callID: String
    private let entry: UInt32?
    private var attempts: Int
    private var hasVariables = false
    private let then: (CallPointer) -> Void

    private init(
        _ worker: Int, _ callID: mt_str, _ entry: UInt32?, _ attempts: Int,
        _ then: @escaping (CallPointer) -> Void
    ) {
        self.callID = String(Text(unchecked: callID))
        self.entry = entry
        self.attempts = attempts
        self.then = then
        super.init(onlyFor: worker, whose: .anybodys)
    }

    /// - Parameter entry: those of that entry only, which the database finds at once.
    static func run(
        _ call: CallPointer, _ callID: mt_str, entry: UInt32? = nil, attempts: Int,
        then: @escaping (CallPointer) -> Void
    ) {
        let worker = Int(call.pointee.worker)
        counts[worker] += 1
        GuestLoading(worker, callID, entry, attempts) { call in
            counts[worker] -= 1
            then(call)
        }.start(call)
    }

    /// Notes first: one that its addressee takes meanwhile is in the row.
    private func start(_ call: CallPointer) {
        attempts -= 1
        notes = [:]
        callID.withRaw { callID in
            ask { Notes.find(call, callID: callID, Loading.noteRow, Self.partRead, $0) }
            ask { Storage.find(call, callID: callID, entry: entry, Loading.row, Self.partRead, $0) }
        }
        if asked == 0 { then(call) }
    }

    private static let partRead: mt_fn = { call in
        guard let call, let loading = GuestLoading.answered(call) else { return 1 }
        if loading.asked == 0 { loading.goOn(call) }
        return 1
    }

    private func goOn(_ call: CallPointer) {
        if loaded.isEmpty, attempts > 0 {
            Loop.after(Self.pause, on: Int(call.pointee.worker)) { [self] call in
                start(call.raw)
                return .yes
            }
            return
        }
        guard hasVariables || loaded.isEmpty else {
            hasVariables = true
            for key in loaded.keys {
                ask { Storage.findVariables(call, of: key, Loading.variableRow, Self.partRead, $0) }
            }
            if asked > 0 { return }
            return end(call)
        }
        end(call)
    }

    private func end(_ call: CallPointer) {
        for (key, number) in loaded {
            guard let dialog = find(number) else { continue }
            let isGuest = dialog.pointee.isGuest
            for note in (notes[key] ?? []).sorted(by: { $0.stamp < $1.stamp })
            where isGuest && note.kind != .claimed {
                Guests.apply(note, to: dialog, call)
                // That much is in the notes already.
                dialog.pointee.marks.remove(.dirty)
            }
            if isGuest, dialog.pointee.life.isOver {
                release(call, dialog)
            } else if !isGuest {
                dialog.pointee.marks.remove(.loaded)
                tell(.loaded, call, dialog, .none)
            }
        }
        then(call)
    }
}
