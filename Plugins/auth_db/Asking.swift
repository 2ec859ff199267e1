// SPDX-License-Identifier: Apache-2.0
import Auth_dbLogic
import CMartlet
import Glibc
import PluginKit

/// What the database said of somebody: the row that was found, until the script has gone on.
final class Answer: @unchecked Sendable {
    enum Found { case nobody, somebody, nothing }
    private(set) var found = Found.nothing
    /// By column; nil is NULL. On one worker.
    private(set) var texts: [[CChar]?] = []

    fileprivate var ticket: Ticket?

    func text(_ column: Int) -> [CChar] { column < texts.count ? texts[column] ?? [] : [] }

    fileprivate static let row: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let values = raw.pointee.args else {
            return Outcome.error.code
        }
        let answer = Unmanaged<Answer>.fromOpaque(user).takeUnretainedValue()
        // One is enough, and there should be no others.
        guard answer.texts.isEmpty else { return Outcome.yes.code }
        answer.texts = (0..<Int(raw.pointee.argc)).map { index in
            let value = values[index]
            if value.type == UInt32(MT_INT) {
                return Array(String(value.num).utf8.map { CChar(bitPattern: $0) })
            }
            guard value.type == UInt32(MT_STR) else { return nil }
            return Array(UnsafeBufferPointer(start: value.str.ptr, count: value.str.len))
        }
        return Outcome.yes.code
    }

    fileprivate static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let answer = Unmanaged<Answer>.fromOpaque(user).takeRetainedValue()
        if raw.pointee.result > 0 { answer.found = answer.texts.isEmpty ? .nobody : .somebody }
        answer.ticket?.resume(.yes)
        return Outcome.yes.code
    }
}

extension Subscribers {
    /// Asks for somebody, and goes on with `then` when the database has answered. The worker does not wait.
    ///
    /// - Parameter domain: absent: whichever.
    func ask(
        _ call: borrowing Call, user: mt_str, domain: mt_str,
        then: @escaping @Sendable (borrowing Call, Answer) -> Outcome
    ) -> Outcome {
        let answer = Answer()
        let held = Unmanaged.passRetained(answer)
        let raw = call.raw
        let code = withUnsafeTemporaryAllocation(of: mt_match.self, capacity: 2) { matches in
            func match(_ column: Int, _ text: mt_str) -> mt_match {
                var match = mt_match()
                match.column = UInt32(column)
                match.op = UInt32(MT_EQ)
                match.value = mt_value(text)
                return match
            }
            matches.initializeElement(at: 0, to: match(Settings.columns.user, user))
            matches.initializeElement(at: 1, to: match(Settings.columns.domain, domain))
            return api.pointee.find(
                raw, store, matches.baseAddress, domain.ptr == nil ? 1 : 2, Answer.row, Answer.done,
                held.toOpaque())
        }
        guard code > 0 else {
            held.release()
            Host.log(.error, "the database cannot be asked for \(name)")
            return .no
        }
        // What it answers comes by this worker's loop: not before the script has been put aside.
        let action = Action { call in
            if call.result == .timeout { Host.log(.warning, "the database did not answer in time") }
            return then(call, answer)
        }
        return call.wait(upTo: answerTimeout.value, then: action) { answer.ticket = $0 }
    }
}

extension Answer {
    /// What `load_credentials` asks for goes into its variables.
    func load(_ call: borrowing Call) {
        for (index, column) in Settings.columns.loaded.enumerated() {
            guard column < texts.count, let text = texts[column] else { continue }
            text.withUnsafeBufferPointer {
                let value = Text(unchecked: mt_str(ptr: $0.baseAddress, len: $0.count))
                call.write(Settings.variables[index], call.message.keep(value))
            }
        }
    }
}
