// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit
import Synchronization

/// dlg.list_shared: what the database has, a part at a time.
final class SharedListing: @unchecked Sendable {
    private static let parts: UInt32 = 64

    private var part: UInt32 = 0
    /// Of the part that is being read: written on the first worker, read when that has answered.
    private var rows: [Shown] = []
    private var isGood = true
    private var ticket: Ticket?

    static func run(_ answer: borrowing Answer) -> Outcome { SharedListing().goOn(answer) }

    private func goOn(_ answer: borrowing Answer) -> Outcome {
        answer.call.wait(
            upTo: .seconds(30),
            then: Action { [self] call in
                let answer = Answer(call)
                guard call.result != .timeout, isGood else {
                    return answer.fault(500, "the database does not answer")
                }
                for row in rows { row.tell(answer) }
                rows.removeAll(keepingCapacity: true)
                part += 1
                return part < Self.parts ? goOn(answer) : .yes
            }
        ) { ticket in
            self.ticket = ticket
            Loop.post(to: 0) { [self] call in
                read(call.raw)
                return .yes
            }
        }
    }

    private func read(_ call: CallPointer) {
        let width = max(Settings.entries / Self.parts, 1)
        let isLast = part == Self.parts - 1
        let user = Unmanaged.passRetained(self)
        let isAsked = Storage.find(
            call, entries: (part * width, isLast ? nil : (part + 1) * width), Self.row, Self.done,
            user.toOpaque())
        guard !isAsked else { return }
        user.release()
        isGood = false
        ticket?.resume(.yes)
    }

    private static let row: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let row = raw.pointee.args,
            raw.pointee.argc >= UInt32(Column.allCases.count)
        else { return 1 }
        func text(_ column: Column) -> mt_str {
            let value = row[column.rawValue]
            return value.type == UInt32(MT_STR) ? value.str : mt_str("")
        }
        func number(_ column: Column) -> Int { Int(row[column.rawValue].num) }
        var shown = Shown()
        shown.add("server", SavedData(String(Text(unchecked: text(.data)))).server)
        shown.add("h_entry", number(.entry))
        shown.add("h_id", number(.number))
        shown.add("call-id", text(.callID))
        shown.add("from_uri", text(.fromURI))
        shown.add("to_uri", text(.toURI))
        shown.add("state", number(.state))
        shown.add("start_ts", number(.started))
        shown.add("timeout", number(.timeout))
        Unmanaged<SharedListing>.fromOpaque(user).takeUnretainedValue().rows.append(shown)
        return 1
    }

    private static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return 1 }
        let listing = Unmanaged<SharedListing>.fromOpaque(user).takeRetainedValue()
        listing.isGood = listing.isGood && raw.pointee.result > 0
        listing.ticket?.resume(.yes)
        return 1
    }
}
