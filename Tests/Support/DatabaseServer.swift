// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A real database server in a folder of its own, on a socket of the file system; as somebody else when we are root,
/// which PostgreSQL refuses to run as.
package final class DatabaseServer {
    package enum Kind: String, CaseIterable, Sendable {
        case postgres, mysql

        package var plugin: String { "db_\(rawValue)" }

        /// Where Debian and others put the programs.
        fileprivate var folders: [String] {
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
            return versions.sorted().reversed().map { "/usr/lib/postgresql/\($0)/bin" }
                + ["/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/bin"]
        }

        fileprivate func program(_ name: String) -> String? {
            folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        }

        /// Says what is missing, so that nobody takes silence for success.
        package var isThere: Bool {
            let (server, package) =
                self == .postgres ? ("initdb", "postgresql") : ("mariadbd", "mariadb-server")
            guard program(server) != nil else {
                print("\(server) is not installed, so it is not tried: apt-get install \(package)")
                return false
            }
            guard FileManager.default.fileExists(atPath: Repository.plugin(plugin)) else {
                let library = self == .postgres ? "libpq-dev" : "libmariadb-dev"
                print("\(plugin) was not built, so it is not tried: apt-get install \(library)")
                return false
            }
            return true
        }
    }

    package let kind: Kind
    package let folder: Scratch
    /// More of its own, for the next `start`.
    package var options: [String] = []
    private var process: Spawned?
    private var data: String { folder.file("data") }
    private var socket: String { kind == .postgres ? folder.path : folder.file("s") }

    package init(_ kind: Kind) throws {
        self.kind = kind
        folder = try Scratch()
        try give(folder.path)
        switch kind {
        case .postgres:
            try check([
                "initdb", "-D", data, "-U", "martlet", "-A", "trust", "-E", "UTF8", "--locale=C", "-N",
            ])
        case .mysql:
            try check([
                "mariadb-install-db", "--no-defaults", "--datadir=\(data)", "--skip-test-db",
                "--auth-root-authentication-method=normal",
            ])
        }
        try start()
        switch kind {
        case .postgres: try query("CREATE DATABASE sip", in: "postgres")
        case .mysql:
            try query(
                "CREATE DATABASE sip; CREATE USER martlet@localhost IDENTIFIED BY 's@cret'; GRANT ALL ON *.* TO martlet@localhost",
                in: "mysql", as: "root")
        }
    }

    deinit {
        process?.signal(SIGKILL)
        _ = process?.wait()
    }

    /// As a plugin's parameter.
    package var url: String {
        kind == .postgres
            ? "postgres://martlet@/sip?socket=\(folder.path)"
            : "mysql://martlet:s@cret@localhost/sip?socket=\(socket)"
    }

    /// By this a client finds the socket when its URL says no more than `localhost`.
    package var environment: [String: String] { kind == .mysql ? ["MYSQL_UNIX_PORT": socket] : [:] }

    /// For an application with a database and a password of its own.
    package func admit(_ user: String, _ password: String, to name: String) throws {
        switch kind {
        case .postgres:
            try query("CREATE ROLE \(user) LOGIN PASSWORD '\(password)'")
            try query("CREATE DATABASE \(name) OWNER \(user)")
        case .mysql:
            try query(
                "CREATE DATABASE \(name); CREATE USER \(user)@localhost IDENTIFIED BY '\(password)'; GRANT ALL ON \(name).* TO \(user)@localhost",
                in: "mysql", as: "root")
        }
    }

    package func start() throws {
        let command =
            kind == .postgres
            ? [
                "postgres", "-D", data, "-k", folder.path, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
                "shared_buffers=16MB",
            ]
            : [
                "mariadbd", "--no-defaults", "--datadir=\(data)", "--socket=\(socket)", "--skip-networking",
                "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=2", "--skip-log-bin",
            ]
        process = try Spawned(
            try asOther(command + options), environment: ProcessInfo.processInfo.environment,
            output: folder.file("log"), errors: folder.file("log"))
        let asked =
            kind == .postgres
            ? "until pg_isready -q -h \(folder.path); do sleep 0.05; done"
            : "until mariadb-admin --no-defaults -u root --socket=\(socket) -s ping >/dev/null 2>&1; do sleep 0.05; done"
        guard try run("timeout", "60", "sh", "-c", asked).status == 0 else {
            throw Problem(
                "no database: \((try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "")")
        }
    }

    /// As if its machine had lost its power.
    package func kill() {
        process?.signal(SIGKILL)
        _ = process?.wait()
        process = nil
        guard kind == .postgres else { return }
        // Its children go a moment later, and until then nobody else may have the folder.
        _ = try? run(
            "timeout", "30", "sh", "-c",
            "while fuser -s \(data)/PG_VERSION \(data)/base 2>/dev/null; do sleep 0.05; done")
    }

    /// It is there and does not answer, until `goOn`.
    package func pause() throws { try signal(SIGSTOP, "STOP") }
    package func goOn() throws { try signal(SIGCONT, "CONT") }

    /// The processes that serve PostgreSQL's connections are children of the one that was started.
    private func signal(_ number: Int32, _ name: String) throws {
        guard let process else { return }
        process.signal(number)
        if kind == .postgres { _ = try run("pkill", "-\(name)", "-P", "\(process.pid)") }
    }

    /// Runs a statement, with the database's own client; each row one line, with bars in between.
    @discardableResult
    package func query(_ sql: String, in database: String = "sip", as user: String = "martlet") throws
        -> String
    {
        let output =
            kind == .postgres
            ? try run(
                "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder.path, "-U", user, "-d",
                database,
                "-c", sql)
            : try run(
                ["mariadb", "--no-defaults", "--socket=\(socket)", "-u", user]
                    + (user == "root" ? [] : ["-ps@cret"]) + ["-N", "-B", "-r", "-e", sql, database])
        guard output.status == 0 else { throw Problem("\(sql): \(output.err)") }
        return output.out.trimmingCharacters(in: .newlines).replacingOccurrences(of: "\t", with: "|")
    }

    // MARK: - somebody else

    private var user: String { kind == .postgres ? "postgres" : "mysql" }

    private func give(_ path: String) throws {
        guard getuid() == 0 else { return }
        guard let entry = getpwnam(user), chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw Problem("\(path) cannot be given to \(user)")
        }
        chmod(path, 0o755)
    }

    /// What is temporary goes into a folder of its own as well: several of them run at a time.
    private func asOther(_ command: [String]) throws -> [String] {
        guard let program = kind.program(command[0]) else { throw Problem("there is no \(command[0])") }
        let all = ["/usr/bin/env", "TMPDIR=\(folder.path)", program] + command.dropFirst()
        guard getuid() == 0 else { return all }
        return ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"] + all
    }

    private func check(_ command: [String]) throws {
        let output = try run(["timeout", "120"] + (try asOther(command)))
        guard output.status == 0 else { throw Problem("\(command[0]): \(output.err)\(output.out)") }
    }
}
