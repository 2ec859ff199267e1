// SPDX-License-Identifier: Apache-2.0
import CMartlet
import NathelperLogic
import PluginKit
import Synchronization

/// Keeps the way to contacts open: a few bytes, or a request, to each of them every `natping_interval`
/// seconds.
///
/// One part of each table at a time, so that they are spread over the interval.
enum Ping {
    private static let sent = Counter("pings", "Pings that were sent.")
    private static let sentSIP = Counter("sip_pings", "Of those, SIP requests.")
    private static let failed = Counter("failed_pings", "Pings for which there was no way.")
    private static let lost = Counter(
        "lost_contacts", "Contacts that were taken away because they did not answer.")
    static var counters: [any Declaration] { [sent, sentSIP, failed, lost] }

    /// Set by `prepare`.
    nonisolated(unsafe) private static var socket: Socket?
    nonisolated(unsafe) private static var otherSocket: Socket?
    nonisolated(unsafe) private static var tag = ""
    private static let part = Atomic<Int>(0)
    private static let serial = Atomic<Int>(1)

    /// Since when somebody has not answered, by the name of the contact. Unix time.
    private static let silent = Mutex<[String: Int]>([:])

    static func prepare() -> Outcome {
        for (name, value) in [
            ("natping_socket", String(pingSocket.value)), ("force_socket", String(forceSocket.value)),
        ] where !value.isEmpty {
            guard let found = Socket.named(value) else {
                return Host.fail(
                    "\(name) \"\(value)\" is no socket of this server",
                    help: "write it as its listen line does")
            }
            if name == "natping_socket" { socket = found } else { otherSocket = found }
        }
        if sipFlag.value >= 0, pingInterval.value > 0, sipFrom.value == nil {
            return Host.fail(
                "sipping_bflag needs sipping_from", help: "whom the pings are from, as sip:pinger@example.com"
            )
        }
        if pingInterval.value > 0, sipFlag.value < 0, keepaliveTimeout.value > 0 {
            return Host.fail(
                "keepalive_timeout needs answers", help: "set sipping_bflag: only SIP pings are answered")
        }
        tag = String(UInt64.random(in: .min ... .max), radix: 16)
        return .yes
    }

    /// On the first worker.
    static func start() {
        guard pingInterval.value > 0 else { return }
        guard usrloc.isThere else {
            Host.log(.warning, "natping_interval has no effect: usrloc is not loaded")
            return
        }
        let parts = Int(usrloc.table.pointee.parts())
        Loop.every(.milliseconds(max(pingInterval.value * 1000 / max(parts, 1), 1)), on: 0) { call in
            let part = part.add(1, ordering: .relaxed).oldValue % max(parts, 1)
            var table = usrloc.table.pointee.next_table(nil)
            while let now = table {
                let round = Round(table: now)
                withExtendedLifetime(round) {
                    usrloc.table.pointee.visit(
                        call.raw, now, UInt32(part), each, Unmanaged.passUnretained(round).toOpaque())
                }
                table = usrloc.table.pointee.next_table(now)
            }
            return .yes
        }
    }

    private final class Round {
        let table: OpaquePointer
        init(table: OpaquePointer) { self.table = table }
    }

