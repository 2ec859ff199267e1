// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

private func name(_ parameter: StaticString, _ name: StaticString, _ help: StaticString) -> Param<Text> {
    Param<Text>(parameter, default: name, is: .verbatim, help)
}

let databaseURL = Param<StorageURL?>(
    "db_url", is: [.verbatim, .secret], "Where the tables are: sqlite:///path/file.db.")
let databaseMode = Param<Int>(
    "db_mode", default: "0", in: 0...1,
    "allow_trusted(): 0 asks the database each time, 1 keeps the table in memory.")
let backends = Param<Int>(
    "load_backends", default: "65535", in: 0...65_535, "Which tables are used: 1 address, 2 trusted.")
let addressFile = Param<Text?>("address_file", is: .verbatim, "A file with addresses, instead of the table.")
let addressTable = name("address_table", "address", "The table of addresses.")
let groupColumn = name("grp_col", "grp", "The name of that column.")
let addressColumn = name("ip_addr_col", "ip_addr", "The name of that column.")
let maskColumn = name("mask_col", "mask", "The name of that column.")
let portColumn = name("port_col", "port", "The name of that column.")
let tagColumn = name("tag_col", "tag", "The name of that column, in both tables.")
let trustedTable = name("trusted_table", "trusted", "The table of trusted peers.")
let sourceColumn = name("source_col", "src_ip", "The name of that column.")
let protocolColumn = name("proto_col", "proto", "The name of that column.")
let fromColumn = name("from_col", "from_pattern", "The name of that column.")
let uriColumn = name("ruri_col", "ruri_pattern", "The name of that column.")
let priorityColumn = name("priority_col", "priority", "The name of that column.")
let tagVariable = Param<Expression?>("peer_tag_avp", "The $avp that gets the tag of what matched.")
let tagMode = Param<Int>(
    "peer_tag_mode", default: "0", in: 0...1, "allow_trusted(): 1 gives the tags of all that match.")
let reloadDelta = Param<Int>(
    "reload_delta", default: "5", in: 0...3600, "Seconds between two reloads, at least.")
let allowFile = name(
    "default_allow_file", "permissions.allow", "The rules of allow_routing() without arguments.")
let denyFile = name(
    "default_deny_file", "permissions.deny", "The rules of allow_routing() without arguments.")
let allowSuffix = name("allow_suffix", ".allow", "What is added to a base for the name of its file.")
let denySuffix = name("deny_suffix", ".deny", "What is added to a base for the name of its file.")
let checksBranches = Param<Bool>(
    "check_all_branches", default: "1", "allow_routing(): 1 looks at all branches, 0 at the Request-URI only."
)
let maxSubnets = Param<Int>("max_subnets", default: "512", "Accepted; there is no limit.")
let cleanupInterval = Param<Int>(
    "trusted_cleanup_interval", default: "60", "Accepted; what was reloaded is cleaned up by itself.")
let answerTimeout = Param<Milliseconds>(
    "answer_timeout", default: "5s", in: 1...60_000, "How long a request waits for the database.")

@Declarations func parameters() -> [any Declaration] {
    databaseURL
    databaseMode
    backends
    addressFile
    addressTable
    groupColumn
    addressColumn
    maskColumn
    portColumn
    tagColumn
    trustedTable
    sourceColumn
    protocolColumn
    fromColumn
    uriColumn
    priorityColumn
    tagVariable
    tagMode
    reloadDelta
    allowFile
    denyFile
    allowSuffix
    denySuffix
    checksBranches
    maxSubnets
    cleanupInterval
    answerTimeout
}
