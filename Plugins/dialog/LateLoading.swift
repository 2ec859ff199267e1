// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Calls that are read while the server runs, each by the worker that its messages come to: those with one Call-ID,
/// which another server has written (dlg_db_load_callid()); or all, where the database was away at the start.
final class LateLoading: Loading, @unchecked Sendable {
    /// What could not be read at the start is still to be read, by worker. Each touches its own.
    nonisolated(unsafe) private static var isWanted = PerWorker<Bool>()
    /// Calls that got their BYE before they could be read, by worker; nil: all have been read.
    nonisolated(unsafe) private static var ended = PerWorker<Set<String>?>()
    /// Whoever sends more of them wants to fill our memory.
    private static let mostEnded = 100_000

    /// All calls are read in so many parts, by their entry: none of them is much, however many there are.
    private static let parts: UInt32 = 256

    /// The part that is being read; nil: the calls with one Call-ID.
    private var part: UInt32?
    private var count = 0
    private var hasFailed = false
    /// Gets how many there were; nil: they cannot be read.
    private let then: (Int?) -> Void

    private init(
        _ worker: Int, part: UInt32?, whose: Whose = .ours, _ then: @escaping (Int?) -> Void
    ) {
        self.part = part
        self.then = then
        super.init(onlyFor: worker, whose: whose)
    }

    /// All calls of a server that is no more, to the worker that asks. Gets how many; nil: they cannot be read.
    static func inherit(_ call: CallPointer, from server: Int, _ then: @escaping (Int?) -> Void) {
        let loading = LateLoading(Int(call.pointee.worker), part: 0, whose: .heir(of: server), then)
        loading.ask { Notes.find(call, owner: server, Loading.noteRow, readNotes, $0) }
        if loading.asked == 0 { then(nil) }
    }

    static func run(_ call: borrowing Call, _ callID: Text) -> Outcome {
        guard Storage.dialogs != nil else {
            Host.log(.error, "dlg_db_load_callid needs db_url and a db_mode")
            return .no
        }
        let worker = Int(Server.loop.pointee.worker(callID.raw))
        let callID = String(callID)
        return call.wait(upTo: .seconds(10)) { ticket in
            Loop.post(to: worker) { call in
                callID.withRaw { read(call.raw, $0) { ticket.resume(Outcome(($0 ?? 0) > 0)) } }
                return .yes
            }
        }
    }

    /// [main] Nothing could be read.
    static func isMissed() {
        isWanted = PerWorker(true)
        ended = PerWorker([])
    }

    /// A BYE went by whose call is not known, or not yet.
    static func note(bye message: OpaquePointer, on worker: Int) {
        guard worker < ended.count, let count = ended[worker]?.count, count < mostEnded else { return }
        ended[worker]?.insert(
            name(text(message, MT_F_CALL_ID), text(message, MT_F_FROM_TAG), text(message, MT_F_TO_TAG)))
    }

    /// The same whichever side it comes from.
    private static func name(_ callID: mt_str, _ one: mt_str, _ other: mt_str) -> String {
        let tags = [one, other].map { String(Text(unchecked: $0)) }.sorted()
        return "\(Text(unchecked: callID)) \(tags[0]) \(tags[1])"
    }

    /// Once a second, on each worker.
    static func catchUp(_ call: CallPointer) {
        let worker = Int(call.pointee.worker)
        guard worker < isWanted.count, isWanted[worker] else { return }
        isWanted[worker] = false
        read(call, mt_str()) { count in
            guard let count else {
                isWanted[worker] = true
                return
            }
            ended[worker] = nil
            Host.log(.notice, "the database is back: \(count) calls of worker \(worker) go on")
        }
    }

    /// `callID` absent: all of them.
    private static func read(_ call: CallPointer, _ callID: mt_str, _ then: @escaping (Int?) -> Void) {
        let isAll = callID.ptr == nil
        let loading = LateLoading(
            Int(call.pointee.worker), part: isAll ? 0 : nil, whose: isAll ? .ours : .anybodys, then)
        if isAll {
            loading.readPart(call)
        } else {
            loading.ask { Storage.find(call, callID: callID, row, readDialogs, $0) }
            if loading.asked == 0 { then(nil) }
        }
    }

