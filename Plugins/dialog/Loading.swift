// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// The calls of before the restart: read on the main thread, before any traffic, into the tables of the workers that
/// their messages will come to.
class Loading: Asking {
    /// By entry and id in one word: the numbers of those that were restored.
    private(set) var loaded: [UInt64: UInt64] = [:]
    private var skipped = 0
    /// Those of other servers that were left alone.
    private(set) var others = 0
    /// Calls of others are left alone; nil: there are no workers yet.
    let onlyWorker: Int?
    let whose: Whose
    /// What others have noted of calls that are ours, by entry and id.
    var notes: [UInt64: [Note]] = [:]

    /// Which calls are read where servers share a database.
    enum Whose {
        /// Those of this server, and of none.
        case ours
        /// All; those of other servers are guests.
        case anybodys
        /// Those of a server that is no more.
        case heir(of: Int)
    }

    init(onlyFor worker: Int? = nil, whose: Whose = .ours) {
        onlyWorker = worker
        self.whose = whose
    }

    /// Hook "core.ready". `.error`: there is no knowing which calls there are, and `db_required` wants that known.
    static func run() -> Outcome {
        guard let dialogs = Storage.dialogs, let variables = Storage.variables, skipsLoading.value == 0 else {
            return .yes
        }
        let loading = Loading()
        let user = Unmanaged.passUnretained(loading).toOpaque()
        guard Notes.load(noteRow, user), Storage.load(dialogs, row, user),
            Storage.load(variables, variableRow, user)
        else {
            if databaseRequired.value != 0 { return .error }
            Host.log(
                .warning,
                "dialogs are in memory only: their database cannot be read, and is caught up with when it can"
            )
            LateLoading.isMissed()
            return .yes
        }
        let useless = loading.skipped - loading.others
        Host.log(.info, "\(loading.loaded.count) calls go on; \(useless) rows were of no use")
        if loading.others > 0 { Host.log(.info, "\(loading.others) calls are those of other servers") }
        let keys = loading.takeKeys()
        for worker in 0..<max(Host.workers, 1) { skip(keys, on: worker) }
        Storage.clear()
        return .yes
    }

    /// New dialogs of that worker do not get numbers that are taken.
    static func skip(_ keys: [UInt64], on worker: Int) {
        for key in keys { tables[worker].numbers.skip(UInt32(truncatingIfNeeded: key)) }
    }

    /// Those that were restored since the last time, by entry and id.
    func takeKeys() -> [UInt64] {
        defer { loaded = [:] }
        return Array(loaded.keys)
    }

