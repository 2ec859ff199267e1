// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// For the pings; may be missing, or stand on a later line.
let usrloc = Need("usrloc", 1, as: usrloc_api.self, [.optional, .late])

let pingInterval = Param<Int>(
    "natping_interval", default: "0", in: 0...86_400, "Seconds between two pings of a contact; 0: none.")
let pingsNatedOnly = Param<Bool>(
    "ping_nated_only", default: "0", "1: only contacts that have the flag nat_bflag of usrloc are pinged.")
let pingSocket = Param<Text>(
    "natping_socket", default: "", is: .verbatim, "The socket that pings leave by; else the contact's.")
let forceSocket = Param<Text>(
    "force_socket", default: "", is: .verbatim, "The same, for contacts that have no socket.")
let sipFlag = Param<Int>(
    "sipping_bflag", default: "-1", in: -1...31, "Contacts with that branch flag get SIP requests as pings.")
let sipMethod = Param<Text>("sipping_method", default: "OPTIONS", is: .verbatim, "Their method.")
let sipFrom = Param<Text?>("sipping_from", is: .verbatim, "Whom they are from: a URI.")
let pingDisabled = Param<Int>(
    "natping_disable_bflag", default: "-1", in: -1...31, "Contacts with that branch flag are not pinged.")
let keepaliveTimeout = Param<Int>(
    "keepalive_timeout", default: "0", in: 0...86_400,
    "A contact that has not answered a SIP ping for so many seconds is taken away; 0: it stays.")
let pingsPath = Param<Bool>(
    "udpping_from_path", default: "0",
    "1: a ping goes to the first hop of the contact's Path, when there is one.")
let filtersServer = Param<Bool>(
    "filter_server_id", default: "0", "1: only contacts that this server's clients registered are pinged.")
let serverID = Param<Int>("server_id", default: "0", "This server's number, for filter_server_id.")
let receivedAVP = Param<Expression?>(
    "received_avp", "Where fix_nated_register() leaves the address for save().")
let noProxyLine = Param<Text>(
    "nortpproxy_str", default: "a=nortpproxy:yes", is: .verbatim,
    "The line that fix_nated_sdp() adds with flag 4.")
let keepsOldAddress = Param<Bool>(
    "append_sdp_oldmediaip", default: "1", "1: fix_nated_sdp() tells the old address in a line of its own.")
let aliasName = Param<Text>(
    "alias_name", default: "alias", is: .verbatim, "The parameter that has the real address.")
let addressMode = Param<Int>(
    "nat_addr_mode", default: "0", in: 0...1, "Accepted; all private addresses count.")
let processes = Param<Int>("natping_processes", default: "1", in: 0...64, "Accepted; has no effect here.")

@Declarations func parameters() -> [any Declaration] {
    pingInterval
    pingsNatedOnly
    pingSocket
    forceSocket
    sipFlag
    sipMethod
    sipFrom
    pingDisabled
    keepaliveTimeout
    pingsPath
    filtersServer
    serverID
    receivedAVP
    noProxyLine
    keepsOldAddress
    aliasName
    addressMode
    processes
}

enum Headers {
    static let contact = Header("Contact")
    static let via = Header("Via")
    static let recordRoute = Header("Record-Route")
    static var all: [any Declaration] { [contact, via, recordRoute] }
}
