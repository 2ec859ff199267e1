// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// dlg_bridge(): calls one with media on hold, refers him to the other when he answers, and hangs up. A few times a
/// minute, so in strings.
final class Bridge: @unchecked Sendable {
    private let from, to, hop, callID, tag: String
    // What the 2xx told; on one worker only.
    private var target = ""
    private var routes: [String] = []
    private var remote = ""

    private init(from: String, to: String, hop: String) {
        self.from = from
        self.to = to
        self.hop = hop == "." ? "" : hop
        callID = "\(Self.random())-\(Self.random())@martlet"
        tag = Self.random()
    }

    private static func random() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }

    static func start(from: String, to: String, hop: String) -> Outcome {
        let isGood =
            from.withRaw { URI(Text(unchecked: $0)) != nil } && to.withRaw { URI(Text(unchecked: $0)) != nil }
        guard isGood else {
            Host.log(.error, "dlg_bridge: \(from) or \(to) is no URI")
            return .no
        }
        let bridge = Bridge(from: from, to: to, hop: hop)
        let worker = bridge.callID.withRaw { Server.loop.pointee.worker($0) }
        return Loop.post(to: Int(worker)) { call in
            bridge.invite(call.raw)
            return .yes
        }
    }

    private static let silence =
        "v=0\r\no=martlet 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
        + "m=audio 9 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=inactive\r\n"

    private func invite(_ call: CallPointer) {
        var lines = common("INVITE", sequence: 1)
        lines.append("Contact: <\(bridgeContact.value)>")
        lines.append("Content-Type: application/sdp")
        send(call, "INVITE", from, lines, body: Self.silence, next: hop) { bridge, call, status, reply in
            guard status < 300, let reply else {
                Host.log(.info, "dlg_bridge: \(bridge.from) answered \(status)")
                return
            }
            bridge.learn(reply)
            bridge.refer(call)
        }
    }

    private func common(_ method: String, sequence: Int) -> [String] {
        [
            "Max-Forwards: 70", "From: <\(bridgeController.value)>;tag=\(tag)",
            "To: <\(from)>\(remote.isEmpty ? "" : ";tag=\(remote)")", "Call-ID: \(callID)",
            "CSeq: \(sequence) \(method)",
        ]
    }

    private func learn(_ reply: OpaquePointer) {
        remote = String(Text(unchecked: text(reply, MT_F_TO_TAG)))
        let contact = String(Text(unchecked: firstContact(reply)))
        target = contact.isEmpty ? from : contact
        var at = mt_header()
        while Server.message.pointee.header(reply, recordRoute.name.token, &at) {
            var list = Text(unchecked: at.body)
            while let address = list.takeAddress() { routes.insert(String(address.whole), at: 0) }
        }
    }

    private func refer(_ call: CallPointer) {
        var lines = common("REFER", sequence: 2) + routes.map { "Route: \($0)" }
        lines.append("Contact: <\(bridgeContact.value)>")
        lines.append("Referred-By: <\(bridgeController.value)>")
        lines.append("Refer-To: <\(to)>")
        send(call, "REFER", target, lines, body: "", next: firstRoute) { bridge, call, status, _ in
            Host.log(.info, "dlg_bridge: \(bridge.from) answered the REFER with \(status)")
            let lines = bridge.common("BYE", sequence: 3) + bridge.routes.map { "Route: \($0)" }
            bridge.send(call, "BYE", bridge.target, lines, body: "", next: bridge.firstRoute) { _, _, _, _ in
            }
        }
    }

    private var firstRoute: String {
        guard let first = routes.first, let open = first.firstIndex(of: "<"),
            let close = first.firstIndex(of: ">"), open < close
        else { return "" }
        return String(first[first.index(after: open)..<close])
    }

    private typealias Answered = (Bridge, CallPointer, Int, OpaquePointer?) -> Void

    /// One request on its way.
    private final class Step {
        let bridge: Bridge
        let then: Answered
        init(_ bridge: Bridge, _ then: @escaping Answered) {
            self.bridge = bridge
            self.then = then
        }
    }

    private func send(
        _ call: CallPointer, _ method: String, _ uri: String, _ lines: [String], body: String, next: String,
        then: @escaping Answered
    ) {
        let made = method.withRaw { method in
            uri.withRaw { Server.message.pointee.request(Server.host, method, $0) }
        }
        guard let request = made else { return }
        defer { Server.message.pointee.release(request) }
        for line in lines {
            line.withRaw { _ = Server.message.pointee.insert(request, UInt32(MT_LAST), nil, $0) }
        }
        if !body.isEmpty { body.withRaw { set(request, MT_F_BODY, $0) } }
        if !next.isEmpty { next.withRaw { set(request, MT_F_NEXT_HOP, $0) } }
        let step = Unmanaged.passRetained(Step(self, then))
        if tm.table.pointee.send(call, request, nil, 0, Self.answered, step.toOpaque()) == 0 {
            step.release()
            Host.log(.warning, "dlg_bridge: the \(method) to \(uri) cannot be sent")
        }
    }

    private static let answered: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let step = Unmanaged<Step>.fromOpaque(user).takeRetainedValue()
        let status = call.pointee.data?.assumingMemoryBound(to: tm_event.self).pointee.status ?? 408
        step.then(step.bridge, call, Int(status), call.pointee.msg)
        return 1
    }
}
