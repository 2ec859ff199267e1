// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A database that several servers can use: a file, or a real database server.
package final class SharedDatabase {
    package enum Kind: String, CaseIterable, Sendable {
        case sqlite, postgres, mysql

        package var plugin: String { "db_\(rawValue)" }
        fileprivate var server: DatabaseServer.Kind? { DatabaseServer.Kind(rawValue: rawValue) }
        /// Says what is missing.
        package var isThere: Bool { server?.isThere ?? true }
    }

    package let kind: Kind
    private let folder: Scratch
    private let server: DatabaseServer?

    package init(_ kind: Kind) throws {
        self.kind = kind
        folder = try Scratch()
        server = try kind.server.map { try DatabaseServer($0) }
    }

    /// As a plugin's parameter.
    package var url: String { server?.url ?? "sqlite://\(file)" }
    private var file: String { folder.file("shared.db") }

    /// Runs statements, with the database's own client; each row one line, with bars in between.
    @discardableResult
    package func query(_ sql: String) throws -> String {
        if let server { return try server.query(sql) }
        let output = try run("sqlite3", "-cmd", ".timeout 5000", file, sql)
        guard output.status == 0 else { throw Problem("\(sql): \(output.err)") }
        return output.out.trimmingCharacters(in: .newlines)
    }

    /// As if its machine had lost its power; a file is only put aside.
    package func kill() throws {
        if let server { return server.kill() }
        try FileManager.default.moveItem(atPath: file, toPath: folder.file("away.db"))
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
    }

    /// It is there again.
    package func start() throws {
        if let server { return try server.start() }
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.moveItem(atPath: folder.file("away.db"), toPath: file)
    }
}
