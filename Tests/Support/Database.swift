// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A database of any kind that there is a plugin for: a file, or a server of its own that a test starts.
package final class Database {
    package enum Kind: String, CaseIterable, Sendable {
        case sqlite, mysql, postgres

        package var plugin: String { "db_\(rawValue)" }
        fileprivate var server: DatabaseServer.Kind? { DatabaseServer.Kind(rawValue: rawValue) }
    }

    package let kind: Kind
    private let folder: Scratch
    /// nil: a file.
    package let server: DatabaseServer?
    private var file: String { folder.file("martlet.db") }

    /// nil when it is not installed or was not built here, which is told.
    package init?(_ kind: Kind) throws {
        self.kind = kind
        if let server = kind.server {
            guard server.isThere else { return nil }
            self.server = try DatabaseServer(server)
        } else {
            server = nil
        }
        folder = try Scratch()
    }

    /// As a plugin's parameter.
    package var url: String { server?.url ?? "sqlite://\(file)" }

    /// Runs statements, with the database's own client; each row one line, with bars in between.
    @discardableResult package func query(_ sql: String) throws -> String {
        if let server { return try server.query(sql) }
        let output = try run("sqlite3", "-cmd", ".timeout 5000", file, sql)
        guard output.status == 0 else { throw Problem("\(sql): \(output.err)") }
        return output.out.trimmingCharacters(in: .newlines)
    }
}
