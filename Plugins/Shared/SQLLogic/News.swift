// SPDX-License-Identifier: Apache-2.0

/// What servers on one database let each other know by it: who has written to which table. On PostgreSQL the payload of a
/// NOTIFY (manual, "NOTIFY").
public struct News: Equatable, Sendable {
    /// What they listen to.
    public static let channel = "martlet"

    /// Another one for each process: no server hears of its own.
    public let writer: String
    public let table: String

    public init(writer: String, table: String) {
        self.writer = writer
        self.table = table
    }

    /// Nil: somebody else uses the channel for something else.
    public init?(_ text: String) {
        guard let blank = text.firstIndex(of: " "), blank != text.startIndex else { return nil }
        writer = String(text[..<blank])
        table = String(text[text.index(after: blank)...])
        if table.isEmpty { return nil }
    }

    /// As it is sent.
    public var text: String { "\(writer) \(table)" }
}
