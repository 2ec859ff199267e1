// SPDX-License-Identifier: Apache-2.0
import CMartlet
import SQLLogic
import Synchronization

/// A table that a plugin has opened: what is behind its mt_store. It lives as long as the process.
public final class OpenTable: @unchecked Sendable {
    public let layout: TableLayout
    public let putSQL: String
    unowned let lane: Lane
    /// Why it cannot be used, though the database is there. Under the lane's lock.
    public var refusal: (what: String, help: String)?
    /// Rows that the database has refused, each told once. Under the lane's lock.
    private var refusedRows: Set<Int> = []
    private static let mostRefused = 10_000

    /// False: that was told before.
    func isNews(_ row: Int) -> Bool {
        if refusedRows.count >= Self.mostRefused { refusedRows = [] }
        return refusedRows.insert(row).inserted
    }

    /// Others are to hear of what is written to it.
    let isWatched = Atomic<Bool>(false)

    init(_ layout: TableLayout, in lane: Lane, _ dialect: Dialect) {
        self.layout = layout
        self.lane = lane
        putSQL = Statement.put(layout, dialect)
    }

    var opaque: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    static func of(_ store: OpaquePointer?) -> OpenTable? {
        store.map { Unmanaged<OpenTable>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
    }
}
