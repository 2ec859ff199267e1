// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PathLogic
import PluginKit
import Synchronization

typealias Source = ReceivedValue

extension ReceivedValue {
    init(_ flow: mt_flow) {
        var flow = flow
        let isV4 = withUnsafeBytes(of: flow.remote) {
            $0[0..<10].allSatisfy { $0 == 0 } && $0[10] == 255 && $0[11] == 255
        }
        let host = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
            withUnsafeBytes(of: &flow.remote) { bytes in
                _ = inet_ntop(
                    isV4 ? AF_INET : AF_INET6, bytes.baseAddress.unsafelyUnwrapped + (isV4 ? 12 : 0),
                    room.baseAddress, socklen_t(room.count))
            }
            return String(cString: room.baseAddress.unsafelyUnwrapped)
        }
        let transport =
            switch Int(flow.protocol) {
            case MT_TCP: 2
            case MT_TLS: 3
            case MT_SCTP: 4
            case MT_WS: 5
            case MT_WSS: 6
            default: 1
            }
        self.init(host: host, port: Int(flow.remote_port), transport: transport)
    }
}

/// The addresses that REGISTERs came from.
enum Seen {
    private static let sources = Mutex(SeenSources(most: 1 << 20))
    private static var now: Int64 { Int64(Loop.clock / 1000) }

    static func note(_ source: Source) {
        let (uri, now) = (source.uri, now)
        sources.withLock { $0.note(uri, at: now) }
    }
    static func knows(_ source: Source) -> Bool {
        let (uri, now) = (source.uri, now)
        return sources.withLock { $0.knows(uri, at: now) }
    }
}

/// Hook "rr.routed": a Route of ours was taken. To where its `received` says, if that was written here.
func followReceived(_ call: borrowing Call) -> Outcome {
    guard useReceived.value != 0, call.hasMessage, let routed = call.data(as: rr_routed.self) else {
        return .yes
    }
    let message = call.message
    // A flow token says better where to.
    if (message.number(.options) ?? 0) & Int(MT_O_FLOW) != 0 { return .yes }
    guard let value = Text(unchecked: routed.pointee.params).param(receivedName.value), !value.isEmpty else {
        return .yes
    }
    guard let source = Source(String(value)), Seen.knows(source) else {
        // Or anybody could have this server send to anybody.
        unknownReceived.add()
        Host.log(
            .warning, "a Route has \(receivedName.value)=\(value), which was not written here: not followed")
        return .yes
    }
    message.set(.nextHop, source.uri)
    return .yes
}
