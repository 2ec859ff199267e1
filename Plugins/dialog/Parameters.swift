// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

let enableStats = Param<Int>("enable_stats", default: "1", "0: no statistics.")
let hashSize = Param<Int>(
    "hash_size", default: "4096", in: -1...1_048_576,
    "How many entries h_entry counts; rounded down to a power of two.")
let rrParam = Param<Text>(
    "rr_param", default: "did", is: .verbatim, "The parameter of our Record-Route that names the dialog.")
let dialogFlag = Param<Text?>(
    "dlg_flag", is: .verbatim, "The message flag that makes a dialog of an INVITE.")
let timeoutAVP = Param<Text?>("timeout_avp", is: .verbatim, "The AVP with a dialog's lifetime, in seconds.")
let defaultTimeout = Param<Int>(
    "default_timeout", default: "43200", in: 1...2_000_000_000, "The lifetime of dialogs, in seconds.")
let extraHeaders = Param<Text>(
    "dlg_extra_hdrs", default: "", "Header lines for the requests that are made here.")
let calleeHeaders = Param<Text>(
    "lreq_callee_headers", default: "", "Further ones for those that go to callees.")
let matchMode = Param<Int>(
    "dlg_match_mode", default: "0", in: 0...2,
    "What tells whose a request is: 0 the cookie; 1 that, or else Call-ID and tags; 2 Call-ID and tags.")
let detectsSpirals = Param<Int>(
    "detect_spirals", default: "1", in: 0...1, "1: an INVITE that comes by again is the same dialog.")
let ruriVariable = Param<Text>(
    "ruri_pvar", default: "$ru", is: .verbatim, "The variable with the Request-URI to be kept.")
let callbacksInScript = Param<Int>(
    "initial_cbs_inscript", default: "1", in: 0...1,
    "1: dialog.created comes within dlg_manage(); 0: when the script has ended.")
let sendBye = Param<Int>("send_bye", default: "0", in: 0...1, "1: all dialogs get BYEs at their time-out.")
let waitACK = Param<Int>(
    "wait_ack", default: "1", in: 0...1, "Accepted: a failed dialog stays until its transaction is gone.")
let xavpName = Param<Text?>(
    "xavp_cfg", is: .verbatim, "The $xavp that has the fields of a call while its events are told.")
let eventCallback = Param<Text?>(
    "event_callback", is: .verbatim, "Accepted, and told of at the start; has no effect here.")
let valueProfiles = Param<Text>(
    "profiles_with_value", default: "", is: .verbatim, "Names of profiles whose members have a value.")
let plainProfiles = Param<Text>(
    "profiles_no_value", default: "", is: .verbatim, "Names of profiles whose members have none.")
let bridgeController = Param<Text>(
    "bridge_controller", default: "sip:controller@kamailio.org", is: .verbatim, "From of dlg_bridge().")
let bridgeContact = Param<Text>(
    "bridge_contact", default: "sip:controller@kamailio.org:5060", is: .verbatim, "Contact of dlg_bridge().")
let pingTimer = Param<Int>("ka_timer", default: "0", in: 0...86_400, "0: ka-src and ka-dst send nothing.")
let pingInterval = Param<Int>(
    "ka_interval", default: "0", in: 0...86_400, "Seconds between two OPTIONS to a side; 30 or more.")
let pingFailures = Param<Int>(
    "ka_failed_limit", default: "1", in: 1...200, "So many 408 or 481 in succession end the call.")
let optionsInterval = Param<Int>(
    "options_ping_interval", default: "30", in: 5...86_400, "The same for create_dialog()'s flags P and p.")
let reinviteInterval = Param<Int>(
    "reinvite_ping_interval", default: "300", in: 5...86_400, "The same for its flags R and r.")
let noReset = Param<Int>(
    "timeout_noreset", default: "0", in: 0...1, "1: requests inside a dialog do not start its time anew.")
let earlyTimeout = Param<Int>(
    "early_timeout", default: "300", in: 1...86_400, "Seconds after which what nobody answers is given up.")
let noACKTimeout = Param<Int>(
    "noack_timeout", default: "60", in: 1...86_400, "Seconds after which a missing ACK ends a call.")
let endTimeout = Param<Int>(
    "end_timeout", default: "300", in: 1...86_400, "Seconds that a record stays at most after its end.")
let firstNumber = Param<Int>("h_id_start", default: "0", in: -1...4_294_967_295, "The first h_id; 0: any.")
let numberStep = Param<Int>("h_id_step", default: "1", in: 1...65_535, "From one h_id to the next.")
let keepsOwnRoutes = Param<Int>(
    "keep_proxy_rr", default: "0", in: 0...3,
    "1: our own Record-Route stays in the caller's route set; 2: in the callee's; 3: in both.")
let filterMode = Param<Int>(
    "dlg_filter_mode", default: "0", in: 0...1,
    "1: the time-out of dialogs loaded for sockets that are not ours does nothing here.")
