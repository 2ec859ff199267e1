// SPDX-License-Identifier: Apache-2.0
// SIP Outbound (RFC 5626) for an edge proxy: flow tokens, and what has become of the flows.
import CMartlet
import OutboundLogic
import PluginKit

private let stun = Need("stun", 1, as: stun_api.self, [.optional, .late])

private let plugin = Plugin(
    "outbound", "1.0.0", "Flow tokens: the way back to clients behind NATs (RFC 5626)."
) {
    stun
    [contact, route, supported, via]
    parameters()
    [flowOpened, flowFailed]
    [issuedTokens, verifiedTokens, forgedTokens, expiredTokens, deadTokens, liveFlows, failedFlows]

    Start {
        let flags = Flags.prepare()
        return flags.isYes ? Keys.prepare() : flags
    }
    Hook("core.ready") { _ in
        Sockets.prepare()
        if !stun.isThere, Sockets.hasDatagrams {
            Host.log(
                .warning,
                "stun is not loaded: clients over UDP cannot keep their flows open by STUN (RFC 5626, 5.4)")
        }
        return .yes
    }
    Hook("core.worker") { call in
        guard call.worker == 0 else { return .yes }
        Loop.every(.seconds(1), on: 0) { _ in
            Flows.sweep(Int(truncatingIfNeeded: Loop.ticks / 1_000_000_000))
            return .yes
        }
        return .yes
    }
    Hook("core.reloaded") { _ in
        Keys.set()
        return .yes
    }
    Hook("core.opened", order: -100) { Flows.opened($0) }
    // Before those who ask whether it is there.
    Hook("core.closed", order: -100) { Flows.closed($0) }

    Function("check_flow_token", in: .request, "Does the flow token of the first Route lead anywhere?") {
        call in
        checkFlowToken(call.message)
    }
    Variable(
        "flow", "What is known of the flow: transport, remote, local, connection, opened, tokens.",
        keys: ["transport", "remote", "local", "connection", "opened", "tokens"]
    ) {
        show($0, $1)
    }
    Command(
        "flows", "The flows that tokens were given out for, the newest first.",
        Arg("most", Int.self, default: "1000", in: 1...1_000_000, "How many of them.")
    ) { answer, most in list(answer, most: most) }

    Offer("outbound", 1, 0) { head in
        outbound_api(
            head: head,
            use: { call, message, first in
                guard let message else { return mt_result(MT_NO) }
                switch Using.decide(Message(message), first: first) {
                case .no: return mt_result(MT_NO)
                case .own: return 1
                case .routed: return 2
                }
            },
            token: { call, message, first in
                guard let call, let message else { return mt_str() }
                switch Using.decide(Message(message), first: first) {
                case .no: return mt_str()
                case .own: return Tokens.issue(Call(call), Message(message)).raw
                case .routed: return routed(Message(message), first)
                }
            },
            decode: { _, _, token, flow in
                guard let flow else { return mt_result(MT_NO) }
                return Tokens.decode(token, &flow.pointee)
            })
    }
}

/// The token of the first Route.
private func routed(_ message: Message, _ first: mt_str) -> mt_str {
    guard let uri = first.len > 0 ? first : Using.firstRoute(message), let parsed = URI(Text(unchecked: uri))
    else { return mt_str() }
    return message.keep(parsed.user).raw
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
