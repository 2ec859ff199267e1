// SPDX-License-Identifier: Apache-2.0

/// What `load_credentials` asks for: columns, and the variables that get what is in them.
public struct LoadList: Equatable, Sendable {
    public struct Item: Equatable, Sendable {
        public let column: String
        /// As it is written in a script: `$avp(rpid)`.
        public let variable: String
        public init(column: String, variable: String) {
            self.column = column
            self.variable = variable
        }
    }
    public let items: [Item]

    /// `rpid;$avp(mail)=email_address`. Nil when a piece of it cannot be read.
    public init?(_ text: String) {
        var items: [Item] = []
        for piece in text.split(separator: ";") {
            let piece = LoadList.trimmed(piece)
            if piece.isEmpty { continue }
            guard piece.hasPrefix("$") else {
                guard LoadList.isName(piece) else { return nil }
                items.append(Item(column: piece, variable: "$avp(\(piece))"))
                continue
            }
            guard let equals = piece.lastIndex(of: "=") else { return nil }
            let variable = LoadList.trimmed(piece[..<equals])
            let column = LoadList.trimmed(piece[piece.index(after: equals)...])
            guard LoadList.isName(column), variable.count > 1 else { return nil }
            items.append(Item(column: column, variable: variable))
        }
        self.items = items
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 == 95 || 48...57 ~= $0 || 65...90 ~= $0 || 97...122 ~= $0 }
    }
}

/// The columns that are asked for, in their order: those of the table `subscriber`, and what else the
/// operator names.
public struct Columns: Equatable, Sendable {
    public let names: [String]
    public let user, domain, password, otherPassword: Int
    /// Of what is loaded.
    public let loaded: [Int]
    /// Those that the table has by itself, with the length of their text.
    public static let standard = [
        ("id", 0), ("username", 64), ("domain", 64), ("password", 64), ("ha1", 128), ("ha1b", 128),
    ]

    public init(user: String, domain: String, password: String, otherPassword: String, load: LoadList) {
        var names = Columns.standard.map(\.0)
        names[1] = user
        names[2] = domain
        func index(_ name: String) -> Int {
            if let known = names.firstIndex(of: name) { return known }
            names.append(name)
            return names.count - 1
        }
        self.user = 1
        self.domain = 2
        self.password = index(password)
        self.otherPassword = index(otherPassword)
        loaded = load.items.map { index($0.column) }
        self.names = names
    }
}
