// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Worker

/// "martlet.net": sockets and sending.
extension mt_net_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_net_api> = {
        let table = UnsafeMutablePointer<mt_net_api>.allocate(capacity: 1)
        var api = mt_net_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_net_api>.size), major: 1, minor: 0)
        api.names()
        api.sending()
        api.filtering()
        table.initialize(to: api)
        return UnsafePointer(table)
    }()

    private mutating func names() {
        sockets = { UInt32(SocketTexts.shared.count) }
        socket = { SocketTexts.shared.text($0) }
        socket_name = { SocketTexts.shared.name($0) }
        advertised = { socket in
            host.network?._withUnsafeGuaranteedRef { $0.advertised(socket) }.mt ?? mt_str()
        }
        find_socket = { text in SocketTexts.find(text) }
        mine = { raw in
            guard let raw else { return false }
            let uri = URI(raw.pointee)
            let transport = Destination.transport(of: uri)
            return host.network?._withUnsafeGuaranteedRef {
                $0.isMine(host: uri.host, port: uri.port, transport: transport)
            } ?? false
        }
    }

    private mutating func sending() {
        send = { call, message, flow, sent, user in
            guard let call, let message, let state = WorkerState.current else { return mt_result(MT_ERROR) }
            var sending = Sending(Message(message), on: state)
            sending.outcome = sent.flatMap { function in
                call.pointee.host.map { Sending.Outcome(function: function, owner: $0, user: user) }
            }
            return sending.send(along: flow?.pointee)
        }
        send_next = { call, message, sent, user in
            guard let call, let message, let state = WorkerState.current else { return mt_result(MT_ERROR) }
            var sending = Sending(Message(message), on: state)
            sending.outcome = sent.flatMap { function in
                call.pointee.host.map { Sending.Outcome(function: function, owner: $0, user: user) }
            }
            return sending.sendNext()
        }
        send_bytes = { bytes, flow in
            guard let flow, bytes.len > 0 else { return mt_result(MT_ERROR) }
            if let state = WorkerState.current {
                let result = state.pointee.worker._withUnsafeGuaranteedRef {
                    $0.send(Slice(bytes).bytes, to: flow.pointee)
                }
                return mt_result(result == .queued ? MT_OK : result == .gone ? MT_GONE : MT_ERROR)
            }
            guard let group = host.group?.takeUnretainedValue() else { return mt_result(MT_ERROR) }
            group.send(Slice(bytes).bytes, to: flow.pointee)
            return mt_result(MT_OK)
        }
        close = { flow in
            guard let flow, flow.pointee.connection != 0, let group = host.group else {
                return mt_result(MT_ERROR)
            }
            return group._withUnsafeGuaranteedRef {
                guard $0.isOpen(flow.pointee.connection) else { return mt_result(MT_GONE) }
                $0.close(flow.pointee)
                return mt_result(MT_OK)
            }
        }
        hold = { flow, seconds in
            guard let flow, flow.pointee.connection != 0, let group = host.group else {
                return mt_result(MT_ERROR)
            }
            return group._withUnsafeGuaranteedRef {
                guard $0.isAlive(flow.pointee.connection) else { return mt_result(MT_GONE) }
                $0.hold(flow.pointee, seconds: seconds)
                return mt_result(MT_OK)
            }
        }
        block = { flow, seconds, why in
            guard let flow, let group = host.group else { return mt_result(MT_ERROR) }
            return group._withUnsafeGuaranteedRef {
                let isTaken = $0.blocklist.add(
                    flow.pointee.remoteEndpoint, flow.pointee.transport,
                    because: Blocklist.Reason(rawValue: why), for: seconds < 0 ? nil : Int(seconds))
                return mt_result(isTaken ? MT_OK : MT_NO)
            }
        }
    }

    /// For plugins that offer "filter.NAME".
    private mutating func filtering() {
        arrived = { stage, bytes in
            Self.stage(stage) { $0.arrived($1, Slice(bytes)) }
        }
        wire = { stage, bytes in
            Self.stage(stage) { $0.wire($1, Slice(bytes)) }
        }
        ended = { stage, why in
            Self.stage(stage) { $0.ended($1, Slice(why)) }
        }
        ready = { stage in
            Self.stage(stage) { $0.ready($1) }
        }
        message = { stage, bytes in
            Self.stage(stage) { $0.arrivedWhole($1, Slice(bytes)) }
        }
        read = { stage, bytes in
            guard let stage, let state = WorkerState.current else { return nil }
            return state.pointee.worker._withUnsafeGuaranteedRef {
                $0.read(StagePointer(stage), Slice(bytes))?.opaque
            }
        }
        flow = { stage in stage.map { StagePointer($0).pointee.flow } }
        upgrade = { flow, answer in
            guard let flow, let state = WorkerState.current else { return mt_result(MT_ERROR) }
            let upgraded = state.pointee.worker._withUnsafeGuaranteedRef {
                $0.upgrade(flow.pointee, Slice(answer))
            }
            switch upgraded {
            case .done: return mt_result(MT_OK)
            case .unfit: return mt_result(MT_NO)
            case .gone: return mt_result(MT_GONE)
            }
        }
    }

    @inline(__always)
    private static func stage(_ stage: OpaquePointer?, _ body: (Worker, StagePointer) -> Bool) -> mt_result {
        guard let stage, let state = WorkerState.current else { return mt_result(MT_ERROR) }
        return state.pointee.worker._withUnsafeGuaranteedRef {
            mt_result(body($0, StagePointer(stage)) ? MT_OK : MT_GONE)
        }
    }
}

/// The texts of the sockets, as plugins may keep them. They change once: when the sockets are opened, ports that were
/// 0 get their real number.
struct SocketTexts {
    private var texts: UnsafeMutablePointer<mt_str>
    private var names: UnsafeMutablePointer<mt_str>
    private(set) var count = 0

    nonisolated(unsafe) static var shared = SocketTexts([])

    init(_ sockets: [ListenSocket]) {
        texts = .allocate(capacity: max(sockets.count, 1))
        names = .allocate(capacity: max(sockets.count, 1))
        for (index, socket) in sockets.enumerated() {
            (texts + index).initialize(to: Immortal.text(socket.text))
            (names + index).initialize(to: socket.name.map { Immortal.text($0) } ?? mt_str())
        }
        count = sockets.count
    }

    func text(_ socket: UInt32) -> mt_str { Int(socket) < count ? texts[Int(socket)] : mt_str() }
    func name(_ socket: UInt32) -> mt_str { Int(socket) < count ? names[Int(socket)] : mt_str() }

    /// UINT32_MAX: there is none. Exact texts first, which costs no allocation; then in every form that is understood.
    static func find(_ text: mt_str) -> UInt32 {
        let wanted = Slice(text)
        for index in 0..<UInt32(shared.count)
        where Slice(shared.text(index)) == wanted || Slice(shared.name(index)) == wanted { return index }
        return host.network?.takeUnretainedValue().socket(named: wanted.string) ?? .max
    }
}
