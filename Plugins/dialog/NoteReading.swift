// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import Peers
import PluginKit
import Synchronization

/// Looks for notes that are for us, on the first worker, and has each taken by the worker of its dialog.
enum NoteReading {
    /// On the first worker: whose notes are read, and when.
    nonisolated(unsafe) private static var watch = NoteWatch(own: 0)
    nonisolated(unsafe) private static var lookout: Lookout?
    /// The notes that each worker is about to erase.
    nonisolated(unsafe) private static var taken = PerWorker<Set<Note.Identity>>()
    /// When all that had been noted by then was handed to the workers, in Unix milliseconds.
    private static let read = Atomic<Int>(0)

    /// [main]
    static func open(_ api: UnsafePointer<mt_store_api>, _ store: OpaquePointer) {
        watch = NoteWatch(own: Sharing.own)
        taken = PerWorker([])
        lookout = Lookout(api, store, interval: shareInterval.value, look: look)
    }

    /// On the first worker: what was for that server is for us from now on as well.
    static func inherit(_ call: CallPointer, _ server: Int) {
        watch.inherit(server)
        want(call)
    }

    /// On the first worker, from now on.
    static func start() { lookout?.start(on: 0) }

    /// On the first worker: there may be something for us.
    static func want(_ call: CallPointer) { lookout?.want(call) }

    static var lastRead: Int { read.load(ordering: .acquiring) }

    private static var now: Int { Int(Loop.ticks / 1_000_000) }

    private static func look(_ call: CallPointer) {
        let look = Look()
        for owner in watch.owners(at: now, runs: Inheriting.runs) {
            let isAsked = look.ask { Notes.find(call, owner: owner, Look.row, Look.done, $0) }
            if !isAsked { look.hasFailed = true }
        }
        if look.asked == 0 { lookout?.looked(call, isSettled: false) }
    }

    private final class Look: Asking {
        var hasFailed = false
        private let start = Loop.clock
        private var notes: [Note] = []

        static let row: mt_fn = { raw in
            guard let raw, let user = raw.pointee.user, let note = Notes.note(raw) else { return 1 }
            Unmanaged<Look>.fromOpaque(user).takeUnretainedValue().notes.append(note)
            return 1
        }

        static let done: mt_fn = { raw in
            guard let raw, let look = Look.answered(raw) else { return 1 }
            if raw.pointee.result <= 0 { look.hasFailed = true }
            if look.asked == 0 { look.end(raw) }
            return 1
        }

        private func end(_ call: CallPointer) {
            tell()
            // A note that is of use to nobody yet stays, and is read again.
            lookout?.looked(call, isSettled: notes.isEmpty && !hasFailed)
            if !hasFailed { NoteReading.read.store(start, ordering: .releasing) }
        }

        private func tell() {
            // Of what could not be read we do not know whether it is there still.
            let useless = hasFailed ? [] : watch.useless(notes, at: now)
            guard !notes.isEmpty else { return }
            let before = lastRead
            let all = notes.sorted { $0.stamp < $1.stamp }
            let byWorker = Dictionary(grouping: all) { note in
                note.callID.withRaw { Int(Server.loop.pointee.worker($0)) }
            }
            for (worker, notes) in byWorker {
                Loop.post(to: worker) { call in
                    for note in notes {
                        take(call.raw, note, isUseless: useless.contains(note.identity), since: before)
                    }
                    return .yes
                }
            }
        }
    }

    // MARK: - what is done about them

    private static func take(_ call: CallPointer, _ note: Note, isUseless: Bool, since before: Int) {
        let worker = Int(call.pointee.worker)
        guard !taken[worker].contains(note.identity) else { return }
        let found = note.callID.withRaw { callID in
            tables[worker].first(callID) {
                $0.pointee.entry == note.entry && $0.pointee.id == note.id && !$0.pointee.isGuest
            }
        }
        if let dialog = found {
            dialog.pointee.pins += 1
            Guests.apply(note, to: dialog, call, since: before)
            unpin(call, dialog)
        } else if Storage.hasEnded(worker, note.key) {
            switch note.kind {
            case .claimed: Notes.putEnd(call, of: note)
            // Whoever had it before has written its row once more.
            case .changed where note.data.isParting: Storage.erase(call, note.key)
            case .changed, .ended: break
            }
        } else if note.kind != .claimed, !isUseless {
            // It is being read at this moment, perhaps.
            return
        }
        taken[worker].insert(note.identity)
        // When what comes of it is on its way: for others it is in the note, or in the row.
        Loop.post(to: worker) { call in
            erase(call.raw, note)
            return .yes
        }
    }

    private final class Erasing {
        let identity: Note.Identity
        init(_ identity: Note.Identity) { self.identity = identity }
    }

    private static func erase(_ call: CallPointer, _ note: Note) {
        let held = Unmanaged.passRetained(Erasing(note.identity))
        guard !Notes.erase(call, note, erased, held.toOpaque()) else { return }
        held.release()
        taken[Int(call.pointee.worker)].remove(note.identity)
    }

    private static let erased: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return 1 }
        let identity = Unmanaged<Erasing>.fromOpaque(user).takeRetainedValue().identity
        taken[Int(raw.pointee.worker)].remove(identity)
        return 1
    }
}
