// SPDX-License-Identifier: Apache-2.0

/// The file of profiles, `config`: sections in brackets, `key = value` below them, comments behind `#` or `;`.
public struct ProfileFile: Equatable, Sendable {
    /// What is wrong with one line.
    public struct Fault: Equatable, Sendable {
        public let line: Int
        public let what: String
        public let help: String
    }

    public struct Section: Equatable, Sendable {
        public var scope: ProfileScope
        public var line: Int
        public var settings = ProfileSettings()
    }

    public private(set) var sections: [Section] = []
    public private(set) var faults: [Fault] = []

    public init(_ text: String) {
        var isKnown = true
        for (index, raw) in text.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }
        ).enumerated() {
            let number = index + 1
            let line = Self.trimmed(Self.withoutComment(raw))
            if line.isEmpty { continue }
            if line.first == "[" {
                isKnown = open(line, number)
            } else if !sections.isEmpty || !isKnown {
                if isKnown { set(line, number) }
            } else {
                fail(number, "\"\(line)\" stands before the first section", "begin with [server:default]")
            }
        }
    }

    // MARK: - lines

    private mutating func open(_ line: Substring, _ number: Int) -> Bool {
        let scopes =
            "there are [server:default], [client:default], [server:any], [server:ADDRESS:PORT]"
            + " and the same for client"
        guard line.last == "]" else {
            fail(number, "the section \(line) has no end", "close it with ]")
            return false
        }
        let name = Self.trimmed(line.dropFirst().dropLast())
        guard let scope = ProfileScope(String(name)) else {
            fail(number, "[\(name)] is no section", scopes)
            return false
        }
        // Those for any address are told apart by their names, and so may those of one address be.
        if scope.place == .default, let other = sections.first(where: { $0.scope == scope }) {
            fail(number, "[\(name)] is there already, on line \(other.line)", "make one of the two")
            return false
        }
        sections.append(Section(scope: scope, line: number))
        return true
    }

    private mutating func set(_ line: Substring, _ number: Int) {
        guard let equals = line.firstIndex(of: "=") else {
            return fail(number, "\"\(line)\" is no key with a value", "write it as \"\(line) = ...\"")
        }
        let key = Self.trimmed(line[..<equals]).lowercased()
        let value = Self.unquoted(Self.trimmed(line[line.index(after: equals)...]))
        switch ProfileKey.set(key, value, in: &sections[sections.count - 1].settings) {
        case .good: break
        case .unknown:
            let nearest = ProfileKey.all.min { Self.distance($0, key) < Self.distance($1, key) } ?? ""
            let isNear = Self.distance(nearest, key) <= 3
            fail(
                number, "there is no \"\(key)\"",
                isNear
                    ? "did you mean \"\(nearest)\"?" : "there are \(ProfileKey.all.joined(separator: ", "))")
        case .bad(let help): fail(number, "\(key) cannot be \"\(value)\"", help)
        }
    }

    private mutating func fail(_ line: Int, _ what: String, _ help: String) {
        faults.append(Fault(line: line, what: what, help: help))
    }

    // MARK: - text

    private static func withoutComment(_ line: Substring) -> Substring {
        var isQuoted = false
        for index in line.indices {
            switch line[index] {
            case "\"": isQuoted.toggle()
            case "#" where !isQuoted, ";" where !isQuoted: return line[..<index]
            default: break
            }
        }
        return line
    }

    static func trimmed(_ text: some StringProtocol) -> Substring {
        var rest = Substring(text)
        while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        return rest
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, let first = text.first, first == "\"" || first == "'", text.last == first
        else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }

    /// How many letters have to be changed to make one of the other.
    static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a)
        let b = Array(b)
        var row = Array(0...b.count)
        for i in a.indices {
            var corner = row[0]
            row[0] = i + 1
            for j in b.indices {
                let change = corner + (a[i] == b[j] ? 0 : 1)
                corner = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }

    // MARK: - profiles

    /// All sections as profiles: what they do not say is as in the default one of their kind, and then as the
    /// parameters have it. There is always a default server and a default client.
    public func profiles(parameters: ProfileSettings) -> [Profile] {
        var all: [Profile] = []
        var withDefaults = sections
        for kind in [ProfileScope.Kind.server, .client] {
            let scope = ProfileScope(kind, .default)
            if !sections.contains(where: { $0.scope == scope }) {
                withDefaults.append(Section(scope: scope, line: 0))
            }
        }
        for section in withDefaults {
            var settings = section.settings
            let isDefault = section.scope.place == .default
            if !isDefault,
                let above = sections.first(where: { $0.scope == ProfileScope(section.scope.kind, .default) })
            {
                settings = settings.filled(from: above.settings)
            }
            // What a server is called by does not hold for a client, and the other way round.
            var rest = parameters
            if section.scope.kind == .client { rest.verifyClient = nil }
            settings = settings.filled(from: rest)
            if isDefault { settings.serverName = settings.serverName ?? parameters.serverName }
            all.append(Profile(section.scope, settings, line: section.line))
        }
        return all
    }
}

/// The keys of a section, and of the parameters.
enum ProfileKey {
    enum Result: Equatable {
        case good, unknown
        /// What it may be.
        case bad(String)
    }

    static let all = [
        "method", "tls_method", "verify_certificate", "require_certificate", "verify_client", "verify_depth",
        "private_key", "certificate", "ca_list", "ca_path", "crl", "cipher_list", "server_name",
        "server_name_mode", "server_id", "check_hostname",
    ]

    static func set(_ key: String, _ value: String, in settings: inout ProfileSettings) -> Result {
        func text(_ place: WritableKeyPath<ProfileSettings, String?>) -> Result {
            guard !value.isEmpty else { return .bad("it has to be something, or the line to go") }
            settings[keyPath: place] = value
            return .good
        }
        func truth(_ place: WritableKeyPath<ProfileSettings, Bool?>) -> Result {
            switch value.lowercased() {
            case "1", "yes", "true", "on", "enable", "enabled": settings[keyPath: place] = true
            case "0", "no", "false", "off", "disable", "disabled": settings[keyPath: place] = false
            default: return .bad("it is yes or no")
            }
            return .good
        }
        switch key {
        case "method", "tls_method":
            guard let versions = Versions(named: value) else { return .bad("it is \(Versions.names)") }
            settings.versions = versions
        case "verify_certificate": return truth(\.verifies)
        case "require_certificate": return truth(\.requires)
        case "check_hostname": return truth(\.checksName)
        case "verify_client":
            guard let mode = VerifyClient(rawValue: value.lowercased()) else {
                return .bad("it is off, on, optional or optional_no_ca")
            }
            settings.verifyClient = mode
        case "verify_depth":
            guard let depth = Int(value), (0...100).contains(depth) else { return .bad("it is 0 to 100") }
            settings.verifyDepth = depth
        case "server_name_mode":
            guard let number = Int(value), let mode = NameMode(rawValue: number) else {
                return .bad(
                    "it is 0 for the name, 1 for the name and what is below it, 2 for what is below it")
            }
            settings.nameMode = mode
        case "private_key": return text(\.key)
        case "certificate": return text(\.certificate)
        case "ca_list": return text(\.caList)
        case "ca_path": return text(\.caPath)
        case "crl": return text(\.crl)
        case "cipher_list": return text(\.ciphers)
        case "server_name": return text(\.serverName)
        case "server_id": return text(\.serverID)
        default: return .unknown
        }
        return .good
    }
}
