// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Calls that are read while the server runs, each by the worker that its messages come to: those with one Call-ID,
/// which another server has written (dlg_db_load_callid()); or all, where the database was away at the start.
final class LateLoading: Loading, @unchecked Sendable {
    /// What could not be read at the start is still to be read, by worker. Each touches its own.
    nonisolated(unsafe) private static var isWanted: [Bool] = []
    /// Calls that got their BYE before they could be read, by worker; nil: all have been read.
    nonisolated(unsafe) private static var ended: [Set<String>?] = []
    /// Whoever sends more of them wants to fill our memory.
    private static let mostEnded = 100_000

    private var asked = 0
    private var hasFailed = false
    /// Gets how many there were; nil: they cannot be read.
    private let then: (Int?) -> Void

    private init(_ worker: Int, _ then: @escaping (Int?) -> Void) {
        self.then = then
        super.init(onlyFor: worker)
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
        isWanted = Array(repeating: true, count: max(Host.workers, 1))
        ended = Array(repeating: [], count: max(Host.workers, 1))
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
        let loading = LateLoading(Int(call.pointee.worker), then)
        let user = Unmanaged.passRetained(loading)
        let asks = callID.ptr == nil ? readAll : readOne
        if !Storage.find(call, callID, row, asks, user.toOpaque()) {
            user.release()
            then(nil)
        }
    }

    private static let readAll: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let loading = Unmanaged<LateLoading>.fromOpaque(user).takeRetainedValue()
        loading.goOn(call, [nil])
        return 1
    }

    private static let readOne: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let loading = Unmanaged<LateLoading>.fromOpaque(user).takeRetainedValue()
        loading.goOn(call, loading.loaded.keys.map { $0 })
        return 1
    }

    /// The dialogs are there: now their variables.
    private func goOn(_ call: CallPointer, _ keys: [UInt64?]) {
        guard call.pointee.result > 0 else { return then(nil) }
        guard !loaded.isEmpty else { return then(0) }
        asked = 1
        for key in keys {
            let user = Unmanaged.passRetained(self)
            asked += 1
            if !Storage.findVariables(call, of: key, Loading.variableRow, Self.readVariables, user.toOpaque())
            {
                user.release()
                hasFailed = true
                asked -= 1
            }
        }
        answered(call)
    }

    private static let readVariables: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let loading = Unmanaged<LateLoading>.fromOpaque(user).takeRetainedValue()
        if call.pointee.result <= 0 { loading.hasFailed = true }
        loading.answered(call)
        return 1
    }

    private func answered(_ call: CallPointer) {
        asked -= 1
        guard asked == 0 else { return }
        if hasFailed { Host.log(.error, "the variables of \(loaded.count) calls cannot be read") }
        for (key, number) in loaded {
            guard let dialog = find(number) else { continue }
            dialog.pointee.marks.remove(.loaded)
            tell(.loaded, call, dialog, .none)
            // With db_mode 3 what was read is in memory only.
            if databaseMode.value == 3 { Storage.erase(call, key) }
            endIfOver(call, number)
        }
        let own = Int(call.pointee.worker)
        for worker in 0..<max(Host.workers, 1) {
            if worker == own {
                skipNumbers(on: worker)
            } else {
                Loop.post(to: worker) { call in
                    self.skipNumbers(on: call.worker)
                    return .yes
                }
            }
        }
        then(loaded.count)
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
