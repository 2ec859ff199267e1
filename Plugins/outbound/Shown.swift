// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import OutboundLogic
import PluginKit

extension FlowPoint {
    /// 192.0.2.1:5060, [2001:db8::1]:5060
    var text: String {
        var bytes: Bytes = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        put(&bytes)
        let host = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
            withUnsafeBytes(of: &bytes) { raw in
                let start = raw.baseAddress.unsafelyUnwrapped + (isV4 ? 12 : 0)
                _ = inet_ntop(isV4 ? AF_INET : AF_INET6, start, room.baseAddress, socklen_t(room.count))
            }
            return String(cString: room.baseAddress.unsafelyUnwrapped)
        }
        return isV4 ? "\(host):\(port)" : "[\(host)]:\(port)"
    }
}

extension FlowTransport {
    var name: StaticString {
        switch self {
        case .udp: "udp"
        case .tcp: "tcp"
        case .tls: "tls"
        case .sctp: "sctp"
        case .ws: "ws"
        case .wss: "wss"
        }
    }
}

/// outbound.flows: the newest first.
func list(_ answer: borrowing Answer, most: Int) -> Outcome {
    let all = Flows.all().sorted { $0.1.opened > $1.1.opened }
    answer.structure { answer in
        answer.put("flows", all.count)
        answer.list("list") { answer in
            for (flow, entry) in all.prefix(most) { answer.structure { show($0, flow, entry) } }
        }
    }
    return .yes
}

private func show(_ answer: borrowing Answer, _ flow: FlowName, _ entry: FlowTable.Entry) {
    answer.put("transport", flow.transport.name)
    answer.put("local", flow.local.text)
    answer.put("remote", flow.remote.text)
    answer.put("connection", Int(truncatingIfNeeded: entry.connection))
    answer.put("state", entry.failed == 0 ? Text("open") : Text("failed"))
    answer.put("opened", Int(entry.opened))
    answer.put("used", Int(entry.used))
    answer.put("tokens", Int(entry.tokens))
    if entry.failed > 0 { answer.put("failed", Int(entry.failed)) }
}

/// $flow(name) of the flow that an event was about.
func show(_ call: borrowing Call, _ key: Variable.Key) -> Outcome {
    guard call.hasMessage,
        let told = UnsafePointer<outbound_flow>(bitPattern: UInt(call.message.slot)),
        let flow = FlowName(told.pointee.flow)
    else { return call.answerNull() }
    let name = key.name
    if name.equals("transport") { return call.answer(flow.transport.name) }
    if name.equals("remote") { return call.answer(call.message.keep(flow.remote.text)) }
    if name.equals("local") { return call.answer(call.message.keep(flow.local.text)) }
    if name.equals("connection") { return call.answer(Int(truncatingIfNeeded: told.pointee.flow.connection)) }
    if name.equals("opened") { return call.answer(Int(told.pointee.opened)) }
    if name.equals("tokens") { return call.answer(Int(told.pointee.tokens)) }
    return call.answerNull()
}
