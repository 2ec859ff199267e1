// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SlLogic

/// Where Kamailio allows what it calls REQUEST_ROUTE: its event routes are such too.
private let inRequest: Where = [.request, .event, .local, .error]
private let anywhere: Where = [.request, .event, .local, .error, .reply, .failure]

private let plugin = Plugin("sl", "1.0.0", "Answers requests without keeping a transaction.") {
    tm
    defaultCode
    defaultReason
    bindTM
    richRedirect
    Statistics.all.map { $0 as any Declaration }
    filteredACK
    localResponse

    sendReplyFunctions()
    errorFunctions()

    Variable(
        "ltt", "The To tag that a local reply has: (s) stateless, (x) whichever applies.",
        keys: ["", "s", "x"]
    ) { call, key in
        localTag(call, key.name)
    }
    Command("stats", "How many replies were sent, by status.") { answer in
        statistics(answer)
        return .yes
    }
    Hook("core.request", order: -100) { call in absorb(call) }

    Offer("sl", 1, 0) { head in
        sl_api(
            head: head,
            reply: { raw, status, reason in
                reply(Call(raw.unsafelyUnwrapped), Int(status), reason).code
            },
            reply_stateless: { raw, status, reason in
                replyStateless(Call(raw.unsafelyUnwrapped), Int(status), reason).code
            },
            reply_error: { raw in replyError(Call(raw.unsafelyUnwrapped)).code },
            tag: { raw in statelessTag(Message(raw.unsafelyUnwrapped)) })
    }
    Start {
        prepare()
        return .yes
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

@Declarations private func sendReplyFunctions() -> [any Declaration] {
    for name in ["sl_send_reply", "sl_reply"] as [StaticString] {
        Function(
            name, in: inRequest, "Answers the request, always statelessly.",
            Arg("code", Int?.self, "200 to 699, or what comes before."),
            Arg("reason", Text?.self, "The reason phrase.")
        ) { call, code, reason in
            replyStateless(call, code ?? defaultCode.value, words(reason))
        }
    }
    Function(
        "send_reply", in: anywhere, "Answers the request, in its transaction when there is one.",
        Arg("code", Int?.self), Arg("reason", Text?.self)
    ) { call, code, reason in
        reply(call, code ?? defaultCode.value, words(reason))
    }
    Function(
        "send_reply_mode", in: anywhere, "Like send_reply, and says what becomes of the connection.",
        Arg("code", Int?.self), Arg("reason", Text?.self),
        Arg(
            "mode", Int.self, in: 0...3,
            "1: do not open a connection for it; 2: close the connection after it.")
    ) { call, code, reason, mode in
        reply(call, code ?? defaultCode.value, words(reason), mode: mode)
    }
    Function(
        "sl_forward_reply", in: .reply, "Forwards the reply statelessly, now.",
        Arg("code", Int?.self, "Another status of the same class."),
        Arg("reason", Text?.self, "Another reason phrase.")
    ) { call, code, reason in
        forwardReply(call, code, reason)
    }
}

@Declarations private func errorFunctions() -> [any Declaration] {
    Function("sl_reply_error", in: inRequest, "Answers with the last error, statelessly.") { call in
        replyErrorStateless(call)
    }
    Function(
        "send_reply_error", in: anywhere, "Answers with the last error, in its transaction when there is one."
    ) {
        replyError($0)
    }
}

private func words(_ reason: Text?) -> mt_str {
    if let reason { return reason.raw }
    return defaultReason.value.raw
}
