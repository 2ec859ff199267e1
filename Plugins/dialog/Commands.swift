// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import Glibc
import PluginKit
import Synchronization

@Declarations func commands() -> [any Declaration] {
    listCommands()
    endCommands()
    profileCommands()
    otherCommands()
}

@Declarations private func listCommands() -> [any Declaration] {
    for (name, isFull): (StaticString, Bool) in [("dlg.list", false), ("dlg.list_ctx", true)] {
        Command(name, "All calls.") { answer in
            Listing.run(answer) { Shown($0, $1, isFull: isFull) }
        }
    }
    for (name, isFull): (StaticString, Bool) in [("dlg.dlg_list", false), ("dlg.dlg_list_ctx", true)] {
        Command(name, "The calls with that Call-ID.", Arg("callid", Text.self), Arg("ftag", Text?.self)) {
            answer, callID, tag in
            let worker = Int(Server.loop.pointee.worker(callID.raw))
            let (callID, tag) = (String(callID), string(tag))
            return Listing.run(answer, on: worker) { call, dialog in
                guard callID.withRaw({ isSame(dialog.text(.callID), $0) }),
                    tag?.withRaw({ isSame(dialog.text(.fromTag), $0) }) ?? true
                else { return nil }
                return Shown(call, dialog, isFull: isFull)
            } end: { answer, count in
                count == 0 ? answer.fault(404, "Dialog not found") : .yes
            }
        }
    }
    for (name, isFull): (StaticString, Bool) in [("dlg.list_match", false), ("dlg.list_match_ctx", true)] {
        Command(
            name, "The calls of which a key agrees with a value.", Arg("key", Text.self),
            Arg("op", Text.self),
            Arg("value", Text.self), Arg("limit", Int.self, default: "0")
        ) { answer, key, operation, value, limit in
            guard let match = ListMatch(key, operation, value) else {
                return answer.fault(
                    400, "the key is ruri, furi, turi, callid or start_ts, the operation eq, re, sw, gt or lt"
                )
            }
            return Listing.run(answer, most: limit > 0 ? limit : .max) { call, dialog in
                match.fits(dialog) ? Shown(call, dialog, isFull: isFull) : nil
            } end: { answer, count in
                count == 0 ? answer.fault(404, "Dialog not found") : .yes
            }
        }
    }
    Command("dlg.briefing", "All calls, in a few words each.", Arg("attributes", Text.self, default: "")) {
        answer, attributes in
        let letters = String(attributes)
        return Listing.run(answer) { brief($1, letters) }
    }
    Command("dlg.dump_file", "Adds all calls to a file, one JSON object a line.", Arg("file", Text.self)) {
        answer, path in
        let path = String(path)
        guard let file = DumpFile(path) else {
            return answer.fault(500, "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        return Listing.run(answer) {
            Shown($0, $1, isFull: false)
        } tell: { row, _ in
            file.write(json(.structure(row.fields)))
        } end: { answer, _ in
            file.close() ? .yes : answer.fault(500, "\(path) cannot be written to its end")
        }
    }
    Command("dlg.list_shared", "The calls of all servers on the database, as it has them.") { answer in
        Sharing.isOn
            ? SharedListing.run(answer) : answer.fault(400, "calls are not shared: that takes server_id")
    }
    Command("dlg.stats_active", "How many calls are in which state.") { answer in
        let counts = Mutex<[Int]>([0, 0, 0, 0])
        let shared = SharedCounts(counts)
        return Walk.run(answer) { _, dialog in
            let state = Int(dialog.pointee.life.state.rawValue)
            if state < 5, !dialog.pointee.isGuest { shared.add(state - 1) }
        } then: { answer in
            let all = shared.all
            answer.structure { answer in
                answer.put("starting", all[0])
                answer.put("connecting", all[1])
                answer.put("answering", all[2])
                answer.put("ongoing", all[3])
                answer.put("all", all.reduce(0, +))
            }
            return .yes
        }
    }
}

/// Lines behind those of a file. On the thread of the commands only.
private final class DumpFile: @unchecked Sendable {
    private var file: UnsafeMutablePointer<FILE>?
    private var isGood = true

    init?(_ path: String) {
        file = fopen(path, "a")
        if file == nil { return nil }
    }

    deinit { _ = close() }

    func write(_ line: String) {
        guard let file else { return }
        isGood = fputs(line + "\n", file) >= 0 && isGood
    }

    /// False: not all of it is there.
    func close() -> Bool {
        guard let file else { return isGood }
        self.file = nil
        return fclose(file) == 0 && isGood
    }
}

private final class SharedCounts: Sendable {
    private let counts: Mutex<[Int]>
    init(_ counts: consuming Mutex<[Int]>) { self.counts = counts }
    func add(_ index: Int) { counts.withLock { $0[index] += 1 } }
    var all: [Int] { counts.withLock { $0 } }
}

/// dlg.list_match's condition.
private struct ListMatch: Sendable {
    private enum Operation: Sendable {
        case equal
        case matches(Expressions)
        case startsWith, greater, less
    }
    private let part: Texts.Part?
    private let operation: Operation
    private let value: String
    private let number: Int

    init?(_ key: Text, _ operation: Text, _ value: Text) {
        switch String(key) {
        case "ruri": part = .requestURI
        case "furi": part = .fromURI
        case "turi": part = .toURI
        case "callid": part = .callID
        case "start_ts": part = nil
        default: return nil
        }
        self.value = String(value)
        number = value.integer ?? 0
        switch String(operation) {
        case "eq": self.operation = .equal
        case "sw": self.operation = .startsWith
        case "gt": self.operation = .greater
        case "lt": self.operation = .less
        case "re":
            guard let expression = Expressions(self.value) else { return nil }
            self.operation = .matches(expression)
        default: return nil
        }
    }

    func fits(_ dialog: DialogPointer) -> Bool {
        guard let part else {
            let started = Int(dialog.pointee.life.started)
            switch operation {
            case .greater: return started > number
            case .less: return started < number
            default: return started == number
            }
        }
        let text = String(Text(unchecked: dialog.text(part)))
        switch operation {
        case .equal: return text == value
        case .startsWith: return text.hasPrefix(value)
        case .greater: return text > value
        case .less: return text < value
        case .matches(let expression): return expression.matches(text)
        }
    }
}

/// A POSIX extended regular expression of a command's.
private final class Expressions: @unchecked Sendable {
    private let compiled: UnsafeMutablePointer<regex_t>

    init?(_ source: String) {
        compiled = .allocate(capacity: 1)
        compiled.initialize(to: regex_t())
        if regcomp(compiled, source, REG_EXTENDED | REG_NOSUB) != 0 {
            compiled.deallocate()
            return nil
        }
    }

    deinit {
        regfree(compiled)
        compiled.deallocate()
    }

    func matches(_ text: String) -> Bool { regexec(compiled, text, 0, nil, 0) == 0 }
}

private func brief(_ dialog: DialogPointer, _ letters: String) -> Shown {
    var row = Shown()
    let life = dialog.pointee.life
    row.add("h_entry", Int(dialog.pointee.entry))
    row.add("h_id", Int(dialog.pointee.id))
    let wanted = letters.isEmpty ? "ftrcCiosld" : letters
    for letter in wanted {
        switch letter {
        case "f": row.add("from_uri", dialog.text(.fromURI))
        case "t": row.add("to_uri", dialog.text(.toURI))
        case "r": row.add("req_uri", dialog.text(.requestURI))
        case "c": row.add("call-id", dialog.text(.callID))
        case "C": row.add("state", Int(life.state.rawValue))
        case "i": row.add("from_tag", dialog.text(.fromTag))
        case "o": row.add("to_tag", dialog.text(.toTag))
        case "s": row.add("start_ts", Int(life.started))
        case "l": row.add("timeout", Int(life.deadline))
        case "d": row.add("init_ts", Int(life.created))
        default: break
        }
    }
    return row
}

private func json(_ value: Shown.Value) -> String {
    switch value {
    case .number(let number): "\(number)"
    case .text(let text):
        "\""
            + text.unicodeScalars.map { scalar -> String in
                switch scalar {
                case "\"", "\\": "\\\(scalar)"
                case "\n": "\\n"
                case "\r": "\\r"
                case "\t": "\\t"
                case "\u{0}"..<" ": " "
                default: String(scalar)
                }
            }.joined() + "\""
    case .list(let values): "[" + values.map { json($0) }.joined(separator: ",") + "]"
    case .structure(let fields):
        "{" + fields.map { "\(json(.text($0.0))):\(json($0.1))" }.joined(separator: ",") + "}"
    }
}

// MARK: - ending

@Declarations private func endCommands() -> [any Declaration] {
    Command(
        "dlg.end_dlg", "Ends the call with those numbers.", Arg("h_entry", Int.self), Arg("h_id", Int.self),
        Arg("headers", Text?.self)
    ) { answer, entry, id, headers in
        let headers = string(headers)
        let box = Box<Outcome>()
        return Walk.search(answer) { call, dialog in
            guard dialog.isNamed(entry, id) else { return true }
            let outcome = headers.withRaw {
                terminate(call, dialog, .both, .ended, reason: mt_str("Ended by an operator"), headers: $0)
            }
            box.put(outcome)
            return false
        } then: { answer in
            box.take()?.isYes == true ? .yes : answer.fault(404, "Dialog not found")
        }
    }
    Command(
        "dlg.terminate_dlg", "Ends the call with those names.", Arg("callid", Text.self),
        Arg("ftag", Text.self), Arg("ttag", Text.self)
    ) { answer, callID, fromTag, toTag in
        named(answer, callID, fromTag, toTag) { call, dialog in
            terminate(
                call, dialog, .both, .ended, reason: mt_str("Ended by an operator"), headers: mt_str())
        } then: { answer, outcome in
            outcome?.isYes == true ? .yes : answer.fault(500, "Dialog not found")
        }
    }
    Command(
        "dlg.set_state", "Sets the state of a call: confirmed, or deleted.", Arg("callid", Text.self),
        Arg("ftag", Text.self), Arg("ttag", Text.self), Arg("state", Text.self)
    ) { answer, callID, fromTag, toTag, state in
        let isDeleted = state.equalsIgnoringCase("deleted") || state.equals("5")
        let isConfirmed = state.hasPrefixIgnoringCase("confirmed") || state.equals("4")
        guard isDeleted || isConfirmed else {
            return answer.fault(400, "a call can be made confirmed or deleted; the rest follows its messages")
        }
        return named(answer, callID, fromTag, toTag) { call, dialog in
            perform(
                isDeleted
                    ? dialog.pointee.life.end(.ended, at: Now.seconds) : dialog.pointee.life.acknowledged(),
                call, dialog, .none)
            return .yes
        } then: { answer, outcome in
            outcome == nil ? answer.fault(404, "Dialog not found") : .yes
        }
    }
    Command(
        "dlg.is_alive", "Is there a call with those names?", Arg("callid", Text.self), Arg("ftag", Text.self),
        Arg("ttag", Text.self)
    ) { answer, callID, fromTag, toTag in
        named(answer, callID, fromTag, toTag) { _, dialog in
            Outcome(dialog.pointee.life.isCall)
        } then: { answer, outcome in
            guard let outcome else { return answer.fault(404, "Dialog not found") }
            guard outcome.isYes else { return answer.fault(500, "Dialog is not ongoing") }
            answer.put("state", "Alive")
            return .yes
        }
    }
}

/// What becomes of the call with those names; nil: there is none.
private func named(
    _ answer: borrowing Answer, _ callID: Text, _ fromTag: Text, _ toTag: Text,
    _ body: @escaping @Sendable (CallPointer, DialogPointer) -> Outcome,
    then: @escaping @Sendable (borrowing Answer, Outcome?) -> Outcome
) -> Outcome {
    let worker = Int(Server.loop.pointee.worker(callID.raw))
    let names = (String(callID), String(fromTag), String(toTag))
    let box = Box<Outcome>()
    return answer.call.wait(upTo: .seconds(10), then: Action { then(Answer($0), box.take()) }) { ticket in
        @Sendable func search(_ call: CallPointer) -> DialogPointer? {
            names.0.withRaw { callID in
                names.1.withRaw { fromTag in names.2.withRaw { find(call, callID, fromTag, $0) } }
            }
        }
        @Sendable func act(_ call: CallPointer) {
            if let dialog = search(call) {
                dialog.pointee.pins += 1
                box.put(body(call, dialog))
                unpin(call, dialog)
            }
            ticket.resume(.yes)
        }
        Loop.post(to: worker) { call in
            if Sharing.isOn, search(call.raw) == nil {
                // Another server's, perhaps.
                names.0.withRaw { GuestLoading.run(call.raw, $0, attempts: 1) { act($0) } }
            } else {
                act(call.raw)
            }
            return .yes
        }
    }
}

// MARK: - profiles

@Declarations private func profileCommands() -> [any Declaration] {
    Command(
        "dlg.profile_get_size", "How many calls belong to a profile.", Arg("profile", Text.self),
        Arg("value", Text?.self)
    ) { answer, name, value in
        guard let profile = Profiles.index(name) else { return answer.fault(404, "Profile not found") }
        answer.put(size(profile, string(value)))
        return .yes
    }
    Command(
        "dlg.profile_list", "The calls that do.", Arg("profile", Text.self), Arg("value", Text?.self)
    ) { answer, name, value in
        guard let profile = Profiles.index(name) else { return answer.fault(404, "Profile not found") }
        let value = string(value)
        return Listing.run(answer) { call, dialog in
            let isIn = value.withRaw { isMember(dialog, profile, $0.ptr == nil ? nil : $0) }
            return isIn ? Shown(call, dialog, isFull: false) : nil
        }
    }
    Command(
        "dlg.profile_get_values", "The values of a profile, and how many calls have each.",
        Arg("profile", Text.self)
    ) {
        answer, name in
        guard let profile = Profiles.index(name) else { return answer.fault(404, "Profile not found") }
        let now = Loop.clock / 1000
        for (value, count) in Profiles.with({ $0.values(profile, now: now) }) {
            answer.structure { answer in
                answer.put("value", value)
                answer.put("count", count)
            }
        }
        return .yes
    }
}

@Declarations private func otherCommands() -> [any Declaration] {
    Command(
        "dlg.bridge_dlg", "Calls one, and refers him to the other.", Arg("from", Text.self),
        Arg("to", Text.self), Arg("op", Text.self, default: "")
    ) { answer, from, to, hop in
        let outcome = Bridge.start(from: String(from), to: String(to), hop: String(hop))
        return outcome.isYes ? .yes : answer.fault(500, "the call cannot be made")
    }
}
