// SPDX-License-Identifier: Apache-2.0
// Follows calls: their states and lifetimes, what is known of both sides, BYEs from the middle.
import CMartlet
import DialogLogic
import PluginKit

let tm = Need("tm", 1, as: tm_api.self)
let rr = Need("rr", 1, 1, as: rr_api.self)

let contact = Header("Contact")
let recordRoute = Header("Record-Route")
let route = Header("Route")
let reasonHeader = Header("Reason")

private let plugin = Plugin("dialog", "1.0.0", "Follows calls, and can end them.") {
    tm
    rr
    contact
    recordRoute
    route
    reasonHeader
    parameters()
    events as [any Declaration]
    functions()
    variables()
    commands()

    Hook("tm.created") { call in transactionCreated(call.raw) }
    Hook("tm.replying") { call in replying(call.raw) }
    Hook("tm.ended") { call in transactionEnded(call.raw) }
    Hook("rr.routed") { call in routed(call.raw) }
    Hook("core.finished") { call in requestFinished(call.raw) }
    Hook("core.ready") { _ in
        Step.listen()
        Sharing.ready()
        return Loading.run()
    }
    Hook("core.worker") { call in
        Timing.start(on: call.worker)
        Loading.announce(on: call.worker)
        Sharing.start(on: call.worker)
        return .yes
    }

    Offer("dialog", 1, 0) { head in interface(head) }
    Start {
        guard Settings.prepare().isYes else { return .error }
        Counts.define()
        makeTables()
        Shown.prepare()
        return Storage.open()
    }
    Stop { Storage.dump() }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
