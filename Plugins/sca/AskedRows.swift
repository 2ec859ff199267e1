// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

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
