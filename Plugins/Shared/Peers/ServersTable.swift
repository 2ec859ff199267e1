// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The table of servers: a row for each plugin that shares something, and each server.
final class ServersTable: @unchecked Sendable {
    enum Column: Int, CaseIterable {
        case id, service, server, boot, seen, state, heir

        var name: StaticString {
            switch self {
            case .id: "id"
            case .service: "service"
            case .server: "server_id"
            case .boot: "boot"
            case .seen: "seen"
            case .state: "state"
            case .heir: "heir"
            }
        }
    }

    private let api: UnsafePointer<mt_store_api>
    private let store: OpaquePointer
    private let service: String

    /// [main] Nil: the server has been told why.
    init?(_ url: StorageURL, _ name: String, service: String) {
        guard let api = url.store, let store = ServersTable.open(url, api, name) else { return nil }
        self.api = api
        self.store = store
        self.service = service
    }

    private static func open(_ url: StorageURL, _ api: UnsafePointer<mt_store_api>, _ name: String)
        -> OpaquePointer?
    {
        let empty: StaticString = ""
        let zero: StaticString = "0"
        func column(_ column: Column) -> mt_column {
            var made = mt_column()
            made.name = pointer(column.name)
            switch column {
            case .id: (made.type, made.key) = (UInt32(MT_INT), UInt32(MT_SERIAL))
            case .service, .boot:
                (made.type, made.length, made.fallback) = (UInt32(MT_STR), 64, pointer(empty))
            case .server, .seen, .state, .heir: (made.type, made.fallback) = (UInt32(MT_INT), pointer(zero))
            }
            if column == .service || column == .server { made.key = UInt32(MT_KEY) }
            return made
        }
        let columns = Column.allCases.map(column)
        let index = [mt_index(columns: pointer("service,server_id"), unique: 1, reserved: 0)]
        var opened: OpaquePointer?
        let code = columns.withUnsafeBufferPointer { columns in
            index.withUnsafeBufferPointer { index in
                name.withCString { name in
                    var table = mt_table()
                    table.name = name
                    table.revision = 1
                    table.columns = mt_list(
                        items: columns.baseAddress, count: UInt32(columns.count),
                        stride: UInt32(MemoryLayout<mt_column>.stride))
                    table.indexes = mt_list(
                        items: index.baseAddress, count: 1, stride: UInt32(MemoryLayout<mt_index>.stride))
                    return api.pointee.open(Server.host, url.text, &table, &opened)
                }
            }
        }
        return code > 0 ? opened : nil
    }

    private static func pointer(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    // MARK: - asking

    /// Writes the row of a server.
    /// - Parameters:
    ///   - expected: only when that is what is there, or nothing is; nil: whatever there is.
    ///   - isExact: its time counts as well.
    ///   - done: nil: the database did not do it. False: something else is there.
    func write(
        _ call: UnsafeMutablePointer<mt_call>, _ peer: Peer, over expected: Peer?, isExact: Bool = true,
        _ done: @escaping (UnsafeMutablePointer<mt_call>, Bool?) -> Void
    ) {
        let question = Question { call, rows in done(call, rows.map { $0 > 0 }) }
        let held = Unmanaged.passRetained(question)
        let code = service.withRaw { service in
            peer.boot.withRaw { boot in
                var row = [mt_value](repeating: mt_value(), count: Column.allCases.count)
                row[Column.service.rawValue] = mt_value(service)
                row[Column.server.rawValue] = mt_value(peer.server)
                row[Column.boot.rawValue] = mt_value(boot)
                row[Column.seen.rawValue] = mt_value(peer.seen)
                row[Column.state.rawValue] = mt_value(peer.state.rawValue)
                row[Column.heir.rawValue] = mt_value(peer.heir)
                return row.withUnsafeBufferPointer { row -> mt_result in
                    guard let row = row.baseAddress else { return mt_result(MT_ERROR) }
                    guard let expected else {
                        return api.pointee.put(call, store, row, Question.done, held.toOpaque())
                    }
                    return claim(call, row, expected, isExact, held.toOpaque())
                }
            }
        }
        if code <= 0 {
            held.release()
            done(call, nil)
        }
    }

    private func claim(
        _ call: UnsafeMutablePointer<mt_call>, _ row: UnsafePointer<mt_value>, _ expected: Peer,
        _ isExact: Bool, _ user: UnsafeMutableRawPointer
    ) -> mt_result {
        func match(_ column: Column, _ value: mt_value) -> mt_match {
            mt_match(column: UInt32(column.rawValue), op: UInt32(MT_EQ), value: value)
        }
        return expected.boot.withRaw { boot in
            let matches = [
                match(.boot, mt_value(boot)), match(.state, mt_value(expected.state.rawValue)),
                match(.heir, mt_value(expected.heir)), match(.seen, mt_value(expected.seen)),
            ]
            return matches[..<(isExact ? 4 : 3)].withUnsafeBufferPointer {
                api.pointee.claim(
                    call, store, row, $0.baseAddress, UInt32($0.count), Question.done, user)
            }
        }
    }

    /// All rows of the service; nil: they cannot be read.
    func read(
        _ call: UnsafeMutablePointer<mt_call>,
        _ done: @escaping (UnsafeMutablePointer<mt_call>, [Peer]?) -> Void
    ) {
        let reading = Question { _, _ in }
        reading.done = { [unowned reading] call, number in done(call, number == nil ? nil : reading.peers) }
        let held = Unmanaged.passRetained(reading)
        let code = service.withRaw { service in
            var match = mt_match(
                column: UInt32(Column.service.rawValue), op: UInt32(MT_EQ), value: mt_value(service))
            return api.pointee.find(call, store, &match, 1, Question.row, Question.done, held.toOpaque())
        }
        if code <= 0 {
            held.release()
            done(call, nil)
        }
    }
}

/// What was asked of the table, until it answers.
private final class Question {
    var done: (UnsafeMutablePointer<mt_call>, Int?) -> Void
    var peers: [Peer] = []

    init(_ done: @escaping (UnsafeMutablePointer<mt_call>, Int?) -> Void) { self.done = done }

    static let row: mt_fn = { call in
        guard let call, let user = call.pointee.user, let values = call.pointee.args,
            Int(call.pointee.argc) >= ServersTable.Column.allCases.count
        else { return 1 }
        func number(_ column: ServersTable.Column) -> Int { Int(values[column.rawValue].num) }
        let boot = values[ServersTable.Column.boot.rawValue]
        let question = Unmanaged<Question>.fromOpaque(user).takeUnretainedValue()
        question.peers.append(
            Peer(
                server: number(.server),
                boot: boot.type == UInt32(MT_STR) ? String(Text(unchecked: boot.str)) : "",
                seen: number(.seen), state: Peer.State(rawValue: number(.state)) ?? .runs,
                heir: number(.heir)))
        return 1
    }

    /// Of put() there is no number: it is done.
    static let done: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let question = Unmanaged<Question>.fromOpaque(user).takeRetainedValue()
        guard call.pointee.result > 0 else {
            question.done(call, nil)
            return 1
        }
        question.done(call, call.pointee.argc > 0 ? call.pointee.args.map { Int($0[0].num) } ?? 1 : 1)
        return 1
    }
}