    private func readPart(_ call: CallPointer) {
        ask { Storage.find(call, entries: entries, Loading.row, Self.readDialogs, $0) }
        if asked == 0 { then(nil) }
    }

    /// Other servers may have had more entries: they are in the last part.
    private var entries: (from: UInt32, to: UInt32?) {
        let part = part ?? 0
        let width = max(Settings.entries / Self.parts, 1)
        return (part * width, part == Self.parts - 1 ? nil : (part + 1) * width)
    }

    private static let readNotes: mt_fn = { call in
        guard let call, let loading = LateLoading.answered(call) else { return 1 }
        if call.pointee.result > 0 { loading.readPart(call) } else { loading.then(nil) }
        return 1
    }

    private static let readDialogs: mt_fn = { call in
        guard let call, let loading = LateLoading.answered(call) else { return 1 }
        if call.pointee.result > 0 { loading.readVariables(call) } else { loading.then(nil) }
        return 1
    }

    /// The dialogs are there: now their variables.
    private func readVariables(_ call: CallPointer) {
        var isAsked = true
        if part == nil {
            for key in loaded.keys {
                isAsked =
                    ask { Storage.findVariables(call, of: key, Loading.variableRow, Self.haveVariables, $0) }
                    && isAsked
            }
        } else if !loaded.isEmpty {
            isAsked = ask {
                Storage.findVariables(call, entries: entries, Loading.variableRow, Self.haveVariables, $0)
            }
        }
        if !isAsked { hasFailed = true }
        if asked == 0 { haveAll(call) }
    }

    private static let haveVariables: mt_fn = { call in
        guard let call, let loading = LateLoading.answered(call) else { return 1 }
        if call.pointee.result <= 0 { loading.hasFailed = true }
        if loading.asked == 0 { loading.haveAll(call) }
        return 1
    }

    private func haveAll(_ call: CallPointer) {
        if hasFailed {
            hasFailed = false
            guard part == nil else {
                // The calls are here, so only this is left to be read.
                Loop.after(.seconds(1), on: Int(call.pointee.worker)) { [self] call in
                    readVariables(call.raw)
                    return .yes
                }
                return
            }
            Host.log(.error, "the variables of \(loaded.count) calls cannot be read")
        }
        count += loaded.count
        announce(call)
        guard let part, part + 1 < Self.parts else { return then(count) }
        self.part = part + 1
        readPart(call)
    }

    private func announce(_ call: CallPointer) {
        for (key, number) in loaded {
            guard let dialog = find(number), !dialog.pointee.isGuest else { continue }
            if case .heir(let dead) = whose { Notes.putClaim(call, dialog, of: dead) }
            dialog.pointee.marks.remove(.loaded)
            tell(.loaded, call, dialog, .none)
            // With db_mode 3 what was read is in memory only.
            if databaseMode.value == 3 { Storage.erase(call, key) }
            endIfOver(call, number)
        }
        let keys = takeKeys()
        guard !keys.isEmpty else { return }
        for worker in 0..<max(Host.workers, 1) {
            Loop.post(to: worker) { call in
                Loading.skip(keys, on: call.worker)
                return .yes
            }
        }
    }

    private func endIfOver(_ call: CallPointer, _ number: UInt64) {
        let worker = Int(call.pointee.worker)
        guard worker < Self.ended.count, let gone = Self.ended[worker], !gone.isEmpty,
            let dialog = find(number),
            gone.contains(Self.name(dialog.text(.callID), dialog.text(.fromTag), dialog.text(.toTag)))
        else { return }
        dialog.pointee.pins += 1
        perform(dialog.pointee.life.bye(at: Now.seconds), call, dialog, .none)
        unpin(call, dialog)
    }
}
