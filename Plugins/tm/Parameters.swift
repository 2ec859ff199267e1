// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

let frTimer = Param<Milliseconds>(
    "fr_timer", default: "30000", in: 1...3_600_000, is: .reloadable,
    "How long a first answer to an INVITE may take, any answer to another request, and the ACK to a refusal.")
let frInvTimer = Param<Milliseconds>(
    "fr_inv_timer", default: "120000", in: 1...86_400_000, is: .reloadable,
    "How long an INVITE may ring.")
let wtTimer = Param<Milliseconds>(
    "wt_timer", default: "5000", in: 0...3_600_000, is: .reloadable,
    "How long a transaction is kept after its end, for copies that come late.")
let retrTimer1 = Param<Milliseconds>(
    "retr_timer1", default: "500", in: 10...60_000, is: .reloadable, "T1: when something is sent again first."
)
let retrTimer2 = Param<Milliseconds>(
    "retr_timer2", default: "4000", in: 10...600_000, is: .reloadable,
    "T2: the longest time between two copies.")
let maxInvLifetime = Param<Milliseconds>(
    "max_inv_lifetime", default: "180000", in: 0...86_400_000, is: .reloadable,
    "How long an INVITE may be without a final answer, whatever restarts its timers.")
let maxNoninvLifetime = Param<Milliseconds>(
    "max_noninv_lifetime", default: "32000", in: 0...86_400_000, is: .reloadable,
    "The same of other requests.")
let restartsFR = Param<Int>(
    "restart_fr_on_each_reply", default: "1", in: 0...1, is: .reloadable,
    "1: each provisional reply starts fr_inv_timer anew; 0: the first, and those that tell more.")
let autoInv100 = Param<Int>(
    "auto_inv_100", default: "1", in: 0...1, is: .reloadable, "1: t_relay() answers an INVITE with 100.")
let autoInv100Reason = Param<Text>(
    "auto_inv_100_reason", default: "trying -- your call is important to us", is: .reloadable,
    "Its reason phrase.")
let aggregatesChallenges = Param<Int>(
    "aggregate_challenges", default: "1", in: 0...1, is: .reloadable,
    "1: the challenges of all branches go into one 401 or 407.")
let cancelBMethod = Param<Int>(
    "cancel_b_method", default: "1", in: 0...2, is: .reloadable,
    "A branch without a reply: 0 forget it, 1 CANCEL when one comes, 2 CANCEL at once.")
let acExtraHeaders = Param<Text>(
    "ac_extra_hdrs", default: "", is: .reloadable,
    "Headers whose names begin so go from the INVITE into its CANCEL and ACK.")
let unmatchedCancel = Param<Int>(
    "unmatched_cancel", default: "0", in: 0...2, is: .reloadable,
    "A CANCEL without INVITE: 0 relay it in a transaction, 1 forward it without, 2 drop it.")
let failureReplyMode = Param<Int>(
    "failure_reply_mode", default: "3", in: 0...3, is: .reloadable,
    "Which replies of earlier legs count: 0 all, 1 none, 2 all but the last leg's, 3 only the new leg's.")
let fakedReplyPrio = Param<Int>(
    "faked_reply_prio", default: "0", in: -2000...10_000, is: .reloadable,
    "What is added to the rank of replies that are made here, which come last anyhow.")
let localCancelReason = Param<Int>(
    "local_cancel_reason", default: "1", in: 0...1, is: .reloadable, "1: a Reason in CANCELs of our own.")
let e2eCancelReason = Param<Int>(
    "e2e_cancel_reason", default: "1", in: 0...1, is: .reloadable,
    "1: the Reason of the client's CANCEL goes on.")
let remap503 = Param<Int>(
    "remap_503_500", default: "1", in: 0...1, is: .reloadable, "1: a 503 that was received goes on as 500.")
let disable6xx = Param<Int>(
    "disable_6xx_block", default: "0", in: 0...1, is: .reloadable, "1: a 6xx is a refusal like others.")
let failureExecMode = Param<Int>(
    "failure_exec_mode", default: "0", in: 0...1, is: .reloadable,
    "1: when nothing can be sent, failure_route is run.")
