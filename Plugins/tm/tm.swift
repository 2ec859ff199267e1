// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

private let plugin = Plugin("tm", "1.0.0", "Keeps transactions: relays, answers, repeats and cancels.") {
    parameters()
    events as [any Declaration]
    transactionFunctions()
    statusFunctions()
    relayFunctions()
    armingFunctions()
    timerFunctions()
    suspendFunctions()
    contactFunctions()
    otherFunctions()
    moreFunctions()
    variables()
    borrowedVariables()
    selects()
    branchFlagFunctions()
    programFunctions()
    localACKFunctions()
    commands()
    uacCommands()

    Hook("core.ready") { _ in
        Step.listen()
        return .yes
    }
    Hook("core.request", order: -50) { call in requestArrived(call.raw) }
    Hook("core.reply") { call in replyArrived(call.raw) }
    Hook("core.finished") { call in requestFinished(call.raw) }
    Hook("core.closed") { call in connectionClosed(call.raw) }
    Hook("sl.local-response", optional: true) { call in statelessReplySent(call.raw) }

    Offer("tm", 1, 0) { head in interface(head) }
    Start {
        Statistics.define()
        makeTables()
        guard checkContactNames().isYes, readFailoverCodes().isYes else { return .error }
        mentionCallbacks()
        return Words.prepare()
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
