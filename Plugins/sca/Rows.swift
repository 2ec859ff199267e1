// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import ScaLogic

/// The columns of "sca_subscriptions", version 2, in the order in which rows have them.
enum SubscriptionColumn: Int, CaseIterable {
    case id, subscriber, aor, event, expires, state, index, callID, fromTag, toTag, routes, notifySequence,
        subscribeSequence, serverID

    var name: StaticString {
        switch self {
        case .id: "id"
        case .subscriber: "subscriber"
        case .aor: "aor"
        case .event: "event"
        case .expires: "expires"
        case .state: "state"
        case .index: "app_idx"
        case .callID: "call_id"
        case .fromTag: "from_tag"
        case .toTag: "to_tag"
        case .routes: "record_route"
        case .notifySequence: "notify_cseq"
        case .subscribeSequence: "subscribe_cseq"
        case .serverID: "server_id"
        }
    }
}

/// The columns of "sca_state", version 1.
enum StateColumn: Int, CaseIterable {
    case id, aor, index, state, role, owner, callee, uri, callID, fromTag, toTag, peerAoR, peerIndex, created,
        modified, deadline, serverID

    var name: StaticString {
        switch self {
        case .id: "id"
        case .aor: "aor"
        case .index: "app_idx"
        case .state: "state"
        case .role: "role"
        case .owner: "owner"
        case .callee: "callee"
        case .uri: "app_uri"
        case .callID: "call_id"
        case .fromTag: "from_tag"
        case .toTag: "to_tag"
        case .peerAoR: "peer_aor"
        case .peerIndex: "peer_idx"
        case .created: "created"
        case .modified: "modified"
        case .deadline: "deadline"
        case .serverID: "server_id"
        }
    }
}

/// The columns of "sca_groups", version 1.
enum GroupColumn: Int, CaseIterable {
    case id, aor, member, maximum

    var name: StaticString {
        switch self {
        case .id: "id"
        case .aor: "aor"
        case .member: "member"
        case .maximum: "maximum"
        }
    }
}

/// Lines as rows.
enum Rows {
    static func openSubscriptions(_ url: StorageURL) -> OpaquePointer? {
        var layout = Layout()
        for column in SubscriptionColumn.allCases {
            switch column {
            case .id: layout.add(column.name, MT_INT, key: MT_SERIAL)
            case .subscriber, .callID: layout.add(column.name, MT_STR, key: MT_KEY, length: 255, "")
            case .fromTag, .toTag: layout.add(column.name, MT_STR, key: MT_KEY, length: 128, "")
            case .aor: layout.add(column.name, MT_STR, length: 255, "")
            case .routes: layout.add(column.name, MT_STR)
            case .event, .expires, .state, .index, .notifySequence, .subscribeSequence, .serverID:
                layout.add(column.name, MT_INT, "0")
            }
        }
        return layout.open(
            url, String(subscriptionsTable.value), revision: 2,
            [
                ("subscriber,call_id,from_tag,to_tag", true), ("server_id,expires", false),
                ("subscriber,event", false),
            ])
    }

    static func openStates(_ url: StorageURL) -> OpaquePointer? {
        var layout = Layout()
        for column in StateColumn.allCases {
            switch column {
            case .id: layout.add(column.name, MT_INT, key: MT_SERIAL)
            case .aor: layout.add(column.name, MT_STR, key: MT_KEY, length: 255, "")
            case .index: layout.add(column.name, MT_INT, key: MT_KEY, "0")
            case .owner, .callee, .callID, .peerAoR, .uri: layout.add(column.name, MT_STR, length: 255, "")
            case .fromTag, .toTag: layout.add(column.name, MT_STR, length: 128, "")
            case .state, .role, .peerIndex, .created, .modified, .deadline, .serverID:
                layout.add(column.name, MT_INT, "0")
            }
        }
        return layout.open(
            url, String(stateTable.value), revision: 1,
            [("aor,app_idx", true), ("server_id,modified", false)])
    }

    static func openGroups(_ url: StorageURL, _ name: String) -> OpaquePointer? {
        var layout = Layout()
        for column in GroupColumn.allCases {
            switch column {
            case .id: layout.add(column.name, MT_INT, key: MT_SERIAL)
            case .aor: layout.add(column.name, MT_STR, length: 255, "")
            case .member: layout.add(column.name, MT_STR, length: 255, "")
            case .maximum: layout.add(column.name, MT_INT, "0")
            }
        }
        return layout.open(url, name, revision: 1, [("aor", false)])
    }

    /// A table as it is described to the store.
    private struct Layout: ~Copyable {
        private var columns: [mt_column] = []
        private var texts: [UnsafeMutablePointer<CChar>] = []

        init() {}
        deinit { for text in texts { free(text) } }

        private mutating func text(_ text: String) -> UnsafePointer<CChar>? {
            guard let copy = strdup(text) else { return nil }
            texts.append(copy)
            return UnsafePointer(copy)
        }

        mutating func add(
            _ name: StaticString, _ type: Int, key: Int = 0, length: Int = 0, _ fallback: String? = nil
        ) {
            let fallback = fallback.flatMap { text($0) }
            columns.append(
                mt_column(
                    name: UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self),
                    type: UInt32(type), key: UInt32(key), length: UInt32(length), reserved: 0,
                    fallback: fallback))
        }