    private static let each: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let data = raw.pointee.data else {
            return Outcome.error.code
        }
        let table = Unmanaged<Round>.fromOpaque(user).takeUnretainedValue().table
        ping(raw, table, data.assumingMemoryBound(to: ul_contact.self).pointee)
        return Outcome.yes.code
    }

    private static func has(_ contact: ul_contact, _ flag: Int) -> Bool {
        flag >= 0 && contact.cflags >> UInt32(flag) & 1 != 0
    }

    private static func ping(
        _ call: UnsafeMutablePointer<mt_call>, _ table: OpaquePointer, _ contact: ul_contact
    ) {
        if has(contact, pingDisabled.value) { return }
        if pingsNatedOnly.value, !has(contact, Int(usrloc.table.pointee.nat_flag())) { return }
        if filtersServer.value, Int(contact.server_id) != serverID.value { return }
        guard has(contact, sipFlag.value) else {
            if !sendBytes(contact) { failed.add() }
            return
        }
        if keepaliveTimeout.value > 0, isLost(contact) {
            silent.withLock { $0[String(Text(unchecked: contact.ruid))] = nil }
            lost.add()
            _ = usrloc.table.pointee.remove(call, table, contact.aor, contact.ruid)
            return
        }
        if !sendRequest(Call(call), contact) { failed.add() }
    }

    private static func isLost(_ contact: ul_contact) -> Bool {
        let now = Loop.clock / 1000
        let since = silent.withLock { $0[String(Text(unchecked: contact.ruid))] }
        guard let since else { return false }
        return now - since >= keepaliveTimeout.value
    }

    /// Where it goes: the first hop of its Path if that is wanted, where it came from, or its URI.
    private static func target(_ contact: ul_contact) -> mt_str {
        if pingsPath.value, contact.path.len > 0 {
            var list = Text(unchecked: contact.path)
            if let hop = list.takeAddress() { return hop.uri.raw }
        }
        return contact.received.len > 0 ? contact.received : contact.uri
    }

    // MARK: - a few bytes

    private static func sendBytes(_ contact: ul_contact) -> Bool {
        guard let uri = URI(Text(unchecked: target(contact))), let address = AddressBytes(uri.host) else {
            return false
        }
        if let transport = uri.param("transport"), !transport.equalsIgnoringCase("udp") { return true }
        guard let socket = socket ?? own(contact) ?? otherSocket ?? anySocket(isIPv6: address.v4 == nil)
        else {
            return false
        }
        var flow = mt_flow()
        flow.protocol = UInt32(MT_UDP)
        flow.socket = socket.index
        flow.remote_port = UInt16(uri.port ?? 5060)
        withUnsafeMutablePointer(to: &flow.remote) { address.write(to: UnsafeMutableRawPointer($0)) }
        guard Flow(flow).send("\0\0\0\0" as StaticString).isYes else { return false }
        sent.add()
        return true
    }

    private static func own(_ contact: ul_contact) -> Socket? {
        guard contact.socket != UL_NO_SOCKET else { return nil }
        let socket = Socket(index: contact.socket)
        return socket.text.hasPrefix("udp:") ? socket : nil
    }

    private static func anySocket(isIPv6: Bool) -> Socket? {
        for index in 0..<Socket.count {
            let socket = Socket(index: UInt32(index))
            guard socket.text.hasPrefix("udp:"), socket.text.hasPrefix("udp:[") == isIPv6 else { continue }
            return socket
        }
        return nil
    }

    // MARK: - a request

    private static func sendRequest(_ call: borrowing Call, _ contact: ul_contact) -> Bool {
        guard let from = sipFrom.value, let own = OwnMessage.request(sipMethod.value, contact.uri) else {
            return false
        }
        let request = own.message
        let number = serial.add(1, ordering: .relaxed).oldValue
        tag.withRaw { tag in
            request.append("From: <\(from)>;tag=\(tag)")
            request.append("To: <\(contact.uri)>")
            request.append("Call-ID: natping-\(number)-\(contact.ruid)")
            request.append("CSeq: 1 \(sipMethod.value)")
        }
        request.append("Max-Forwards: 70")
        request.append("Content-Length: 0")
        if contact.path.len > 0 {
            var list = Text(unchecked: contact.path)
            request.append("Route: \(contact.path)")
            if let hop = list.takeAddress() { request.set(.nextHop, hop.uri) }
        } else if contact.received.len > 0 {
            request.set(.nextHop, contact.received)
        }
        if let socket {
            request.set(.outSocket, Int(socket.index))
        } else if contact.socket != UL_NO_SOCKET {
            request.set(.outSocket, Int(contact.socket))
        } else if let otherSocket {
            request.set(.outSocket, Int(otherSocket.index))
        }
        let name = String(Text(unchecked: contact.ruid))
        if keepaliveTimeout.value > 0 {
            let now = Loop.clock / 1000
            silent.withLock { if $0[name] == nil { $0[name] = now } }
        }
        guard request.send(call).isYes else { return false }
        sent.add()
        sentSIP.add()
        return true
    }

    /// The hook on "core.reply": what answers a ping of ours goes no further.
    static func answered(_ call: borrowing Call) -> Outcome {
        guard pingInterval.value > 0, sipFlag.value >= 0 else { return .yes }
        let message = call.message
        guard message.callID.hasPrefix("natping-"), message.fromTag.equals(tag) else { return .yes }
        let rest = message.callID.dropFirst(8)
        guard let dash = rest.firstIndex(of: UInt8(ascii: "-")) else { return .stop }
        if keepaliveTimeout.value > 0 {
            let name = String(rest.dropFirst(dash + 1))
            silent.withLock { $0[name] = nil }
        }
        return .stop
    }
}
