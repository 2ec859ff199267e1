// SPDX-License-Identifier: Apache-2.0
import Auth_dbLogic
import CMartlet
import PluginKit

let auth = Need("auth", 1, as: auth_api.self)

let databaseURL = Param<StorageURL>(
    "db_url", is: [.verbatim, .secret, .required], "Where passwords are: sqlite:///path/file.db.")
let userColumn = Param<Text>("user_column", default: "username", is: .verbatim, "The name of that column.")
let domainColumn = Param<Text>("domain_column", default: "domain", is: .verbatim, "The name of that column.")
let passwordColumn = Param<Text>(
    "password_column", default: "ha1", is: .verbatim, "The column with the hash, or with the password.")
let otherPasswordColumn = Param<Text>(
    "password_column_2", default: "ha1b", is: .verbatim, "The hash of names that have a domain in them.")
let calculatesHash = Param<Bool>(
    "calculate_ha1", default: "0", "1: password_column has passwords, not hashes.")
let useDomain = Param<Bool>("use_domain", default: "0", "1: users are told apart by their domain, too.")
let loadCredentials = Param<Text>(
    "load_credentials", default: "", is: .verbatim, "What else is read: rpid;$avp(mail)=email_address")
let versionTable = Param<Bool>("version_table", default: "1", "0: the version of the table is not asked.")
let loadsAlways = Param<Bool>(
    "force_generate_avps", default: "0", "1: what else is read is there although the credentials are wrong.")
let answerTimeout = Param<Milliseconds>(
    "answer_timeout", default: "5s", in: 1...60_000, "How long a request waits for the database.")

@Declarations func parameters() -> [any Declaration] {
    databaseURL
    userColumn
    domainColumn
    passwordColumn
    otherPasswordColumn
    calculatesHash
    useDomain
    loadCredentials
    versionTable
    loadsAlways
    answerTimeout
}

/// What follows from the parameters. Written by `Start`, before any request.
enum Settings {
    nonisolated(unsafe) static var columns = Columns(
        user: "username", domain: "domain", password: "ha1", otherPassword: "ha1b", load: LoadList("")!)
    /// Beside `columns.loaded`.
    nonisolated(unsafe) static var variables: [Expression] = []

    static func prepare() -> Outcome {
        guard let list = LoadList(String(loadCredentials.value)) else {
            return Host.fail(
                "load_credentials \"\(loadCredentials.value)\" cannot be read",
                help: "columns, each with a variable if need be: rpid;$avp(mail)=email_address")
        }
        columns = Columns(
            user: String(userColumn.value), domain: String(domainColumn.value),
            password: String(passwordColumn.value), otherPassword: String(otherPasswordColumn.value),
            load: list)
        for item in list.items {
            guard let variable = Expression.compile(item.variable) else { return .error }
            variables.append(variable)
        }
        return .yes
    }
}
