// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import UsrlocLogic

let databaseURL = Param<StorageURL?>(
    "db_url", is: [.verbatim, .secret], "Where contacts are kept: sqlite:///path/file.db.")
let databaseMode = Param<Int?>(
    "db_mode", in: 0...4,
    "0: memory only; 1: written before the answer; 2: written behind it; 3: database only; 4: only read.")
let databaseRequired = Param<Bool>(
    "db_required", default: "0", "1: without the database the server does not start, and nobody registers.")
let useDomain = Param<Bool>("use_domain", default: "0", "1: the domain is part of an address of record.")
let timerInterval = Param<Int>(
    "timer_interval", default: "60", in: 1...86_400, "Seconds in which all contacts are looked at once.")
let matchingMode = Param<Int>(
    "matching_mode", default: "0", in: 0...3,
    "What tells contacts apart: 0 the URI; 1 and the Call-ID; 2 URI and Path; 3 the Call-ID.")
let cseqDelay = Param<Int>(
    "cseq_delay", default: "20", in: 0...3600, "Seconds in which the same CSeq is the same request once more."
)
let timeOrder = Param<Bool>("desc_time_order", default: "0", "1: the newest contact first, whatever its q.")
let preload = Params<Text>("preload", is: .verbatim, "A table that is made at the start, used or not.")
let serverID = Param<Int>("server_id", default: "0", "What stands in the column server_id.")
let loadsAtStart = Param<Bool>("db_load", default: "1", "0: what the database has is not read at the start.")
let versionTable = Param<Bool>("version_table", default: "1", "0: the version of the table is not asked.")
let skipsForeignSockets = Param<Bool>(
    "skip_remote_socket", default: "0", "1: contacts of a socket that is not ours are not loaded.")
let cleansConnections = Param<Bool>(
    "db_clean_tcp", default: "0", "1: contacts of connections are erased at the start: those are gone.")
let handlesLostConnections = Param<Bool>(
    "handle_lost_tcp", default: "0", "1: a connection that closes takes its contacts along.")
let closesExpiredConnections = Param<Bool>(
    "close_expired_tcp", default: "0", "1: a contact that expires takes its connection along.")
let natFlag = Param<Int>(
    "nat_bflag", default: "-1", in: -1...31, "The branch flag of contacts behind a NAT, for those who ask.")
let keepaliveMode = Param<Int>(
    "ka_mode", default: "0", in: 0...7,
    "Whether contacts are asked if they are there: 1 all, 2 those behind a NAT, 4 those by UDP; they add up.")
let keepaliveMethod = Param<Text>("ka_method", default: "OPTIONS", is: .verbatim, "With this request.")
let keepaliveFrom = Param<Text>(
    "ka_from", default: "sip:server@localhost.invalid", is: .verbatim, "From whom, as a URI.")
let keepaliveDomain = Param<Text>(
    "ka_domain", default: "localhost.invalid", is: .verbatim,
    "The domain of those who are asked, without use_domain.")
let keepaliveFilter = Param<Int>(
    "ka_filter", default: "0", in: 0...1, "1: only contacts of this server_id are asked.")
let keepaliveTimeout = Param<Int>(
    "ka_timeout", default: "0", in: 0...86_400,
    "A contact that has not answered for so many seconds is taken away; 0: it stays.")
let keepaliveLogLevel = Param<Int>(
    "ka_loglevel", default: "255", in: -5...255,
    "At which level answers are told: -5 to 3; 255: they are not.")
let keepaliveLogMessage = Param<Expression>(
    "ka_logmsg", default: " to-uri: [$tu] remote-addr: [$sas]", "What is told besides, of the answer.")
let contactVariable = Param<Text?>(
    "xavp_contact", is: .verbatim, "The XAVP whose members stay with a contact, and come back with it.")
let serverIDFilter = Param<Bool>("server_id_filter", default: "0", "1: only load contacts of this server_id.")

/// The columns of the table that are used, in the order in which rows have them.
enum Column: Int, CaseIterable {
    case id, ruid, username, domain, contact, received, path, expires, q, callid, cseq, modified, flags,
        cflags,
        userAgent, socket, methods, instance, regID, serverID, connection, keepalive, partition
}

private func column(_ parameter: StaticString, _ name: StaticString) -> Param<Text> {
    Param<Text>(parameter, default: name, is: .verbatim, "The name of that column.")
}

private let idColumn = column("id_column", "id")
/// By `Column`, but for the first.
private let columnNames: [Param<Text>] = [
    column("ruid_column", "ruid"), column("user_column", "username"), column("domain_column", "domain"),
    column("contact_column", "contact"), column("received_column", "received"), column("path_column", "path"),
    column("expires_column", "expires"), column("q_column", "q"), column("callid_column", "callid"),
    column("cseq_column", "cseq"), column("last_modified_column", "last_modified"),
    column("flags_column", "flags"), column("cflags_column", "cflags"),
    column("user_agent_column", "user_agent"), column("socket_column", "socket"),
    column("methods_column", "methods"), column("instance_column", "instance"),
    column("reg_id_column", "reg_id"), column("server_id_column", "server_id"),
    column("connection_id_column", "connection_id"), column("keepalive_column", "keepalive"),
    column("partition_column", "partition"),
]

func columnName(_ column: Column) -> String {
    column == .id ? String(idColumn.value) : String(columnNames[column.rawValue - 1].value)
}

@Declarations func parameters() -> [any Declaration] {
    databaseURL
    databaseMode
    databaseRequired
    useDomain
    timerInterval
    matchingMode
    cseqDelay
    timeOrder
    preload
    serverID
    serverIDFilter
    loadsAtStart
    versionTable
    skipsForeignSockets
    cleansConnections
    handlesLostConnections
    closesExpiredConnections
    natFlag
    contactVariable
    keepaliveMode
    keepaliveMethod
    keepaliveFrom
    keepaliveDomain
    keepaliveFilter
    keepaliveTimeout
    keepaliveLogLevel
    keepaliveLogMessage
    idColumn
    columnNames.map { $0 as any Declaration }
    ignored()
}

/// What this server has no use for: its tables grow by themselves, its timers need no processes, rows are
/// found by their ruid, and are written when they change.
@Declarations private func ignored() -> [any Declaration] {
    for name: StaticString in [
        "hash_size", "timer_procs", "db_insert_update", "db_update_as_insert", "db_check_update",
        "db_ops_ruid", "fetch_rows", "expires_type", "db_raw_fetch_type", "db_insert_null", "db_timer_clean",
        "rm_expired_delay", "load_rank",
    ] {
        Param<Int>(name, default: "0", "Accepted; has no effect here.")
    }
}

/// How a table is kept.
struct Keeping: Sendable {
    let writes, waits, loads, fetches: Bool

    init(mode: Int) {
        writes = (1...3).contains(mode)
        waits = mode == 1 || mode == 3
        loads = (mode == 1 || mode == 2 || mode == 4) && loadsAtStart.value
        fetches = mode == 3
    }

    /// With a database the default is to use it.
    static var mode: Int { databaseMode.value ?? (databaseURL.value == nil ? 0 : 1) }
}