let relay100 = Param<Int>("relay_100", default: "0", in: 0...1, is: .reloadable, "1: 100 goes on too.")
let defaultCode = Param<Int>(
    "default_code", default: "500", in: 400...699, is: .reloadable,
    "The status when the one given is no number.")
let defaultReason = Param<Text>(
    "default_reason", default: "Server Internal Error", is: .reloadable,
    "The reason when the one given has no value.")
let reply408Code = Param<Int>(
    "reply_408_code", default: "408", in: 400...699, is: .reloadable,
    "What an INVITE without answer is answered.")
let reply408Reason = Param<Text>(
    "reply_408_reason", default: "Request Timeout", is: .reloadable, "Its reason phrase.")
let frTimerAVP = Param<Text?>("fr_timer_avp", "An AVP with fr_timer for one call, in seconds.")
let frInvTimerAVP = Param<Text?>("fr_inv_timer_avp", "An AVP with fr_inv_timer for one call, in seconds.")
let onSlReply = Param<Text?>("on_sl_reply", "An onreply_route for replies that belong to no transaction.")
let contactsAVP = Param<Text?>("contacts_avp", "The XAVP that t_load_contacts() writes to.")
let contactFlowsAVP = Param<Text?>("contact_flows_avp", "The XAVP for further flows of the same instance.")
let localAckMode = Param<Int>(
    "local_ack_mode", default: "0", in: 0...2, is: .reloadable,
    "The ACK to a 2xx for a request of our own goes: 0 by its dialog's route, 1 where the INVITE went, 2 where the 2xx came from."
)
let enableUacFR = Param<Int>(
    "enable_uac_fr", default: "0", in: 0...1, is: .reloadable,
    "1: failure_route may run for requests of our own, armed in event_route[tm:local-request].")
let noisyCTimer = Param<Int>(
    "noisy_ctimer", default: "1", in: 0...1, is: .reloadable,
    "0: an INVITE with one branch of which nothing was heard ends without an answer, unless failure_route is armed."
)
let richRedirect = Param<Int>(
    "rich_redirect", default: "0", in: 0...3, is: .reloadable,
    "What else the Contacts of a 3xx say: 1 the branch flags, 2 the path as a Route; 3 both.")
let overloadTime = Param<Milliseconds>(
    "overload_time", default: "0", in: 0...60_000, is: .reloadable,
    "When a worker has had more to read than it can take for so long, new INVITEs are refused with 503; 0: never."
)
let overloadRetry = Param<Int>(
    "overload_retry_after", default: "5", in: 0...3600, is: .reloadable,
    "In how many seconds to try again, as told then.")
let maxBranches = Param<Int>(
    "max_branches", default: "31", in: 1...31, is: .reloadable, "How many branches at most.")

let blst503 = Param<Int>(
    "blst_503", default: "0", in: 0...1, is: .reloadable,
    "1: to whoever answers 503 nothing is sent for a while, with use_dst_blocklist.")
let blst503Default = Param<Int>(
    "blst_503_def_timeout", default: "0", in: 0...31_536_000, is: .reloadable,
    "For so many seconds when the 503 has no Retry-After; 0: it is sent on.")
let blst503Least = Param<Int>(
    "blst_503_min_timeout", default: "0", in: 0...31_536_000, is: .reloadable,
    "For so many seconds at least.")
let blst503Most = Param<Int>(
    "blst_503_max_timeout", default: "3600", in: 0...31_536_000, is: .reloadable,
    "For so many seconds at most.")
let blstMethodsAdd = Param<Int>(
    "blst_methods_add", default: "1", is: .reloadable,
    "Whose silence counts: INVITE 1, CANCEL 2, ACK 4, BYE 8, INFO 16, REGISTER 32, SUBSCRIBE 64, NOTIFY 128, others 256."
)
let blstMethodsLookup = Param<Int>(
    "blst_methods_lookup", default: "-9", is: .reloadable,
    "Which methods are not sent there, added up the same way: all but BYE.")
let failoverReplyCodes = Param<Text?>(
    "failover_reply_codes",
    "Answers besides 503 after which the next place of a name is tried: code=480;code=500-504;class=5.")
let xavpContact = Param<Text?>(
    "xavp_contact", "The XAVP with what usrloc keeps about a contact; the same as there.")