let byeEarlyCode = Param<Int>(
    "bye_early_code", default: "480", in: 300...699, "What callers get when what is early is ended.")
let byeEarlyReason = Param<Text>(
    "bye_early_reason", default: "Temporarily Unavailable", "The words with it.")

@Declarations func parameters() -> [any Declaration] {
    enableStats
    hashSize
    rrParam
    dialogFlag
    timeoutAVP
    defaultTimeout
    extraHeaders
    calleeHeaders
    matchMode
    detectsSpirals
    ruriVariable
    callbacksInScript
    sendBye
    waitACK
    xavpName
    valueProfiles
    plainProfiles
    bridgeController
    bridgeContact
    pingTimer
    pingInterval
    pingFailures
    optionsInterval
    reinviteInterval
    noReset
    earlyTimeout
    noACKTimeout
    endTimeout
    firstNumber
    numberStep
    keepsOwnRoutes
    filterMode
    byeEarlyCode
    byeEarlyReason
    storageParameters()
    for name: StaticString in [
        "timer_procs", "track_cseq_updates", "debug_variables", "dlg_ctxiuid_mode", "dlg_mode",
        "enable_dmq", "enable_dmq_ka_iflags_sync", "db_fetch_rows", "delete_delay", "race_condition_timeout",
        "log_profile_hash_size",
    ] {
        Param<Int>(name, default: "0", "Accepted; has no effect here.")
    }
    eventCallback
    Param<Text>("dmq_peer_id", default: "", is: .verbatim, "Accepted; has no effect here.")
}

/// What follows from the parameters, worked out once. [main] in Start; only read afterwards.
enum Settings {
    nonisolated(unsafe) private(set) static var entries: UInt32 = 4096
    /// dlg_flag's bit; 0: none.
    nonisolated(unsafe) private(set) static var flag: UInt = 0
    nonisolated(unsafe) private(set) static var timeout: Expression?
    nonisolated(unsafe) private(set) static var ruri: Expression?
    nonisolated(unsafe) private(set) static var patience = Patience()

    /// All that is wrong is told, before the server does not start.
    static func prepare() -> Outcome {
        var isGood = true
        var faults: [(what: String, help: String)] = []
        func fail(_ what: String, _ help: String) { faults.append((what, help)) }
        checkHashSize()
        if rrParam.value.isEmpty || rrParam.value.count > 32 {
            fail(
                "rr_param must have 1 to 32 characters", "the default is did, and other servers expect that")
        }
        if let name = dialogFlag.value {
            if let number = Host.flag(named: name) {
                flag = 1 << UInt(number)
            } else {
                fail(
                    "dlg_flag must be a flag, 0 to 31 or a name, not \"\(name)\"",
                    "write what setflag() gets")
            }
        }
        if let name = timeoutAVP.value {
            if !name.hasPrefix("$avp(") && !name.hasPrefix("$xavp(") || !name.hasSuffix(")") {
                fail("timeout_avp must be an AVP, not \"\(name)\"", "write it as \"$avp(timeout)\"")
            } else if let compiled = Expression.compile(name) {
                timeout = compiled
            } else {
                isGood = false
            }
        }
        if let compiled = Expression.compile(ruriVariable.value) {
            ruri = ruriVariable.value.equals("$ru") ? nil : compiled
        } else {
            isGood = false
        }
        if pingInterval.value > 0, pingInterval.value < 30 {
            fail("ka_interval must be 0, or 30 and more, not \(pingInterval.value)", "0 switches it off")
        }
        if firstNumber.value < 0 { Host.log(.info, "h_id_start -1: there is no server_id, any id is taken") }
        for text in Profiles.prepare() { fail(text, "write names like \"calls;trunks\", each once") }
        if let what = storageFault() { fail(what, "set db_url, as sqlite:///path/file.db, or db_mode 0") }
        tellIgnored()
        Sharing.prepare()
        patience.early = UInt32(earlyTimeout.value)
        patience.noACK = UInt32(noACKTimeout.value)
        patience.end = UInt32(endTimeout.value)
        guard !faults.isEmpty else { return isGood ? .yes : .error }
        return Host.fail(
            faults.map(\.what).joined(separator: "; "), help: faults.map(\.help).joined(separator: "; "))
    }

    /// What somebody counts on, and would miss.
    private static func tellIgnored() {
        if let name = eventCallback.value {
            Host.log(
                .notice,
                "event_callback \"\(name)\" has no effect: use event_route[dialog:start], [dialog:end], [dialog:failed]"
            )
        }
    }

    private static func checkHashSize() {
        let wanted = max(hashSize.value, 1)
        entries = 1 << UInt32(Int.bitWidth - 1 - wanted.leadingZeroBitCount)
        if Int(entries) != hashSize.value {
            Host.log(.warning, "hash_size \(hashSize.value) is no power of two: it is \(entries)")
        }
    }
}
