// SPDX-License-Identifier: Apache-2.0
import CMartlet
import COpenSSL
import PluginKit

/// What a script has said of the connections that will be opened: tls_set_connect_server_id(), and the members of the
/// xavp that `xavp_cfg` names.
///
/// A message is sent before its connection is there, so what belongs to it is remembered by where it goes, on the
/// worker that sends it and that will own the connection.
enum Outgoing {
    struct Choice {
        var serverName: String?
        var serverID: String?
    }
    private struct Key: Hashable {
        let high, low: UInt64
        let port: UInt16
    }
    private struct Kept {
        /// Until a script says another.
        var serverID: String?
        var choices: [Key: Choice] = [:]
    }
    nonisolated(unsafe) private static var all: UnsafeMutablePointer<Kept>?

    /// [main]
    static func prepare() {
        let place = UnsafeMutablePointer<Kept>.allocate(capacity: Host.workers)
        place.initialize(repeating: Kept(), count: Host.workers)
        all = place
    }

    private static func own(_ worker: Int) -> UnsafeMutablePointer<Kept>? { all.map { $0 + worker } }

    static func setServerID(_ id: String?, on worker: Int) { own(worker)?.pointee.serverID = id }

    private static func key(_ flow: mt_flow) -> Key {
        withUnsafeBytes(of: flow.remote) {
            Key(
                high: $0.loadUnaligned(as: UInt64.self),
                low: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                port: flow.remote_port)
        }
    }

    /// A message is about to leave.
    static func note(_ message: Message, _ flow: mt_flow, on worker: Int) {
        guard let own = own(worker), flow.protocol == UInt32(MT_TLS), flow.connection == 0 else { return }
        var choice = Choice(serverName: nil, serverID: own.pointee.serverID)
        if let name = xavpName.string {
            choice.serverName = member(message, name, "server_name")
            choice.serverID = member(message, name, "server_id") ?? choice.serverID
        }
        let key = key(flow)
        if choice.serverName == nil, choice.serverID == nil {
            if !own.pointee.choices.isEmpty { own.pointee.choices[key] = nil }
            return
        }
        // Whoever sends to ever new addresses starts again.
        if own.pointee.choices.count >= 4096 { own.pointee.choices = [:] }
        own.pointee.choices[key] = choice
    }

    /// For a connection to there; what a script has said meanwhile, in event_route[tls:connection-out], counts too.
    static func choice(for flow: mt_flow, on worker: Int) -> Choice? {
        guard let own = own(worker) else { return nil }
        var choice = own.pointee.choices[key(flow)] ?? Choice()
        choice.serverID = choice.serverID ?? own.pointee.serverID
        return choice
    }

    private static func member(_ message: Message, _ root: String, _ name: String) -> String? {
        var value = mt_value()
        let found = root.withRaw { root in
            name.withRaw { Server.attribute.pointee.get(message.raw, UInt32(MT_A_XAVP), root, $0, 0, &value) }
        }
        guard found > 0, value.type == UInt32(MT_STR), value.str.len > 0 else { return nil }
        return String(Text(unchecked: value.str))
    }
}
