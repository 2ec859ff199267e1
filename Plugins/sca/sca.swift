// SPDX-License-Identifier: Apache-2.0
// Shared call appearances: several telephones on one line, as BroadWorks has them.
import CMartlet
import PluginKit
import ScaLogic

typealias CallPointer = UnsafeMutablePointer<mt_call>

let tm = Need("tm", 1, as: tm_api.self)
let sl = Need("sl", 1, as: sl_api.self)

let callInfoHeader = Header("Call-Info")
let contactHeader = Header("Contact")
let eventHeader = Header("Event")
let expiresHeader = Header("Expires")
let fromHeader = Header("From")
let toHeader = Header("To")
let recordRouteHeader = Header("Record-Route")
let identityHeader = Header("P-Asserted-Identity")
let authorizationHeader = Header("Authorization")
let proxyAuthorizationHeader = Header("Proxy-Authorization")

/// All shared lines.
let lines = Lines()

let stateChanged = Event(
    "state-changed", "An appearance is in another state, or another call. Data: sca_change.")

private let plugin = Plugin("sca", "1.0.0", "Shared call appearances: several telephones on one line.") {
    tm
    sl
    callInfoHeader
    contactHeader
    eventHeader
    expiresHeader
    fromHeader
    toHeader
    recordRouteHeader
    identityHeader
    authorizationHeader
    proxyAuthorizationHeader
    parameters()
    Count.all.map { $0 as any Declaration }
    stateChanged
    functions()
    variables()
    commands()

    Hook("core.request") { call in
        call.message.method == .ack && !lines.calls.isEmpty ? acknowledged(call) : .yes
    }
    Hook("tm.replying") { call in lines.calls.isEmpty ? .yes : replying(call) }
    Hook("sl.local-response") { call in lines.calls.isEmpty ? .yes : repliedStatelessly(call) }
    Hook("dialog.end", optional: true) { call in lines.calls.isEmpty ? .yes : dialogEnded(call) }
    Hook("dialog.failed", optional: true) { call in lines.calls.isEmpty ? .yes : dialogFailed(call) }
    Hook("core.ready") { _ in Loading.run() }
    Hook("core.worker") { call in
        if call.worker == 0 {
            Timing.start()
            Sharing.start()
        }
        return .yes
    }

    Start {
        if let fault = parameterFault() { return Host.fail(fault.what, help: fault.help) }
        Hash.seed()
        Limits.prepare()
        let outcome = Storage.open()
        return outcome.isYes ? Sharing.open() : outcome
    }
    Stop { Storage.dump() }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
