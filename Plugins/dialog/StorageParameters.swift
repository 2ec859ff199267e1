// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

let databaseURL = Param<StorageURL?>(
    "db_url", is: [.verbatim, .secret], "Where dialogs are kept: sqlite:///path/file.db.")
let databaseMode = Param<Int>(
    "db_mode", default: "0", in: 0...3,
    "0: memory only; 1: written when they change; 2: every db_update_period; 3: when the server stops.")
let updatePeriod = Param<Int>("db_update_period", default: "60", in: 1...86_400, "Seconds, for db_mode 2.")
let databaseRequired = Param<Int>(
    "db_required", default: "0", in: 0...1,
    "1: without the database the server does not start; 0: what it has is read as soon as it can be.")
let skipsLoading = Param<Int>("db_skip_load", default: "0", in: 0...1, "1: nothing is read at the start.")
let tableName = Param<Text>("table_name", default: "dialog", is: .verbatim, "The table of dialogs.")
let variablesTableName = Param<Text>(
    "vars_table_name", default: "dialog_vars", is: .verbatim, "The table of their variables.")

let serverID = Param<Int>(
    "server_id", default: "0", in: 0...2_147_483_647,
    "The number of this server among those that share calls by db_mode 1; 0: it shares none.")
let shareInterval = Param<Int>(
    "share_interval", default: "200", in: 20...60_000,
    "Milliseconds between two looks for what other servers have to say of calls.")
let shareTimeout = Param<Int>(
    "share_timeout", default: "5000", in: 100...600_000,
    "Milliseconds of silence after which another server is dead, and one of those that are left has its calls."
)
let sharedTableName = Param<Text>(
    "shared_table_name", default: "dialog_shared", is: .verbatim, "The table of what servers tell each other."
)

/// The columns of "dialog", in the order in which rows have them.
enum Column: Int, CaseIterable {
    case id, entry, number, callID, fromURI, fromTag, toURI, toTag, callerSequence, calleeSequence,
        callerRoutes, calleeRoutes, callerContact, calleeContact, callerSocket, calleeSocket, state, started,
        timeout, flags, properties, route, requestURI, data
}

/// The columns of "dialog_vars".
enum VariableColumn: Int, CaseIterable {
    case id, entry, number, key, value
}

private func column(_ parameter: StaticString, _ name: StaticString) -> Param<Text> {
    Param<Text>(parameter, default: name, is: .verbatim, "The name of that column.")
}

/// By `Column`, but for the first.
private let names: [Param<Text>] = [
    column("h_entry_column", "hash_entry"), column("h_id_column", "hash_id"),
    column("call_id_column", "callid"), column("from_uri_column", "from_uri"),
    column("from_tag_column", "from_tag"), column("to_uri_column", "to_uri"),
    column("to_tag_column", "to_tag"), column("from_cseq_column", "caller_cseq"),
    column("to_cseq_column", "callee_cseq"), column("from_route_column", "caller_route_set"),
    column("to_route_column", "callee_route_set"), column("from_contact_column", "caller_contact"),
    column("to_contact_column", "callee_contact"), column("from_sock_column", "caller_sock"),
    column("to_sock_column", "callee_sock"), column("state_column", "state"),
    column("start_time_column", "start_time"), column("timeout_column", "timeout"),
    column("sflags_column", "sflags"), column("iflags_column", "iflags"),
    column("toroute_name_column", "toroute_name"), column("req_uri_column", "req_uri"),
    column("xdata_column", "xdata"),
]

private let variableNames: [Param<Text>] = [
    column("vars_h_entry_column", "hash_entry"), column("vars_h_id_column", "hash_id"),
    column("vars_key_column", "dialog_key"), column("vars_value_column", "dialog_value"),
]

func name(_ column: Column) -> String {
    column == .id ? "id" : String(names[column.rawValue - 1].value)
}

func name(_ column: VariableColumn) -> String {
    column == .id ? "id" : String(variableNames[column.rawValue - 1].value)
}

@Declarations func storageParameters() -> [any Declaration] {
    databaseURL
    databaseMode
    updatePeriod
    databaseRequired
    skipsLoading
    tableName
    variablesTableName
    serverID
    shareInterval
    shareTimeout
    sharedTableName
    names.map { $0 as any Declaration }
    variableNames.map { $0 as any Declaration }
}

func storageFault() -> String? {
    databaseMode.value > 0 && databaseURL.value == nil
        ? "db_mode \(databaseMode.value) needs a database" : nil
}
