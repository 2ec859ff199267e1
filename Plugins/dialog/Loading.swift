// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// The calls of before the restart: read on the main thread, before any traffic, into the tables of the workers that
/// their messages will come to.
class Loading {
    /// By entry and id in one word: the numbers of those that were restored.
    private(set) var loaded: [UInt64: UInt64] = [:]
    private var skipped = 0
    /// Calls of others are left alone; nil: there are no workers yet.
    let onlyWorker: Int?

    init(onlyFor worker: Int? = nil) { onlyWorker = worker }

    /// Hook "core.ready". `.error`: there is no knowing which calls there are, and `db_required` wants that known.
    static func run() -> Outcome {
        guard let dialogs = Storage.dialogs, let variables = Storage.variables, skipsLoading.value == 0 else {
            return .yes
        }
        let loading = Loading()
        let user = Unmanaged.passUnretained(loading).toOpaque()
        guard Storage.load(dialogs, row, user), Storage.load(variables, variableRow, user) else {
            if databaseRequired.value != 0 { return .error }
            Host.log(
                .warning,
                "dialogs are in memory only: their database cannot be read, and is caught up with when it can"
            )
            LateLoading.isMissed()
            return .yes
        }
        Host.log(.info, "\(loading.loaded.count) calls go on; \(loading.skipped) rows were of no use")
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
        if let dialog = restore(row, Int(raw.pointee.argc)) {
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
    static func restore(_ row: UnsafePointer<mt_value>, _ columns: Int) -> DialogPointer? {
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
        let fromTag = text(.fromTag)
        let toTag = text(.toTag)
        let known = tables[worker].first(callID) {
            isSame($0.text(.fromTag), fromTag) && isSame($0.text(.toTag), toTag)
        }
        guard known == nil else { return nil }
        let callerWay = data.texts["callerWay"].flatMap { Rows.way($0) }
        let calleeWay = data.texts["calleeWay"].flatMap { Rows.way($0) }
        let made = with(callerWay) { callerWay in
            with(calleeWay) { calleeWay in
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
        setSocket(text(.callerSocket), &dialog.pointee.callerSocket, dialog)
        setSocket(text(.calleeSocket), &dialog.pointee.calleeSocket, dialog)
        restoreLife(dialog, state, number(.started), number(.timeout), data)
        restoreOwners(dialog, data)
        let route = text(.route)
        if route.len > 0 {
            dialog.pointee.route = Server.script.pointee.route(Server.host, UInt32(MT_IN_REQUEST), route)
            if dialog.pointee.route == 0 {
                Host.log(.warning, "there is no route \(Text(unchecked: route)) any more, for a time-out")
            }
        }
        dialog.pointee.marks.formUnion([.stored, .loaded])
        countLoaded(dialog)
        arm(dialog)
        startPings(dialog)
        return dialog
    }

    private static func with<Result>(_ way: Way?, _ body: (mt_str) -> Result) -> Result {
        way.map { $0.with(body) } ?? body(mt_str())
    }

    private static func setSocket(_ name: mt_str, _ socket: inout UInt16, _ dialog: DialogPointer) {
        guard name.len > 0 else { return }
        let found = Server.net.pointee.find_socket(name)
        guard found != .max else {
            Host.log(.warning, "there is no socket \(Text(unchecked: name)) any more: the default is used")
            dialog.pointee.marks.insert(.foreign)
            return
        }
        socket = UInt16(truncatingIfNeeded: found)
    }

    /// A lifetime that ran out meanwhile is over now.
    private static func restoreLife(
        _ dialog: DialogPointer, _ state: Life.State, _ started: UInt32, _ timeout: UInt32, _ data: SavedData
    ) {
        func saved(_ name: String) -> UInt32 { UInt32(truncatingIfNeeded: data.numbers[name] ?? 0) }
        let now = Now.seconds
        let lifetime = data.numbers["lifetime"] == nil ? UInt32(defaultTimeout.value) : saved("lifetime")
        let owner = data.texts["owner"].flatMap { Owners.number($0) } ?? 0
        dialog.pointee.life = Life(
            restored: state, created: data.numbers["created"] == nil ? started : saved("created"),
            started: started == 0 ? now : started, lifetime: lifetime,
            deadline: timeout == 0 ? now : timeout, limit: saved("limit"), wish: saved("wish"),
            warning: saved("warning"), owner: UInt8(owner))
    }

    private static func restoreOwners(_ dialog: DialogPointer, _ data: SavedData) {
        if let words = dialog.pointee.words {
            for owner in 0..<Owners.count {
                words[owner] = UInt64(bitPattern: Int64(data.numbers["@\(Owners.name(owner + 1))"] ?? 0))
            }
        }
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
