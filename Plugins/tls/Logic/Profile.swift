// SPDX-License-Identifier: Apache-2.0

/// Which versions of TLS are spoken: `tls_method`.
public struct Versions: Equatable, Sendable {
    public enum Version: Int, Comparable, Sendable {
        case v10 = 1
        case v11, v12, v13
        public static func < (a: Version, b: Version) -> Bool { a.rawValue < b.rawValue }
    }
    public var least, most: Version

    public static let usual = Versions(least: .v12, most: .v13)

    /// What is written in the file; nil for one that is not known, or that nobody may speak any more.
    public init?(named name: String) {
        switch name.lowercased() {
        case "tlsv1": self.init(least: .v10, most: .v10)
        case "tlsv1+", "sslv23", "sslv23+": self.init(least: .v10, most: .v13)
        case "tlsv1.1": self.init(least: .v11, most: .v11)
        case "tlsv1.1+": self.init(least: .v11, most: .v13)
        case "tlsv1.2": self.init(least: .v12, most: .v12)
        case "tlsv1.2+": self.init(least: .v12, most: .v13)
        case "tlsv1.3", "tlsv1.3+": self.init(least: .v13, most: .v13)
        default: return nil
        }
    }

    private init(least: Version, most: Version) {
        self.least = least
        self.most = most
    }

    public static let names = "TLSv1.3, TLSv1.2+, TLSv1.2, TLSv1.1+, TLSv1.1, TLSv1+ or TLSv1"
}

/// What is asked of clients' certificates besides `verify_certificate` and `require_certificate`.
public enum VerifyClient: String, Sendable {
    case off, on, optional
    /// Asked for; whoever signed it.
    case optionalNoCA = "optional_no_ca"
}

/// How a `server_name` is compared: `server_name_mode`.
public enum NameMode: Int, Sendable {
    case exact = 0
    /// The domain and everything below it.
    case withSubdomains
    /// Only what is below it.
    case onlySubdomains
}

/// One section of the file, or what the parameters say. What is nil is taken from the section above it.
public struct ProfileSettings: Equatable, Sendable {
    public var versions: Versions?
    public var verifies: Bool?
    public var requires: Bool?
    public var verifyClient: VerifyClient?
    public var verifyDepth: Int?
    public var certificate, key, caList, caPath, crl, ciphers: String?
    /// For a server, what it is chosen by; for a client, what it asks for and what the other side has to be.
    public var serverName: String?
    public var nameMode: NameMode?
    public var serverID: String?
    public var checksName: Bool?

    public init() {}

    /// With the gaps filled from another.
    public func filled(from other: ProfileSettings) -> ProfileSettings {
        var filled = self
        filled.versions = versions ?? other.versions
        filled.verifies = verifies ?? other.verifies
        filled.requires = requires ?? other.requires
        filled.verifyClient = verifyClient ?? other.verifyClient
        filled.verifyDepth = verifyDepth ?? other.verifyDepth
        // A key belongs to its certificate.
        if certificate == nil {
            filled.certificate = other.certificate
            filled.key = key ?? other.key
        }
        filled.caList = caList ?? other.caList
        filled.caPath = caPath ?? other.caPath
        filled.crl = crl ?? other.crl
        filled.ciphers = ciphers ?? other.ciphers
        filled.checksName = checksName ?? other.checksName
        return filled
    }
}

/// What one section is for.
public struct ProfileScope: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable { case server, client }
    public enum Place: Hashable, Sendable {
        case `default`, any
        /// An address as text, as `192.0.2.1` or `2001:db8::1`.
        case address(String, port: UInt16)
    }
    public var kind: Kind
    public var place: Place

    public init(_ kind: Kind, _ place: Place) {
        self.kind = kind
        self.place = place
    }

    /// `server:default`, `client:any`, `server:192.0.2.1:5061`, `client:[2001:db8::1]:5061`. nil: it is none of these.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"),
            let kind = Kind(rawValue: text[..<colon].lowercased())
        else { return nil }
        let rest = text[text.index(after: colon)...]
        switch rest.lowercased() {
        case "default": self.init(kind, .default)
        case "any": self.init(kind, .any)
        default:
            guard let last = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: last)...]),
                port > 0
            else { return nil }
            var host = rest[..<last]
            if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
            guard !host.isEmpty else { return nil }
            self.init(kind, .address(host.lowercased(), port: port))
        }
    }

    public var description: String {
        switch place {
        case .default: "\(kind.rawValue):default"
        case .any: "\(kind.rawValue):any"
        case .address(let host, let port):
            host.contains(":") ? "\(kind.rawValue):[\(host)]:\(port)" : "\(kind.rawValue):\(host):\(port)"
        }
    }
}

/// A section with its gaps filled: how a connection is to be.
public struct Profile: Equatable, Sendable {
    public var scope: ProfileScope
    public var settings: ProfileSettings
    /// Where it stands; 0: nowhere.
    public var line: Int

    public init(_ scope: ProfileScope, _ settings: ProfileSettings, line: Int = 0) {
        self.scope = scope
        self.settings = settings
        self.line = line
    }

    /// Does the name that a client asks for lead here?
    public func answers(to name: String) -> Bool {
        guard let own = settings.serverName?.lowercased() else { return false }
        let name = name.lowercased()
        let isBelow = name.hasSuffix("." + own)
        switch settings.nameMode ?? .exact {
        case .exact: return name == own
        case .withSubdomains: return name == own || isBelow
        case .onlySubdomains: return isBelow
        }
    }
}

/// Which profile a connection gets.
public enum ProfileChoice {
    /// For a client that came to an address and asks for a name. The index, the default one if no other fits.
    ///
    /// One for the address goes before one for any address, and a name before none; so does the file's order.
    public static func server(_ all: [Profile], address: String, port: UInt16, name: String?) -> Int? {
        let place = ProfileScope.Place.address(address, port: port)
        func first(_ fits: (Profile) -> Bool) -> Int? {
            all.firstIndex { $0.scope.kind == .server && fits($0) }
        }
        if let name {
            if let found = first({ $0.scope.place == place && $0.answers(to: name) }) { return found }
            if let found = first({ $0.scope.place == .any && $0.answers(to: name) }) { return found }
            if let found = first({ $0.scope.place == .default && $0.answers(to: name) }) { return found }
        }
        return first { $0.scope.place == place && $0.settings.serverName == nil }
            ?? first { $0.scope.place == .any && $0.settings.serverName == nil }
            ?? first { $0.scope.place == .default }
    }

    /// For a connection that we open: the one that a script has named, or one for the address, or the default.
    public static func client(_ all: [Profile], address: String, port: UInt16, id: String?, name: String?)
        -> Int?
    {
        func first(_ fits: (Profile) -> Bool) -> Int? {
            all.firstIndex { $0.scope.kind == .client && fits($0) }
        }
        if let id, let found = first({ $0.settings.serverID == id }) { return found }
        let place = ProfileScope.Place.address(address, port: port)
        if let name, let found = first({ $0.scope.place == place && $0.answers(to: name) }) { return found }
        if let name, let found = first({ $0.scope.place == .any && $0.answers(to: name) }) { return found }
        return first { $0.scope.place == place } ?? first { $0.scope.place == .default }
    }
}
