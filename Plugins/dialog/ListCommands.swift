// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import Glibc
import PluginKit
import Synchronization

/// The commands that tell of calls.
@Declarations func listCommands() -> [any Declaration] {
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
