// SPDX-License-Identifier: Apache-2.0
// Session timers (RFC 4028) at a proxy: calls that nobody refreshes end.
import CMartlet
import PluginKit
import SstLogic

private let plugin = Plugin("sst", "1.0.0", "Session timers: calls that are not refreshed end.") {
    sl
    dialog
    tm
    Names.all.map { $0 as any Declaration }
    parameters()
    Statistics.all.map { $0 as any Declaration }
    refreshMissed
    expired

    Function(
        "sstCheckMin", in: [.request, .reply, .event, .local],
        "Is the Session-Expires or the Min-SE of the message below min_se?",
        Arg("send_reply", Text?.self, "1: a request that is so is answered with 422.")
    ) { call, reply in checkMinimum(call, reply) }

    Hook("dialog.created") { call in withEvent(call, Requests.created) }
    Hook("dialog.request") { call in withEvent(call, Requests.inside) }
    Hook("dialog.response") { call in withEvent(call, Replies.response) }
    Hook("tm.failed", optional: true) { call in Replies.failed(call) }
    Hook("dialog.expiring") { call in withEvent(call, Expiring.soon) }
    Hook("dialog.expired") { call in withEvent(call, Expiring.over) }
    Hook("dialog.loaded") { call in withEvent(call, Expiring.loaded) }
    Hook("dialog.listing") { call in withEvent(call, Expiring.listing) }

    Start { Settings.prepare() }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

private func withEvent(_ call: borrowing Call, _ body: (borrowing Call, dlg_event) -> Outcome) -> Outcome {
    guard let event = call.data(as: dlg_event.self)?.pointee, call.hasMessage else { return .yes }
    return body(call, event)
}
