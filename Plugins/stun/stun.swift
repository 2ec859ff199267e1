// SPDX-License-Identifier: Apache-2.0
// STUN on SIP sockets: how clients keep their flows open, and see that they are (RFC 5626, 4.4.2).
import CMartlet
import PluginKit
import StunLogic

private let active = Param<Int>(
    "stun_active", default: "1", in: 0...1, is: .reloadable, "0: nobody is answered.")
private let answered = Counter("answered", "Binding requests that were answered.")
private let refused = Counter("refused", "Requests that were answered with an error.")
private let ignored = Counter("ignored", "Indications and answers, which nobody waits for a word on.")

/// What SOFTWARE says. Written once before traffic, never freed.
nonisolated(unsafe) private var software = UnsafeRawBufferPointer(start: nil, count: 0)

private let plugin = Plugin(
    "stun", "1.0.0", "Answers STUN on SIP sockets, so that clients can keep flows open."
) {
    active
    [answered, refused, ignored]
    Start {
        let text = Array(Host.server.utf8.prefix(120))
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
        copy.copyBytes(from: text)
        software = UnsafeRawBufferPointer(copy)
        return .yes
    }
    Hook("core.foreign") { call in
        guard active.value != 0, call.hasMessage, let flow = call.data(as: mt_flow.self) else { return .yes }
        return answer(call.message.bytes, flow.pointee)
    }
    Offer("stun", 1, 0) { stun_api(head: $0) }
}

/// `.stop` when it was STUN.
private func answer(_ bytes: Text, _ flow: mt_flow) -> Outcome {
    withUnsafeTemporaryAllocation(byteCount: STUN.room(software: software.count), alignment: 4) { room in
        let arrived = UnsafeRawBufferPointer(start: bytes.raw.ptr, count: bytes.count)
        switch STUN.answer(arrived, from: STUN.Source(flow), software: software, into: room) {
        case .foreign: return .yes
        case .silence: ignored.add()
        case .answer(let count, let status):
            if status == 0 { answered.add() } else { refused.add() }
            var flow = flow
            let answer = mt_str(
                ptr: UnsafeRawPointer(room.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: CChar.self),
                len: count)
            _ = Server.net.pointee.send_bytes(answer, &flow)
        }
        return .stop
    }
}

extension STUN.Source {
    fileprivate init(_ flow: mt_flow) {
        let address = withUnsafeBytes(of: flow.remote) {
            (
                $0.loadUnaligned(as: UInt64.self).bigEndian,
                $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
            )
        }
        let isV4 = address.0 == 0 && address.1 >> 32 == 0xffff
        self.init(address: address, isV4: isV4, port: flow.remote_port)
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