    static let noteRow: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let note = Notes.note(raw) else { return 1 }
        Unmanaged<Loading>.fromOpaque(user).takeUnretainedValue().notes[note.key, default: []].append(note)
        return 1
    }

    static let row: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let row = raw.pointee.args,
            raw.pointee.argc >= UInt32(Column.allCases.count)
        else { return 1 }
        let loading = Unmanaged<Loading>.fromOpaque(user).takeUnretainedValue()
        if let only = loading.onlyWorker,
            Int(Server.loop.pointee.worker(row[Column.callID.rawValue].str)) != only
        {
            return 1
        }
        if let dialog = loading.restore(row, Int(raw.pointee.argc)) {
            loading.loaded[UInt64(dialog.pointee.entry) << 32 | UInt64(dialog.pointee.id)] =
                dialog.number.number
        } else {
            loading.skipped += 1
        }
        return 1
    }

    static let variableRow: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let row = raw.pointee.args,
            raw.pointee.argc >= UInt32(VariableColumn.allCases.count)
        else { return 1 }
        let loading = Unmanaged<Loading>.fromOpaque(user).takeUnretainedValue()
        let entry = UInt64(truncatingIfNeeded: row[VariableColumn.entry.rawValue].num)
        let id = UInt64(truncatingIfNeeded: row[VariableColumn.number.rawValue].num)
        // One that is there was read before the reading failed, or set since: that one counts.
        guard let number = loading.loaded[entry << 32 | id], let dialog = find(number),
            variable(dialog, row[VariableColumn.key.rawValue].str).ptr == nil,
            let new = NamedText.make(
                &table(dialog).pointee.pool, row[VariableColumn.key.rawValue].str,
                row[VariableColumn.value.rawValue].str)
        else { return 1 }
        new.pointee.next = dialog.pointee.variables
        dialog.pointee.variables = new
        return 1
    }

    /// nil: it is no call that goes on.
    private func restore(_ row: UnsafePointer<mt_value>, _ columns: Int) -> DialogPointer? {
        guard columns >= Column.allCases.count else { return nil }
        func text(_ column: Column) -> mt_str {
            let value = row[column.rawValue]
            return value.type == UInt32(MT_STR) ? value.str : mt_str()
        }
        func number(_ column: Column) -> UInt32 {
            let value = row[column.rawValue]
            return value.type == UInt32(MT_INT)
                ? UInt32(truncatingIfNeeded: value.num)
                : UInt32(truncatingIfNeeded: Text(unchecked: value.str).integer ?? 0)
        }
        guard let state = Life.State(rawValue: UInt8(truncatingIfNeeded: number(.state))),
            state == .unacknowledged || state == .confirmed, text(.callID).len > 0, text(.fromTag).len > 0,
            text(.toTag).len > 0, text(.callerContact).len > 0, text(.calleeContact).len > 0
        else { return nil }
        let callID = text(.callID)
        let worker = Int(Server.loop.pointee.worker(callID))
        let data = SavedData(String(Text(unchecked: text(.data))))
        var owner = data.server
        if case .anybodys = whose, owner == Sharing.own {
            owner = Parting.owner(notes[UInt64(number(.entry)) << 32 | UInt64(number(.number))] ?? [])
        }
        let isGuest = Sharing.isOn && owner != 0 && owner != Sharing.own
        switch whose {
        case .ours where isGuest:
            others += 1
            return nil
        case .heir(let dead) where data.server != dead: return nil
        default: break
        }
        let fromTag = text(.fromTag)
        let toTag = text(.toTag)
        let known = tables[worker].first(callID) {
            isSame($0.text(.fromTag), fromTag) && isSame($0.text(.toTag), toTag)
        }
        if let known {
            guard case .heir = whose, known.pointee.isGuest else { return nil }
            // What ended it here is in a note, which is read when it is ours.
            if !known.pointee.life.isOver {
                known.pointee.marks.remove(.guest)
                return settle(known, data, route: text(.route))
            }
        }
        let callerWay = data.texts["callerWay"].flatMap { Rows.way($0) }
        let calleeWay = data.texts["calleeWay"].flatMap { Rows.way($0) }
        let made = Self.with(callerWay) { callerWay in
            Self.with(calleeWay) { calleeWay in
                tables[worker].make(callID) { part in
                    switch part {
                    case .callID: callID
                    case .fromURI: text(.fromURI)
                    case .fromTag: fromTag
                    case .toURI: text(.toURI)
                    case .requestURI: text(.requestURI)
                    case .callerContact: text(.callerContact)
                    case .callerRoutes: text(.callerRoutes)
                    case .toTag: toTag
                    case .calleeContact: text(.calleeContact)
                    case .calleeRoutes: text(.calleeRoutes)
                    case .callerWay: callerWay
                    case .calleeWay: calleeWay
                    case .reason: mt_str()
                    }
                }
            }
        }
        guard let dialog = made else { return nil }
        dialog.pointee.entry = number(.entry)
        dialog.pointee.id = number(.number)
        dialog.pointee.cookie =
            data.numbers["cookie"].map { UInt32(truncatingIfNeeded: $0) } ?? number(.number)
        dialog.pointee.flags = number(.flags)
        dialog.pointee.properties = Properties(rawValue: UInt16(truncatingIfNeeded: number(.properties)))
        dialog.pointee.callerSequence = UInt32(
            truncatingIfNeeded: Text(unchecked: text(.callerSequence)).integer ?? 0)
        dialog.pointee.calleeSequence = UInt32(
            truncatingIfNeeded: Text(unchecked: text(.calleeSequence)).integer ?? 0)
        let isOthers = isGuest
        Self.setSocket(text(.callerSocket), &dialog.pointee.callerSocket, dialog, isOthers: isOthers)
        Self.setSocket(text(.calleeSocket), &dialog.pointee.calleeSocket, dialog, isOthers: isOthers)
        dialog.pointee.life = Self.life(state, number(.started), number(.timeout), data)
        Self.restoreWords(dialog, data)
        if case .anybodys = whose, isGuest {
            Guests.enter(dialog, of: owner)
            return dialog
        }
        return settle(dialog, data, route: text(.route))
    }

    /// It is ours from now on.
    private func settle(_ dialog: DialogPointer, _ data: SavedData, route: mt_str) -> DialogPointer {
        if route.len > 0 {
            dialog.pointee.route = Server.script.pointee.route(Server.host, UInt32(MT_IN_REQUEST), route)
            if dialog.pointee.route == 0 {
                Host.log(.warning, "there is no route \(Text(unchecked: route)) any more, for a time-out")
            }
        }
        Self.restoreProfiles(dialog, data)
        dialog.pointee.marks.formUnion([.stored, .loaded])
        // A lifetime that was prolonged elsewhere is not over; all else that is noted comes with the next look.
        for note in notes[UInt64(dialog.pointee.entry) << 32 | UInt64(dialog.pointee.id)] ?? []
        where note.kind == .changed {
            Guests.adoptLife(note.data, dialog)
        }
        countLoaded(dialog)
        arm(dialog)
        startPings(dialog)
        // It was nobody's, or one's who is no more.
        if Sharing.isOn, data.server != Sharing.own { save(dialog) }
        return dialog
    }

    private static func with<Result>(_ way: Way?, _ body: (mt_str) -> Result) -> Result {
        way.map { $0.with(body) } ?? body(mt_str())
    }

    /// - Parameter isOthers: another server's sockets need not be ours.
    private static func setSocket(
        _ name: mt_str, _ socket: inout UInt16, _ dialog: DialogPointer, isOthers: Bool
    ) {
        guard name.len > 0 else { return }
        let found = Server.net.pointee.find_socket(name)
        guard found != .max else {
            if isOthers { return }
            Host.log(.warning, "there is no socket \(Text(unchecked: name)) any more: the default is used")
            dialog.pointee.marks.insert(.foreign)
            return
        }
        socket = UInt16(truncatingIfNeeded: found)
    }

    /// A lifetime that ran out meanwhile is over now.
    static func life(
        _ state: Life.State, _ started: UInt32, _ timeout: UInt32, _ data: SavedData
    ) -> Life {
        func saved(_ name: String) -> UInt32 { UInt32(truncatingIfNeeded: data.numbers[name] ?? 0) }
        let now = Now.seconds
        let lifetime = data.numbers["lifetime"] == nil ? UInt32(defaultTimeout.value) : saved("lifetime")
        let owner = data.texts["owner"].flatMap { Owners.number($0) } ?? 0
        return Life(
            restored: state, created: data.numbers["created"] == nil ? started : saved("created"),
            started: started == 0 ? now : started, lifetime: lifetime,
            deadline: timeout == 0 ? now : timeout, limit: saved("limit"), wish: saved("wish"),
            warning: saved("warning"), owner: UInt8(owner))
    }

    static func restoreWords(_ dialog: DialogPointer, _ data: SavedData) {
        guard let words = dialog.pointee.words else { return }
        for owner in 0..<Owners.count {
            words[owner] = UInt64(bitPattern: Int64(data.numbers["@\(Owners.name(owner + 1))"] ?? 0))
        }
    }

    private static func restoreProfiles(_ dialog: DialogPointer, _ data: SavedData) {
        for one in data.profiles {
            guard let profile = Profiles.with({ $0.index(of: one.profile) }) else { continue }
            let value = one.value
            Profiles.with { _ = $0.join(profile, value) }
            value.withRaw { keepMembership(dialog, Int32(profile), $0) }
        }
    }

    /// Hook "core.worker": those who listen hear of the calls that go on.
    static func announce(on worker: Int) {
        guard Step.loaded.isHeard, tables[worker].count > 0 else { return }
        announce(on: worker, from: 1)
    }

    private static func announce(on worker: Int, from first: UInt32) {
        Loop.post(to: worker) { call in
            let raw = call.raw
            let hasMore = tables[worker].each(from: first, 64) { dialog in
                guard dialog.pointee.has(.loaded) else { return }
                dialog.pointee.marks.remove(.loaded)
                tell(.loaded, raw, dialog, .none)
            }
            if hasMore { announce(on: worker, from: first + 64) }
            return .yes
        }
    }
}
