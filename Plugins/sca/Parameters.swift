// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

let hashTableSize = Param<Int>(
    "hash_table_size", default: "9", in: 1...31, "Of no use here: tables grow by themselves.")
let callInfoExpires = Param<Int>(
    "call_info_max_expires", default: "3600", in: 1...2_000_000,
    "Seconds that a subscription to call-info lasts at most.")
let lineSeizeExpires = Param<Int>(
    "line_seize_max_expires", default: "15", in: 1...86_400, "Seconds that a line may be seized at most.")
let purgeInterval = Param<Int>(
    "purge_expired_interval", default: "120", in: 1...86_400,
    "Seconds in which all lines are looked through; what has had its time goes at its time.")
let databaseURL = Param<StorageURL?>(
    "db_url", is: [.verbatim, .secret],
    "Where lines are kept: sqlite:///path/file.db. Without it: in memory only.")
let subscriptionsTable = Param<Text>(
    "subs_table", default: "sca_subscriptions", is: .verbatim, "The table of subscriptions.")
let stateTable = Param<Text>("state_table", default: "sca_state", is: .verbatim, "The table of appearances.")
let groupsTable = Param<Text?>(
    "groups_table", is: .verbatim,
    "The table that says who may use a line, and how many calls it has: sca_groups.")
let groupsOnly = Param<Bool>(
    "groups_only", default: "0", "1: lines that are not in groups_table cannot be shared.")
let updateInterval = Param<Int>(
    "db_update_interval", default: "300", in: 1...86_400,
    "Seconds in which CSeqs are written; all else is at once.")
let serverID = Param<Int>("server_id", default: "0", "What stands in the column server_id.")
let shareInterval = Param<Int?>(
    "share_interval", in: 0...60_000,
    "Milliseconds in which is looked for what other servers on this database have done; 0: there are none. Without it: 50 where server_id is not 0."
)
let shareTimeout = Param<Int>(
    "share_timeout", default: "5000", in: 500...600_000,
    "Milliseconds of silence after which another server is dead, and one of those that live goes on for it.")
let serversTable = Param<Text>(
    "servers_table", default: "martlet_servers", is: .verbatim, "The table of servers that live.")
let outboundProxy = Param<Text?>("outbound_proxy", is: .verbatim, "Where NOTIFYs without a route go first.")
let holdFlag = Param<Int>(
    "onhold_bflag", default: "-1", in: -1...31,
    "The branch flag that says: this call is on hold; then session descriptions are not looked at. -1: none.")
let serverAddress = Param<Text?>(
    "server_address", is: .verbatim, "The Contact in answers to SUBSCRIBE, and in NOTIFYs.")
let contactFallback = Param<Text?>(
    "contact_fallback", is: .verbatim, "The Contact of messages that have none.")
let fromAVP = Param<Expression?>("from_uri_avp", "The $avp that keeps the argument from_uri for replies.")
let toAVP = Param<Expression?>("to_uri_avp", "The $avp that keeps the argument to_uri for replies.")

@Declarations func parameters() -> [any Declaration] {
    hashTableSize
    callInfoExpires
    lineSeizeExpires
    purgeInterval
    databaseURL
    subscriptionsTable
    stateTable
    groupsTable
    groupsOnly
    updateInterval
    serverID
    shareInterval
    shareTimeout
    serversTable
    outboundProxy
    holdFlag
    serverAddress
    contactFallback
    fromAVP
    toAVP
}

/// What is wrong with them together; nil: nothing.
func parameterFault() -> (what: String, help: String)? {
    if groupsTable.value != nil, databaseURL.value == nil {
        return ("groups_table needs a database", "set db_url, as sqlite:///path/file.db")
    }
    if groupsOnly.value, groupsTable.value == nil {
        return ("groups_only needs groups_table", "set groups_table, as \"sca_groups\"")
    }
    if let interval = shareInterval.value, interval > 0, databaseURL.value == nil {
        return ("share_interval needs a database", "set db_url, as sqlite:///path/file.db")
    }
    for (name, uri) in [
        ("outbound_proxy", string(outboundProxy.value)), ("server_address", string(serverAddress.value)),
        ("contact_fallback", string(contactFallback.value)),
    ] {
        guard let uri, !uri.withRaw({ URI(Text(unchecked: $0)) != nil }) else { continue }
        return ("\(name) is no SIP URI: \"\(uri)\"", "write one, as sip:sca@proxy.example.com")
    }
    return nil
}
