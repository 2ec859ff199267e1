// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization

/// A counter of all connections and its twin of those that speak SIP, as monitoring knows them from elsewhere. What
/// MSRP would count stays 0.
struct Pair: Sendable {
    private let all, sip: Counter

    fileprivate init(_ all: Counter, _ sip: Counter) {
        self.all = all
        self.sip = sip
    }

    func add(_ count: Int = 1) {
        all.add(count)
        sip.add(count)
    }

    var declarations: [Counter] { [all, sip] }
}

private let current = Pair(
    Counter("ws_current_connections", gauge: true, "Connections that are open."),
    Counter("ws_sip_current_connections", gauge: true, "Those that speak SIP."))
private let most = Pair(
    Counter("ws_max_concurrent_connections", gauge: true, "The most that were open at once."),
    Counter("ws_sip_max_concurrent_connections", gauge: true, "Those that speak SIP."))
let acceptedHandshakes = Pair(
    Counter("ws_successful_handshakes", "Handshakes that were accepted."),
    Counter("ws_sip_successful_handshakes", "Those for SIP."))
let refusedHandshakes = Counter("ws_failed_handshakes", "Handshakes that were refused.")
let failedConnections = Pair(
    Counter(
        "ws_failed_connections", "Ends without a Close, by a fault in the protocol, or for lack of an answer."
    ),
    Counter("ws_sip_failed_connections", "Those that spoke SIP."))
let locallyClosed = Pair(
    Counter("ws_local_closed_connections", "Connections that the server closed."),
    Counter("ws_sip_local_closed_connections", "Those that spoke SIP."))
let remotelyClosed = Pair(
    Counter("ws_remote_closed_connections", "Connections that the peer closed."),
    Counter("ws_sip_remote_closed_connections", "Those that spoke SIP."))
let receivedFrames = Pair(
    Counter("ws_received_frames", "Frames that arrived."),
    Counter("ws_sip_received_frames", "Those of connections that speak SIP."))
let sentFrames = Pair(
    Counter("ws_transmitted_frames", "Frames that were sent."),
    Counter("ws_sip_transmitted_frames", "Those of connections that speak SIP."))
let sentKeepAlives = Counter("ws_keepalives_sent", "Keep-alives that were sent.")
let droppedMessages = Counter(
    "ws_dropped_messages", "Messages that were to be sent on a connection that was being closed.")

private let msrp = [
    Counter("ws_msrp_current_connections", gauge: true, "Always 0."),
    Counter("ws_msrp_max_concurrent_connections", gauge: true, "Always 0."),
    Counter("ws_msrp_successful_handshakes", "Always 0."),
    Counter("ws_msrp_failed_connections", "Always 0."),
    Counter("ws_msrp_local_closed_connections", "Always 0."),
    Counter("ws_msrp_remote_closed_connections", "Always 0."),
    Counter("ws_msrp_received_frames", "Always 0."),
    Counter("ws_msrp_transmitted_frames", "Always 0."),
]

@Declarations func counters() -> [any Declaration] {
    for pair in [
        current, most, acceptedHandshakes, failedConnections, locallyClosed, remotelyClosed, receivedFrames,
        sentFrames,
    ] { pair.declarations }
    [refusedHandshakes, sentKeepAlives, droppedMessages]
    msrp
}

/// The connections that are open, under numbers of their own: the server's are too large for those who carry commands.
enum Census {
    private struct Numbers {
        var last: Int32 = 0
        var most = 0
        var ofConnection: [UInt64: Int32] = [:]
        var ofNumber: [Int32: UInt64] = [:]

        /// One that nobody has; they come again after two thousand million.
        mutating func free() -> Int32 {
            repeat { last = last == .max ? 1 : last + 1 } while ofNumber[last] != nil
            return last
        }
    }
    private static let numbers = Mutex(Numbers())

    static func enter(_ connection: UInt64) -> Int {
        let (number, isRecord) = numbers.withLock { numbers in
            let number = numbers.free()
            numbers.ofConnection[connection] = number
            numbers.ofNumber[number] = connection
            let isRecord = numbers.ofNumber.count > numbers.most
            if isRecord { numbers.most = numbers.ofNumber.count }
            return (number, isRecord)
        }
        current.add()
        if isRecord { most.add() }
        return Int(number)
    }

    static func leave(_ connection: UInt64) {
        numbers.withLock { numbers in
            guard let number = numbers.ofConnection.removeValue(forKey: connection) else { return }
            numbers.ofNumber[number] = nil
        }
        current.add(-1)
    }

    static func number(of connection: UInt64) -> Int? {
        numbers.withLock { $0.ofConnection[connection] }.map { Int($0) }
    }

    static func connection(_ number: Int) -> UInt64? {
        Int32(exactly: number).flatMap { number in numbers.withLock { $0.ofNumber[number] } }
    }
}
