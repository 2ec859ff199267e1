// SPDX-License-Identifier: Apache-2.0
// SIP over WebSocket (RFC 7118): the filter of ws and wss connections, and what scripts and people do with them.
import CMartlet
import PluginKit
import WebsocketLogic

private let plugin = Plugin("websocket", "1.0.0", "SIP over WebSocket (RFC 7118).") {
    parameters()
    counters()
    [handshakeEvent, closedEvent]

    Start { Settings.prepare() }
    Hook("core.reloaded") { _ in
        Settings.reload()
        return .yes
    }
    Hook("core.worker") { call in
        Loop.every(.seconds(keepAliveInterval.value), on: call.worker) { call in
            keepAlive(Homes.of(call.worker), call)
            return .yes
        }
        Loop.every(.seconds(timerInterval.value), on: call.worker) { call in
            endLate(Homes.of(call.worker))
            return .yes
        }
        return .yes
    }

    functions()
    Variable("ws_conid", "The number of the WebSocket connection that the message came by.") { call, _ in
        guard let connection = webSocket(of: call), let number = Census.number(of: connection) else {
            return call.answerNull()
        }
        return call.answer(number)
    }
    commands()

    Offer("filter.ws", 1, 0) { head in
        mt_filter_api(
            head: head,
            listen: { _, _, _ in mt_result(MT_OK) },
            open: { call, stage, isOutgoing, _ in
                guard let call, let stage, !isOutgoing else { return nil }
                return Link.open(call, stage)
            },
            received: { call, filter, bytes in
                guard let call, let filter else { return mt_result(MT_ERROR) }
                let input = UnsafeRawBufferPointer(start: bytes.ptr, count: bytes.len)
                return Link.with(filter) { $0.received(input, call) }
            },
            send: { _, filter, plain in
                guard let filter else { return mt_result(MT_ERROR) }
                let message = UnsafeRawBufferPointer(start: plain.ptr, count: plain.len)
                return Link.with(filter) { $0.send(message) }
            },
            close: { call, filter, isOrderly in
                guard let call, let filter else { return }
                Link.close(filter, call, isOrderly: isOrderly)
            })
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
