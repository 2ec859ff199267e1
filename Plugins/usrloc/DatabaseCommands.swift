// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization
import UsrlocLogic

/// ul.db_*: what the database has.
@Declarations func databaseCommands() -> [any Declaration] {
    Command("ul.db_users", "How many users the database has.", Arg("table", Text.self)) { answer, table in
        count(answer, table, column: UInt32(Column.username.rawValue), onlyExpired: false)
    }
    Command("ul.db_contacts", "How many contacts the database has.", Arg("table", Text.self)) {
        answer, table in
        count(answer, table, column: UInt32.max, onlyExpired: false)
    }
    Command("ul.db_expired_contacts", "How many of them have expired.", Arg("table", Text.self)) {
        answer, table in
        count(answer, table, column: UInt32.max, onlyExpired: true)
    }
}

/// The database answers on a worker; the command waits for it.
private final class Counting: Sendable {
    let ticket: Ticket
    let number: Number
    final class Number: Sendable { let value = Atomic<Int>(-1) }

    init(_ ticket: Ticket, _ number: Number) {
        self.ticket = ticket
        self.number = number
    }

    static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let counting = Unmanaged<Counting>.fromOpaque(user).takeRetainedValue()
        if raw.pointee.result > 0, raw.pointee.argc > 0 {
            counting.number.value.store(Int(raw.pointee.args[0].num), ordering: .relaxed)
        }
        counting.ticket.resume(.yes)
        return Outcome.yes.code
    }
}

private func count(
    _ answer: borrowing Answer, _ table: Text, column: UInt32, onlyExpired: Bool
) -> Outcome {
    guard let domain = Domain.find(table.raw) else { return answer.fault(500, "Domain table not found") }
    guard let database = domain.database else {
        return answer.fault(500, "There is no database: db_mode is 0")
    }
    let number = Counting.Number()
    let call = answer.call
    let raw = call.raw
    let then = Action { call in
        let count = number.value.load(ordering: .relaxed)
        let answer = Answer(call)
        guard count >= 0 else { return answer.fault(500, "The database does not answer") }
        answer.put(count)
        return .yes
    }
    return call.wait(upTo: .seconds(10), then: then) { ticket in
        let counting = Unmanaged.passRetained(Counting(ticket, number))
        var match = mt_match()
        match.column = UInt32(Column.expires.rawValue)
        match.op = UInt32(MT_LE)
        match.value = mt_value(Domain.now)
        let code = database.api.pointee.count(
            raw, database.store, column, &match, onlyExpired ? 1 : 0, Counting.done, counting.toOpaque())
        if code <= 0 {
            counting.release()
            ticket.resume(.error)
        }
    }
}