        mutating func open(
            _ url: StorageURL, _ name: String, revision: UInt32,
            _ indexes: [(columns: String, isUnique: Bool)]
        ) -> OpaquePointer? {
            guard let store = url.store else { return nil }
            let indexes = indexes.map {
                mt_index(columns: text($0.columns), unique: $0.isUnique ? 1 : 0, reserved: 0)
            }
            var table = mt_table()
            table.name = text(name)
            table.revision = revision
            var opened: OpaquePointer?
            return columns.withUnsafeBufferPointer { columns in
                indexes.withUnsafeBufferPointer { indexes in
                    table.columns = mt_list(
                        items: columns.baseAddress, count: UInt32(columns.count),
                        stride: UInt32(MemoryLayout<mt_column>.stride))
                    table.indexes = mt_list(
                        items: indexes.baseAddress, count: UInt32(indexes.count),
                        stride: UInt32(MemoryLayout<mt_index>.stride))
                    guard store.pointee.open(Server.host, url.text, &table, &opened) > 0 else { return nil }
                    return opened
                }
            }
        }
    }

    // MARK: - writing

    /// A row that is being put together: texts stay until it is lent.
    struct Row {
        fileprivate var numbers: [(Int, Int)] = []
        fileprivate var texts: [(Int, String)] = []
        fileprivate let width: Int

        mutating func put(_ column: Int, _ number: Int) { numbers.append((column, number)) }
        mutating func put(_ column: Int, _ text: String) { texts.append((column, text)) }

        func with(_ body: (UnsafePointer<mt_value>) -> mt_result) -> mt_result {
            var row = [mt_value](repeating: mt_value(), count: width)
            for (column, number) in numbers { row[column] = mt_value(number) }
            return lend(&row, 0, body)
        }

        private func lend(
            _ row: inout [mt_value], _ at: Int, _ body: (UnsafePointer<mt_value>) -> mt_result
        ) -> mt_result {
            guard at < texts.count else {
                return row.withUnsafeBufferPointer { body($0.baseAddress.unsafelyUnwrapped) }
            }
            return texts[at].1.withRaw { text in
                row[texts[at].0] = mt_value(text)
                return lend(&row, at + 1, body)
            }
        }
    }

    static func row(_ aor: String, _ one: Subscription) -> Row {
        var row = Row(width: SubscriptionColumn.allCases.count)
        func put(_ column: SubscriptionColumn, _ number: Int) { row.put(column.rawValue, number) }
        func put(_ column: SubscriptionColumn, _ text: String) { row.put(column.rawValue, text) }
        put(.subscriber, one[.contact])
        put(.aor, aor)
        put(.event, Int(one.package.rawValue))
        put(.expires, Int((one.expires + 999) / 1000))
        put(.state, 0)
        put(.index, Int(one.index))
        put(.callID, one[.callID])
        put(.fromTag, one[.fromTag])
        put(.toTag, one[.toTag])
        if !one[.routes].isEmpty { put(.routes, one[.routes]) }
        put(.notifySequence, Int(one.notifySequence) + 1)
        put(.subscribeSequence, Int(one.subscribeSequence) + 1)
        put(.serverID, serverID.value)
        return row
    }

    /// - Parameter stamp: among several servers, what it is known by from here on.
    static func row(_ group: Group, _ index: Int, at stamp: Int64) -> Row {
        guard let one = group.appearance(index) else {
            return row(group.aor, Appearance(index: index, state: .idle, at: stamp))
        }
        guard Sharing.isOn else { return row(group.aor, one) }
        group.setVersion(index, stamp)
        var row = row(group.aor, one)
        row.put(StateColumn.modified.rawValue, Int(stamp))
        return row
    }

    /// The index of the row that says until when a line has telephones at this server, and its state.
    static var announcement: Int { -1 - serverID.value }
    private static let known = 8

    static func row(_ group: Group, until moment: Int64, at stamp: Int64) -> Row {
        var row = row(group.aor, Appearance(index: announcement, state: .idle, at: stamp))
        row.put(StateColumn.state.rawValue, moment == 0 ? 0 : known)
        row.put(StateColumn.deadline.rawValue, Int(moment))
        return row
    }

    static func match(_ column: StateColumn, _ number: Int, _ op: Int = Int(MT_EQ)) -> mt_match {
        mt_match(column: UInt32(column.rawValue), op: UInt32(op), value: mt_value(number))
    }
    static func match(_ column: SubscriptionColumn, _ number: Int) -> mt_match {
        mt_match(column: UInt32(column.rawValue), op: UInt32(MT_EQ), value: mt_value(number))
    }

    static func row(_ aor: String, _ one: Appearance) -> Row {
        var row = Row(width: StateColumn.allCases.count)
        func put(_ column: StateColumn, _ number: Int) { row.put(column.rawValue, number) }
        func put(_ column: StateColumn, _ text: String) { row.put(column.rawValue, text) }
        put(.aor, aor)
        put(.index, one.index)
        put(.state, Int(one.state.rawValue))
        put(.role, one.isCallee ? 1 : 0)
        put(.owner, one.owner)
        put(.callee, one.farContact)
        put(.uri, one.display)
        put(.callID, one.call.callID)
        put(.fromTag, one.call.fromTag)
        put(.toTag, one.call.toTag)
        put(.peerAoR, one.peer?.aor ?? "")
        put(.peerIndex, one.peer?.index ?? 0)
        put(.created, Int(one.created))
        put(.modified, Int(one.modified))
        put(.deadline, Int(one.deadline))
        put(.serverID, serverID.value)
        return row
    }
}
