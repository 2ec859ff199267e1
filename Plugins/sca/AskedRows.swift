// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// Rows that the database is asked for. It lives until they are there.
class AskedRows: @unchecked Sendable {
    /// They are there, all of them.
    private(set) final var isRead = false
    private final let width: Int

    /// - Parameter width: how many columns the table has.
    init(width: Int) { self.width = width }

    /// False: they cannot be asked for. Else `take` is called for each row, then `end`, on this worker.
    @discardableResult
    func ask(_ call: CallPointer, _ store: OpaquePointer?, _ matches: [mt_match]) -> Bool {
        guard let store else { return false }
        let held = Unmanaged.passRetained(self)
        if Storage.find(call, store, matches, Self.row, Self.done, held.toOpaque()) { return true }
        held.release()
        return false
    }

    func take(_ row: ReadRow) {}
    func end(_ call: CallPointer) {}

    private static let row: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let asked = Unmanaged<AskedRows>.fromOpaque(user).takeUnretainedValue()
        if let row = ReadRow(call, width: asked.width) { asked.take(row) }
        return 1
    }

    private static let done: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let asked = Unmanaged<AskedRows>.fromOpaque(user).takeRetainedValue()
        asked.isRead = call.pointee.result > 0
        asked.end(call)
        return 1
    }
}

extension Group.RowKey {
    /// What tells its row from all others.
    func with<Result>(_ body: ([mt_match]) -> Result) -> Result {
        func match(_ column: SubscriptionColumn, _ text: mt_str) -> mt_match {
            mt_match(column: UInt32(column.rawValue), op: UInt32(MT_EQ), value: mt_value(text))
        }
        return contact.withRaw { contact in
            callID.withRaw { callID in
                fromTag.withRaw { fromTag in
                    toTag.withRaw { toTag in
                        body([
                            match(.subscriber, contact), match(.callID, callID), match(.fromTag, fromTag),
                            match(.toTag, toTag),
                        ])
                    }
                }
            }
        }
    }
}

/// A row that was read.
struct ReadRow {
    private let values: UnsafePointer<mt_value>

    init?(_ call: CallPointer, width: Int) {
        guard let values = call.pointee.args, Int(call.pointee.argc) >= width else { return nil }
        self.values = values
    }

    /// As long as the row.
    @_lifetime(immortal) func text(_ column: Int) -> Text {
        let value = values[column]
        return Text(unchecked: value.type == UInt32(MT_STR) ? value.str : mt_str())
    }
    func string(_ column: Int) -> String { String(text(column)) }
    func number(_ column: Int) -> Int {
        let value = values[column]
        return value.type == UInt32(MT_INT) ? Int(value.num) : text(column).integer ?? 0
    }
}
