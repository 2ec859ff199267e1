// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

/// save(): a REGISTER's contacts go into the table, and its one reply leaves.
///
/// It may have to wait twice: until the record was read, where nothing is in memory, and until what it
/// changed is on the disk. What it then has to remember lies in the message's memory.
enum Save {
    /// What is known when the disk has it.
    private struct Done {
        let registration: Registration
        let code: Int
    }

    /// Kept over a wait: where the script stood.
    private struct Pending {
        var place: Where
        var done: Done?
    }

    private static let afterFetch = Action { call in
        guard let pending = pending(call) else { return .error }
        return save(call, place: pending.pointee.place, isFetched: true)
    }
    private static let afterWrite = Action { call in
        guard let pending = pending(call), let done = pending.pointee.done else { return .error }
        return answer(call, done, place: pending.pointee.place, outcome: call.result)
    }

    static func start(_ call: borrowing Call) -> Outcome { save(call, place: call.place, isFetched: false) }

    private static func pending(_ call: borrowing Call) -> UnsafeMutablePointer<Pending>? {
        UnsafeMutablePointer(bitPattern: UInt(call.message.slot))
    }

    private static func remember(_ call: borrowing Call, _ pending: Pending) {
        let memory = call.message.allocate(MemoryLayout<Pending>.stride)
        guard let start = memory.baseAddress else { return }
        let place = start.bindMemory(to: Pending.self, capacity: 1)
        place.initialize(to: pending)
        call.message.slot = UInt64(UInt(bitPattern: place))
    }

    private static func arguments(_ call: borrowing Call) -> (table: Table, flags: SaveFlags) {
        let table = Table.read(call.raw.pointee.args)
        return (table, SaveFlags(rawValue: number(call.argument(1).text) ?? 0))
    }

    /// Decimal, or hexadecimal with 0x.
    static func number(_ text: Text) -> Int? {
        guard text.hasPrefixIgnoringCase("0x") else { return text.integer }
        return Int(String(text.dropFirst(2)), radix: 16)
    }

    private static func save(_ call: borrowing Call, place: Where, isFetched: Bool) -> Outcome {
        let message = call.message
        let (table, flags) = arguments(call)
        guard table.raw != nil else {
            Host.log(.error, "save: there is no table of that name")
            return .no
        }
        var key = mt_str()
        do throws(Refusal) {
            let given = call.argument(2).text
            let uri = Configured.address(call, given: given, otherwise: message.toURI)
            key = try Key.of(uri, message)
            if !isFetched {
                remember(call, Pending(place: place, done: nil))
                let outcome = Waiting.fetch(call, table, key, then: afterFetch)
                if outcome == .suspended { return .suspended }
            }
            let registration = try Registration(
                message, uri, received: Configured.received(call), keepsTimes: flags.contains(.keepTimes))
            let code: Int
            switch registration.wish {
            case .query: code = 4
            case .removal: code = try remove(call, registration, table, flags)
            case .update: code = try update(call, registration, table, flags, place)
            }
            if code == Int(Outcome.suspended.code) { return .suspended }
            return Answering.accept(
                call, table, key, registration.facts, path: registration.path, flags, place: place, code: code
            )
        } catch {
            return Answering.refuse(call, error, table, key, path: pathOf(message), flags, place: place)
        }
    }

    /// For a refusal that shows it.
    private static func pathOf(_ message: Message) -> mt_str {
        do throws(Refusal) { return try PathReader(message).joined } catch { return mt_str() }
    }

    private static func update(
        _ call: borrowing Call, _ registration: Registration, _ table: Table, _ flags: SaveFlags,
        _ place: Where
    ) throws(Refusal) -> Int {
        var update = ul_update()
        update.size = UInt32(MemoryLayout<ul_update>.size)
        if flags.contains(.replace) { update.flags |= UInt32(UL_REPLACE) }
        if flags.contains(.memoryOnly) { update.flags |= UInt32(UL_MEMORY) }
        update.aor = registration.key
        update.contacts = registration.contacts.baseAddress
        update.count = UInt32(registration.contacts.count)
        update.max_contacts = UInt32(clamping: Configured(call.message).mostContacts)
        return try apply(call, &update, table, registration, place) { update in
            if registration.lastIsGone { return update.removed > 0 ? 3 : 1 }
            return update.updated > 0 ? 2 : 1
        }
    }

    /// Contact: *
    private static func remove(
        _ call: borrowing Call, _ registration: Registration, _ table: Table, _ flags: SaveFlags
    ) throws(Refusal) -> Int {
        for known in call.message.contacts(table, registration.key)
        where Text(unchecked: known.call_id).equals(registration.callID) && known.cseq > registration.cseq {
            throw .oldCSeq
        }
        var update = ul_update()
        update.size = UInt32(MemoryLayout<ul_update>.size)
        update.flags = UInt32(UL_REPLACE)
        if flags.contains(.memoryOnly) { update.flags |= UInt32(UL_MEMORY) }
        update.aor = registration.key
        let place = pending(call)?.pointee.place ?? call.place
        return try apply(call, &update, table, registration, place) { _ in 3 }
    }

    private static func apply(
        _ call: borrowing Call, _ update: inout ul_update, _ table: Table, _ registration: Registration,
        _ place: Where, _ code: (ul_update) -> Int
    ) throws(Refusal) -> Int {
        var result = mt_result(MT_OK)
        let raw = call.raw
        // What is answered comes before the wait, so it has to be kept for after it.
        let outcome = Waiting.ask(call, table, then: afterWrite) { done, user in
            result = usrloc.table.pointee.update(raw, table.raw, &update, done, user)
            if result == Outcome.suspended.code {
                remember(
                    Call(raw),
                    Pending(place: place, done: Done(registration: registration, code: code(update))))
            }
            return result
        }
        switch Int(result) {
        case Int(UL_OLD): throw .oldCSeq
        case Int(UL_FULL): throw .tooMany
        case Int(MT_OK): return code(update)
        case Int(MT_SUSPEND) where outcome == .suspended: return Int(outcome.code)
        // There is no waiting here: the answer goes ahead of the disk.
        case Int(MT_SUSPEND): return code(update)
        default: throw .storage
        }
    }

    private static func answer(
        _ call: borrowing Call, _ done: Done, place: Where, outcome: Outcome
    ) -> Outcome {
        let (table, flags) = arguments(call)
        let registration = done.registration
        // A database that is slow or gone: whether memory is enough is for the operator to say.
        if !outcome.isYes, usrloc.table.pointee.needs_database() {
            return Answering.refuse(
                call, .storage, table, registration.key, path: registration.path, flags, place: place)
        }
        return Answering.accept(
            call, table, registration.key, registration.facts, path: registration.path, flags, place: place,
            code: done.code)
    }
}
