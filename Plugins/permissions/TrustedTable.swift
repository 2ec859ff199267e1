// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PermissionsLogic
import PluginKit
import Synchronization

/// The peers that are trusted: of the table, in memory, or asked for each time.
enum Trusted {
    static let peers = Shown(TrustedPeers())
    nonisolated(unsafe) private static var table: StoredTable?
    private static let lastReload = Atomic<Int>(0)
    private static let sourceIndex = 1

    /// [main], in `Start`. The table is asked for when the script calls allow_trusted().
    static func prepare() -> Bool {
        guard backends.value & 2 != 0, let url = databaseURL.value else { return true }
        typealias Column = StoredTable.Column
        table = StoredTable.open(
            String(trustedTable.value), revision: 6,
            [
                Column(name: String(sourceColumn.value), isText: true, length: 50, fallback: ""),
                Column(name: String(protocolColumn.value), isText: true, length: 4, fallback: ""),
                Column(name: String(fromColumn.value), isText: true, length: 64, fallback: nil),
                Column(name: String(uriColumn.value), isText: true, length: 64, fallback: nil),
                Column(name: String(tagColumn.value), isText: true, length: 64, fallback: nil),
                Column(name: String(priorityColumn.value), isText: false, length: 0, fallback: "0"),
            ], url)
        return table != nil
    }

    /// [main], at "core.ready".
    static func load() -> Bool {
        guard let table, databaseMode.value == 1 else { return true }
        return Reading.load(table) { peers.replace(gather($0)) }
    }

    private static func gather(_ rows: [Row]) -> TrustedPeers {
        var fresh = TrustedPeers()
        for row in rows {
            guard let source = row.text(1), !source.isEmpty else { continue }
            do throws(TrustedPeer.Fault) {
                fresh.add(
                    try TrustedPeer(
                        source: source, transport: row.text(2) ?? "any", from: row.text(3),
                        requestURI: row.text(4),
                        tag: row.text(5), priority: row.number(6) ?? 0))
            } catch {
                Host.log(.error, "the trusted peer \(source) is left out: \(error)")
            }
        }
        return fresh
    }

    /// permissions.trustedReload
    static func reload(_ answer: borrowing Answer) -> Outcome {
        guard let table else { return answer.fault(500, "there is no trusted table: db_url is not set") }
        guard databaseMode.value == 1 else {
            return answer.fault(500, "nothing is kept in memory: db_mode is 0")
        }
        guard Reloading.isDue(lastReload) else { return answer.fault(500, "ongoing reload") }
        return Reloading.run(answer, table) { peers.replace(gather($0)) }
    }

    // MARK: - allow_trusted()

    /// What is asked, in the message's memory.
    private struct Question: @unchecked Sendable {
        let source, transport, from: mt_str

        init(_ call: borrowing Call) {
            let message = call.message
            let source = call.argument(0).text
            let transport = call.argument(1).text
            let from = call.argument(2).text
            self.source = source.isEmpty ? message.keep(sourceText(message)).raw : source.raw
            self.transport = transport.isEmpty ? name(message.flow.transport) : transport.raw
            self.from = from.isEmpty ? message.fromURI.raw : from.raw
        }
    }

    static func allow(_ call: borrowing Call) -> Outcome {
        let question = Question(call)
        guard databaseMode.value == 0, let table else {
            return peers.read { answer(call, question, $0) }
        }
        let raw = call.raw
        var match = mt_match()
        match.column = UInt32(sourceIndex)
        match.op = UInt32(MT_EQ)
        match.value = mt_value(question.source)
        let found = Found()
        let then = Action { call in answer(call, Question(call), gather(found.rows)) }
        return call.wait(upTo: answerTimeout.value, then: then) { ticket in
            let isAsked = Reading.find(raw, table, match) { isGood, rows in
                if !isGood { Host.log(.error, "the database does not answer about \(trustedTable.value)") }
                found.rows = rows
                ticket.resume(.yes)
            }
            if !isAsked { ticket.resume(.no) }
        }
    }

    /// On one worker.
    private final class Found: @unchecked Sendable { var rows: [Row] = [] }

    private static func answer(_ call: borrowing Call, _ question: Question, _ peers: TrustedPeers) -> Outcome
    {
        var tags: [String?] = []
        peers.each(
            source: String(Text(unchecked: question.source)), transport: Text(unchecked: question.transport),
            from: Text(unchecked: question.from), requestURI: call.message.uri
        ) { peer in
            tags.append(peer.tag)
            return tagMode.value == 1
        }
        for tag in tags { Tag.give(tag, call) }
        return tags.isEmpty ? .no : .yes
    }
}

enum Tag {
    static func give(_ tag: String?, _ call: borrowing Call) {
        guard let tag, let variable = tagVariable.value else { return }
        call.write(variable, tag)
    }
}

func name(_ transport: Flow.Transport) -> mt_str {
    switch transport {
    case .udp: mt_str("udp")
    case .tcp: mt_str("tcp")
    case .tls: mt_str("tls")
    case .ws: mt_str("ws")
    case .wss: mt_str("wss")
    default: mt_str("sctp")
    }
}

/// Where it came from.
func source(_ message: Message) -> IPAddress {
    var flow = message.flow.raw
    return withUnsafePointer(to: &flow.remote) { IPAddress(bytes: UnsafeRawPointer($0)) }
}

func sourceText(_ message: Message) -> String { source(message).text }
