// SPDX-License-Identifier: Apache-2.0
import SQLLogic

/// One database, and its lanes: as many connections as it may have, each with its tables. All that is asked of one
/// table goes through one lane, so it is done in the order in which it was asked for.
public final class Database: @unchecked Sendable {
    /// What it is known by: a path, or a URL.
    public let name: String
    /// The same for people, without a password.
    public let shown: String
    let dialect: Dialect
    let settings: StoreSettings
    let open: () throws(SQLFailure) -> any StoreConnection
    let wellbeing = Wellbeing()
    /// Called for each row that is not taken, by any thread. Set before `start`.
    public var refused: () -> Void = {}
    /// Nil: it does not tell anybody of what is written.
    private(set) var listener: Listener?
    private let most: Int
    private var lanes: [Lane] = []
    private var tables = 0

    public init(
        _ name: String, shown: String? = nil, _ dialect: Dialect, _ settings: StoreSettings,
        connections: Int = 1, news: NewsSource? = nil,
        open: @escaping () throws(SQLFailure) -> any StoreConnection
    ) {
        self.name = name
        self.shown = shown ?? name
        self.dialect = dialect
        self.settings = settings
        self.open = open
        most = max(connections, 1)
        listener = news.map { Listener($0, of: self) }
    }

    var isServer: Bool { dialect != .sqlite }

    /// [main], before `start`.
    func add(_ layout: TableLayout) -> OpenTable {
        for lane in lanes {
            if let known = lane.tables.first(where: { $0.layout == layout }) { return known }
        }
        if lanes.count < most { lanes.append(Lane(lanes.count, of: self)) }
        defer { tables += 1 }
        return lanes[tables % most].add(layout)
    }

    public func start() -> Bool { lanes.allSatisfy { $0.start() } }

    public func stop() {
        for lane in lanes { lane.stop() }
        listener?.stop()
    }
}