/// What was written for another server, or is settled here in one way: accepted, and of no effect.
let ignoredParameters: [any Declaration] = [
    ignored("unix_tx_timeout", "500"), ignored("reparse_invite", "1"),
    ignored("reparse_on_dns_failover", "1"), ignored("ruri_matching", "1"), ignored("via1_matching", "1"),
    ignored("callid_matching", "1"), ignored("pass_provisional_replies", "0"),
    ignored("dns_reuse_rcv_socket", "0"),
    ignored("exec_time_check", "5000"), ignored("reply_relay_mode", "1"),
    ignored("callid_cseq_matching", "0"),
    ignored("headers_mode", "0"), ignored("e2e_cancel_hop_by_hop", "1"), ignored("delayed_reply", "1"),
    ignored("evlreq_mode", "0"), ignored("local_ack_branch_mode", "0"), ignored("reply_matching", "1"),
    eventCallback, eventCallbackSent, eventCallbackACK,
]

private func ignored(_ name: StaticString, _ fallback: StaticString) -> any Declaration {
    Param<Int>(name, default: fallback, "Accepted; it has no effect here.")
}

let eventCallback = Param<Text?>("event_callback", "A function of another language; there is none here.")
let eventCallbackSent = Param<Text?>("event_callback_lres_sent", "The same.")
let eventCallbackACK = Param<Text?>("evcb_local_ack_sent", "The same.")

/// Functions of another language stand in a file of the server's own language here: nothing is dropped silently.
func mentionCallbacks() {
    mention("event_callback", eventCallback.value)
    mention("event_callback_lres_sent", eventCallbackSent.value)
    mention("evcb_local_ack_sent", eventCallbackACK.value)
}

private func mention(_ name: StaticString, _ value: Text?) {
    guard let value, !value.isEmpty, value != "0" else { return }
    Host.log(
        .notice,
        "\(name) \"\(String(value))\" is called by nobody: there are no scripts in other languages; write event_route[tm:...]"
    )
}

/// The answers that `failover_reply_codes` names. Written once, by `Start`: that makes `unsafe` safe.
nonisolated(unsafe) var failoverCodes = StatusSet()

func readFailoverCodes() -> Outcome {
    guard let text = failoverReplyCodes.value else { return .yes }
    guard let set = StatusSet(text) else {
        return Host.fail(
            "failover_reply_codes: \"\(String(text))\" is no list of answers",
            help: "write it as \"code=480;code=500-504;class=5\", with answers from 300 to 699")
    }
    failoverCodes = set
    return .yes
}

@Declarations func parameters() -> [any Declaration] {
    frTimer
    frInvTimer
    wtTimer
    retrTimer1
    retrTimer2
    maxInvLifetime
    maxNoninvLifetime
    restartsFR
    autoInv100
    autoInv100Reason
    aggregatesChallenges
    cancelBMethod
    acExtraHeaders
    unmatchedCancel
    failureReplyMode
    fakedReplyPrio
    localCancelReason
    e2eCancelReason
    remap503
    disable6xx
    failureExecMode
    relay100
    defaultCode
    defaultReason
    reply408Code
    reply408Reason
    frTimerAVP
    frInvTimerAVP
    onSlReply
    contactsAVP
    contactFlowsAVP
    localAckMode
    enableUacFR
    noisyCTimer
    richRedirect
    overloadTime
    overloadRetry
    maxBranches
    blst503
    blst503Default
    blst503Least
    blst503Most
    blstMethodsAdd
    blstMethodsLookup
    failoverReplyCodes
    xavpContact
    ignoredParameters
}

/// The spans for a new transaction: what the script said for it, else the parameters.
func times(_ state: UnsafeMutablePointer<MessageState>?) -> Times {
    var times = Times()
    times.t1 = UInt32(retrTimer1.value.count)
    times.t2 = UInt32(retrTimer2.value.count)
    times.answer = UInt32(frTimer.value.count)
    times.ringing = UInt32(frInvTimer.value.count)
    times.linger = UInt32(max(wtTimer.value.count, 1))
    times.restartsOnEach = restartsFR.value != 0
    guard let said = state?.pointee else { return times }
    if said.t1 != 0 { times.t1 = said.t1 }
    if said.t2 != 0 { times.t2 = said.t2 }
    if said.answer != 0 { times.answer = said.answer }
    if said.ringing != 0 { times.ringing = said.ringing }
    return times
}
