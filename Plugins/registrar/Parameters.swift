// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

let usrloc = Need("usrloc", 1, as: usrloc_api.self)
let sl = Need("sl", 1, as: sl_api.self)

private func number(
    _ name: StaticString, _ fallback: StaticString, in range: ClosedRange<Int>, _ help: StaticString
) -> Param<Int> {
    Param<Int>(name, default: fallback, in: range, is: .reloadable, help)
}

let defaultExpires = number("default_expires", "3600", in: 1...31_536_000, "Seconds, when nobody says.")
let defaultExpiresRange = number(
    "default_expires_range", "0", in: 0...100, "By how many percent that may be shortened.")
let minExpires = number("min_expires", "60", in: 0...31_536_000, "The shortest time, in seconds.")
let minExpiresMode = number("min_expires_mode", "0", in: 0...1, "Shorter times: 0 are raised, 1 are refused.")
let maxExpires = number("max_expires", "0", in: 0...31_536_000, "The longest time, in seconds; 0: no limit.")
let expiresRange = number("expires_range", "0", in: 0...100, "By how many percent a time may be shortened.")
let defaultQ = number(
    "default_q", "-1", in: -1...1000, "The q of contacts without one, in thousandths; -1: none.")
let appendBranches = number(
    "append_branches", "1", in: 0...1, "1: lookup() takes all contacts, 0: the first.")
let caseSensitive = number("case_sensitive", "0", in: 0...1, "1: users are told apart by case.")
let maxContacts = number(
    "max_contacts", "0", in: 0...100_000, "Contacts of one address of record; 0: no limit.")
let retryAfter = number("retry_after", "0", in: 0...86_400, "Retry-After in a 5xx, in seconds; 0: none.")
let methodFiltering = number(
    "method_filtering", "0", in: 0...1, "1: lookup() leaves out contacts that do not allow the method.")
let usePath = number("use_path", "0", in: 0...1, "1: Path is kept, and used.")
let pathMode = number("path_mode", "2", in: 0...2, "0: never in the 200; 1: if supported; 2: refused if not.")
let pathUseReceived = number("path_use_received", "0", in: 0...1, "1: received of the first Path URI counts.")
let pathCheckLocal = number("path_check_local", "0", in: 0...1, "1: lookup() leaves out our own hops.")
let gruuEnabled = number("gruu_enabled", "1", in: 0...1, "1: contacts with an instance get GRUUs.")
let outboundMode = number("outbound_mode", "0", in: 0...2, "SIP Outbound: 0 no, 1 supported, 2 required.")
let regIDMode = number("regid_mode", "0", in: 0...1, "1: reg-id counts whoever stands between.")
let flowTimer = number("flow_timer", "0", in: 0...999, "Flow-Timer in a 200, in seconds; 0: none.")
let contactMaxSize = number("contact_max_size", "512", in: 16...65_535, "The longest contact, in bytes.")
let sockFlag = number("sock_flag", "-1", in: -1...31, "The flag that says: the socket is in a header.")
let sockHeader = Param<Text>("sock_hdr_name", default: "", is: .verbatim, "That header.")
let realmPrefix = Param<Text>(
    "realm_prefix", default: "", is: .verbatim, "Taken off the domain of an address.")
let receivedParam = Param<Text>(
    "received_param", default: "received", is: .verbatim,
    "The Contact parameter that shows where it came from.")
let receivedAVP = Param<Expression?>(
    "received_avp", "Where nathelper leaves the address a request came from.")
let xavpConfig = Param<Text?>(
    "xavp_cfg", is: .verbatim, "The $xavp whose max_contacts, expires and q go before the parameters.")

let lookupFilterMode = number(
    "lookup_filter_mode", "0", in: 0...3,
    "lookup() takes contacts with 1 a branch flag in rlf_bflags of xavp_cfg, 2 no connection or an open one.")
let eventCallback = Param<Text?>(
    "event_callback", is: .verbatim, "A function of another language; there is none here.")
let socketMode = Param<Int>(
    "sock_mode", default: "0", in: 0...1,
    "1: what the socket of a contact is advertised as stands in the database.")
let useExpiredContacts = number(
    "use_expired_contacts", "0", in: 0...1,
    "1: lookup() takes contacts too that have expired and are still there.")
let persistentFlag = number(
    "tcp_persistent_flag", "-1", in: -1...31,
    "The message flag of REGISTERs whose connection stays as long as what they register.")
let aorAVP = Param<Expression?>("aor_avp", "Where the script leaves whose contacts are meant.")
let callIDAVP = Param<Expression?>(
    "reg_callid_avp", "Where the script leaves the Call-ID that registered() looks for.")

let recordVariable = Param<Text?>(
    "xavp_rcd", is: .verbatim, "The $xavp that gets what lookup() knows of its contacts.")
let recordMask = Param<Int>(
    "xavp_rcd_mask", default: "0", in: 0...31,
    "What it does not get: 1 ruid, 2 contact, 4 received, 8 path, 16 expires.")

@Declarations func parameters() -> [any Declaration] {
    [
        defaultExpires, defaultExpiresRange, minExpires, minExpiresMode, maxExpires, expiresRange, defaultQ,
        appendBranches, caseSensitive, maxContacts, retryAfter, methodFiltering, usePath, pathMode,
        pathUseReceived, pathCheckLocal, gruuEnabled, outboundMode, regIDMode, flowTimer, contactMaxSize,
        sockFlag,
    ]
    sockHeader
    realmPrefix
    receivedParam
    receivedAVP
    xavpConfig
    recordVariable
    recordMask
    [lookupFilterMode, useExpiredContacts, persistentFlag]
    [aorAVP, callIDAVP]
    eventCallback
    socketMode
}

/// The parameters as the rules want them. They may change while the server runs.
enum Rules {
    static var address: AddressOfRecord {
        var address = AddressOfRecord()
        address.usesDomain = usrloc.table.pointee.uses_domain()
        address.isCaseSensitive = caseSensitive.value != 0
        if address.usesDomain { address.realmPrefix = String(realmPrefix.value) }
        return address
    }

    static var expiry: Expiry {
        var expiry = Expiry()
        expiry.fallback = defaultExpires.value
        expiry.least = minExpires.value
        expiry.refusesBrief = minExpiresMode.value == 1
        expiry.most = maxExpires.value
        expiry.range = expiresRange.value
        expiry.fallbackRange = defaultExpiresRange.value
        return expiry
    }

    static var outbound: OutboundRules {
        var rules = OutboundRules()
        rules.mode = OutboundRules.Mode(rawValue: outboundMode.value) ?? .off
        rules.usesPath = usePath.value != 0
        rules.pathMode = OutboundRules.PathMode(rawValue: pathMode.value) ?? .strict
        rules.trustsRegID = regIDMode.value != 0
        rules.flowTimer = flowTimer.value
        return rules
    }
}
