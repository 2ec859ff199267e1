// SPDX-License-Identifier: Apache-2.0

/// Where a database server is, and how one gets in:
///
///     postgres://user:password@host:5432/database
///     mysql://user:password@[2001:db8::1]/database
///     postgres://user@/database?socket=/run/postgresql     by a socket in the file system
///     mysql://[group]user@host/database                     with that group of my.cnf
///     postgres://user@host/database?sslmode=require         with options of the client's library
///
/// A `%` with two hexadecimal digits is a byte, in each part; a host that begins with a slash then is a socket.
public struct DatabaseURL: Equatable, Sendable {
    public var scheme: String
    public var user = ""
    public var password = ""
    public var host = ""
    public var port: UInt16?
    public var database: String
    /// A path: of the socket, or for PostgreSQL of the folder that it is in.
    public var socket: String?
    public var group: String?
    /// What else stands behind the `?`, in that order: for the library of that kind of database.
    public var options: [Option] = []

    public struct Option: Equatable, Sendable {
        public let name, value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        /// Of `name=value;name=value`. Nil when it is not that.
        public static func list(_ text: String) -> [Option]? {
            var all: [Option] = []
            for part in text.split(separator: ";") {
                guard let equals = part.firstIndex(of: "=") else { return nil }
                let name = part[..<equals].filter { $0 != " " }
                guard !name.isEmpty else { return nil }
                all.append(Option(String(name), String(part[part.index(after: equals)...])))
            }
            return all
        }
    }

    /// Nil when it is none.
    public init?(_ text: String) {
        guard let end = text.firstRange(of: "://") else { return nil }
        scheme = String(text[..<end.lowerBound])
        var rest = text[end.upperBound...]
        guard !scheme.isEmpty, !text.utf8.contains(0) else { return nil }
        if rest.first == "[", let close = rest.firstIndex(of: "]"), rest[close...].dropFirst().first != ":",
            rest[close...].dropFirst().first != "/"
        {
            group = String(rest[rest.index(after: rest.startIndex)..<close])
            rest = rest[rest.index(after: close)...]
        }
        // A password may have an @ in it, and so may what follows the ?: the last one before the path counts.
        var options: Substring?
        if let question = rest.lastIndex(of: "?"), rest[question...].contains("=") {
            options = rest[rest.index(after: question)...]
            rest = rest[..<question]
        }
        guard let slash = rest.lastIndex(of: "/") else { return nil }
        database = DatabaseURL.decoded(rest[rest.index(after: slash)...])
        guard !database.isEmpty else { return nil }
        var place = rest[..<slash]
        if let at = place.lastIndex(of: "@") {
            let credentials = place[..<at]
            place = place[place.index(after: at)...]
            if let colon = credentials.firstIndex(of: ":") {
                user = DatabaseURL.decoded(credentials[..<colon])
                password = DatabaseURL.decoded(credentials[credentials.index(after: colon)...])
            } else {
                user = DatabaseURL.decoded(credentials)
            }
        }
        guard takePlace(place), takeOptions(options) else { return nil }
    }

    private mutating func takePlace(_ text: Substring) -> Bool {
        var name = text
        if name.hasPrefix("["), let close = name.lastIndex(of: "]") {
            host = String(name[name.index(after: name.startIndex)..<close])
            name = name[name.index(after: close)...]
            guard name.isEmpty || name.hasPrefix(":") else { return false }
            name = name.dropFirst()
        } else if let colon = name.lastIndex(of: ":") {
            host = DatabaseURL.decoded(name[..<colon])
            name = name[name.index(after: colon)...]
        } else {
            host = DatabaseURL.decoded(name)
            name = ""
        }
        if !name.isEmpty {
            guard let number = UInt16(name), number > 0 else { return false }
            port = number
        }
        if host.hasPrefix("unix("), host.hasSuffix(")") { host = String(host.dropFirst(5).dropLast()) }
        if host.hasPrefix("/") {
            socket = host
            host = ""
        }
        return true
    }

    private mutating func takeOptions(_ text: Substring?) -> Bool {
        for option in text?.split(separator: "&") ?? [] {
            guard let equals = option.firstIndex(of: "=") else { return false }
            let value = DatabaseURL.decoded(option[option.index(after: equals)...])
            switch option[..<equals] {
            case "socket", "unix_socket", "host": socket = value
            case "": return false
            case let name: options.append(Option(String(name), value))
            }
        }
        return true
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// To be shown: without the password.
    public var shown: String {
        let place = socket ?? (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "")
        return "\(scheme)://\(user.isEmpty ? "" : user + "@")\(place)/\(database)"
    }
}
