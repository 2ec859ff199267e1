// SPDX-License-Identifier: Apache-2.0
import CMartlet
import OutboundLogic
import PluginKit
import Synchronization

let flowOpened = Event("flow-opened", "The first token was given out for a flow. Data: outbound_flow.")
let flowFailed = Event(
    "flow-failed", "A connection is gone that tokens were given out for. Data: outbound_flow.")
let issuedTokens = Counter("issued", "Flow tokens that were given out.")
let verifiedTokens = Counter("verified", "Flow tokens that came back and lead somewhere.")
let forgedTokens = Counter("forged", "Flow tokens that are none of ours.")
let expiredTokens = Counter("expired", "Flow tokens that were older than flow_token_max_age.")
let deadTokens = Counter("dead", "Flow tokens whose connection is gone.")
let liveFlows = Counter(
    "flows", gauge: true, "Connections that tokens were given out for, and that are open.")
let failedFlows = Counter("failed", "Connections that tokens were given out for, and that have closed.")

/// All flows of this server, in parts, each behind a lock that is held for a look.
enum Flows {
    private final class Part: Sendable {
        let table = Mutex(FlowTable(mostDatagrams: Flows.mostDatagrams / Flows.count))
    }
    static let mostDatagrams = 1 << 20
    static let count = 64
    private static let parts = (0..<count).map { _ in Part() }

    private static func with<Result>(
        _ flow: FlowName, _ body: (inout sending FlowTable) -> sending Result
    ) -> sending Result {
        let mixed = (flow.remote.low ^ flow.remote.high ^ UInt64(flow.remote.port)) &* 0x9e37_79b9_7f4a_7c15
        return parts[Int(truncatingIfNeeded: mixed >> 58)].table.withLock(body)
    }

    static func find(_ flow: FlowName) -> FlowTable.Found { with(flow) { $0.find(flow) } }

    /// Answers whether it is the flow's first token.
    static func issued(_ flow: FlowName, _ raw: mt_flow) -> Bool {
        let now = Int64(Loop.clock / 1000)
        let isFirst = with(flow) {
            $0.issued(flow, connection: raw.connection, socket: raw.socket, at: now)
        }
        if isFirst, flow.transport.isStream { liveFlows.add() }
        return isFirst
    }

    // MARK: - hooks

    static func opened(_ call: borrowing Call) -> Outcome {
        guard let raw = call.data(as: mt_flow.self), let flow = FlowName(raw.pointee) else { return .yes }
        let now = Int64(Loop.clock / 1000)
        with(flow) {
            $0.opened(flow, connection: raw.pointee.connection, socket: raw.pointee.socket, at: now)
        }
        return .yes
    }

    static func closed(_ call: borrowing Call) -> Outcome {
        guard let raw = call.data(as: mt_flow.self), let flow = FlowName(raw.pointee) else { return .yes }
        let now = Int64(Loop.clock / 1000)
        let entry = with(flow) { $0.closed(flow, connection: raw.pointee.connection, at: now) }
        guard let entry else { return .yes }
        liveFlows.add(-1)
        failedFlows.add()
        guard flowFailed.isHeard,
            let blank = OwnMessage.request("OPTIONS", "sip:outbound@localhost.invalid")
        else { return .yes }
        tell(flowFailed, call, blank.message, raw.pointee, entry)
        return .yes
    }

    /// Some every second, so that nobody notices.
    static func sweep(_ step: Int) {
        parts[step % count].table.withLock { $0.sweep(at: Int64(Loop.clock / 1000)) }
    }

    // MARK: - telling

    static func tellOpened(_ call: borrowing Call, _ message: Message, _ flow: FlowName, _ raw: mt_flow) {
        guard flowOpened.isHeard, case .open(let entry) = find(flow) else { return }
        tell(flowOpened, call, message, raw, entry)
    }

    private static func tell(
        _ event: Event, _ call: borrowing Call, _ message: Message, _ raw: mt_flow, _ entry: FlowTable.Entry
    ) {
        let memory = message.allocate(MemoryLayout<outbound_flow>.stride)
        guard let start = memory.baseAddress else { return }
        let place = start.bindMemory(to: outbound_flow.self, capacity: 1)
        place.initialize(
            to: outbound_flow(flow: raw, opened: entry.opened, tokens: entry.tokens, reserved: 0))
        // Where $flow(...) finds it.
        message.slot = UInt64(UInt(bitPattern: place))
        event.emit(call, message, place)
    }

    /// A copy, so that whoever shows them holds nobody up.
    static func all() -> [(FlowName, FlowTable.Entry)] {
        var all: [(FlowName, FlowTable.Entry)] = []
        for part in parts { part.table.withLock { $0.each { all.append(($0, $1)) } } }
        return all
    }
}

extension FlowName {
    /// nil: it came from nowhere, as a request of our own, or by a transport that nobody knows.
    init?(_ raw: mt_flow) {
        let transport: FlowTransport
        switch Int(raw.protocol) {
        case MT_UDP: transport = .udp
        case MT_TCP: transport = .tcp
        case MT_TLS: transport = .tls
        case MT_WS: transport = .ws
        case MT_WSS: transport = .wss
        case MT_SCTP: transport = .sctp
        default: return nil
        }
        self.init(
            transport, local: FlowPoint(raw.local, port: raw.local_port),
            remote: FlowPoint(raw.remote, port: raw.remote_port))
    }

    var raw: mt_flow {
        var raw = mt_flow()
        raw.protocol =
            switch transport {
            case .udp: UInt32(MT_UDP)
            case .tcp: UInt32(MT_TCP)
            case .tls: UInt32(MT_TLS)
            case .sctp: UInt32(MT_SCTP)
            case .ws: UInt32(MT_WS)
            case .wss: UInt32(MT_WSS)
            }
        raw.remote_port = remote.port
        raw.local_port = local.port
        remote.put(&raw.remote)
        local.put(&raw.local)
        return raw
    }
}

extension FlowPoint {
    typealias Bytes = (
        UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8,
        UInt8,
        UInt8
    )

    init(_ bytes: Bytes, port: UInt16) {
        let (high, low) = withUnsafeBytes(of: bytes) {
            (
                $0.loadUnaligned(as: UInt64.self).bigEndian,
                $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
            )
        }
        self.init(high: high, low: low, port: port)
    }

    func put(_ bytes: inout Bytes) {
        withUnsafeMutableBytes(of: &bytes) {
            $0.storeBytes(of: high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
    }
}
