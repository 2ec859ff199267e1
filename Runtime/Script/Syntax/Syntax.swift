// SPDX-License-Identifier: Apache-2.0

/// A string of the configuration: bytes, for nothing promises that they are UTF-8.
public struct Text: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    public var bytes: [UInt8]

    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
    public init(_ string: String) { bytes = Array(string.utf8) }
    public init(stringLiteral string: String) { self.init(string) }

    public var string: String { String(decoding: bytes, as: UTF8.self) }
    public var description: String { string }
    public var isEmpty: Bool { bytes.isEmpty }
}

/// Something with the place where it stands.
public struct Placed<Value> {
    public var value: Value
    public var place: Place

    public init(_ value: Value, at place: Place) {
        self.value = value
        self.place = place
    }
}

extension Placed: Sendable where Value: Sendable {}

/// A configuration as it was written, in file order, with included files in their places.
///
/// Global parameters stand twice: as items, each with its place, and in `settings` with their effect.
public struct Configuration: Sendable {
    public var items: [Item] = []
    public var settings = Settings()
    /// All preprocessor names that were defined when the file ended: what `$def(ID)` reads.
    public var defines: [String: Text] = [:]

    public init() {}
}

/// One thing at the top level of a file.
public struct Item: Sendable {
    public enum Kind: Sendable {
        case parameter(Parameter)
        case custom(CustomParameter)
        case flags([FlagDeclaration])
        case avpFlags([FlagDeclaration])
        /// `mpath` or `loadpath`: the folders, still joined by colons.
        case modulePath(Placed<Text>)
        case loadModule(LoadModule)
        case moduleParameter(ModuleParameter)
        case listen([Listen])
        case alias([AliasName])
        case route(RouteBlock)
    }

    public var kind: Kind
    /// The keyword it begins with.
    public var place: Place
}

/// The value of a parameter. Boolean words are integers by now, as the language has it.
public enum ParameterValue: Sendable, Equatable {
    case integer(Int)
    case string(Text)
    /// A word without quotes, as `LOG_LOCAL0`.
    case word(String)
    /// `$env(HOME)`, only in `modparamx`.
    case variable(String)
}

/// `name = value`, a parameter of the server. `name` is the name in the table, whatever alias was written.
public struct Parameter: Sendable {
    public var name: Placed<String>
    public var value: Placed<ParameterValue>
}

/// `group.name = value desc "text"`, or `group[1].name = value`: a parameter the script's author made up.
public struct CustomParameter: Sendable {
    public var group: Placed<String>
    public var instance: Int?
    public var name: Placed<String>
    public var value: Placed<ParameterValue>
    public var description: Text?
}

/// `flags NAME:3` or `flags NAME`, which leaves the number to the server.
public struct FlagDeclaration: Sendable {
    public var name: Placed<String>
    public var position: Placed<Int>?
}

/// `loadmodule "name.so"`. `evaluated` with `loadmodulex`: variables in the name are to be replaced.
public struct LoadModule: Sendable {
    public var name: Placed<Text>
    public var options: Placed<Text>?
    public var evaluated: Bool
}

/// `modparam("modules", "name", value)`. `evaluated` with `modparamx`: variables are to be replaced in the
/// texts.
public struct ModuleParameter: Sendable {
    public var modules: Placed<Text>
    public var name: Placed<Text>
    public var value: Placed<ParameterValue>
    public var evaluated: Bool
}

/// A host and its port as written: an address (IPv6 without its brackets), a name, an interface or `*`.
public struct HostPort: Sendable, Equatable {
    public var host: Text
    public var port: Int?

    public init(host: Text, port: Int? = nil) {
        self.host = host
        self.port = port
    }
}

/// A listening socket: `listen=udp:192.0.2.1:5060 advertise 198.51.100.1:5060 name "outside"`.
public struct Listen: Sendable {
    /// `udp`, `tcp`, `tls`, `sctp`, `ws`, `wss` ... in lower case; nil: every transport that is switched on.
    public var transport: String?
    /// Several only in the form `udp:(192.0.2.1, 192.0.2.2):5060`.
    public var hosts: [Text]
    /// nil: `settings.port`, or `settings.tlsPort` over TLS.
    public var port: Int?
    public var advertise: HostPort?
    public var name: Placed<Text>?
    public var virtual = false
    /// `agname`, the group of asynchronous workers.
    public var group: Text?
    /// Workers for this socket alone (`use_workers`, `workers`).
    public var workers: Int?
    public var place: Place
}

/// `alias=udp:example.com:5060`: another name of this server.
public struct AliasName: Sendable {
    public var transport: String?
    public var host: Text
    /// nil: any port.
    public var port: Int?
    public var place: Place
}

/// The kinds of blocks a script consists of.
public enum RouteKind: String, Sendable, CaseIterable {
    case request = "request_route"
    case reply = "onreply_route"
    case failure = "failure_route"
    case branch = "branch_route"
    case onsend = "onsend_route"
    case event = "event_route"
    case error = "error_route"
    case local = "local_route"
    case timer = "timer_route"
    case startup = "startup_route"
}

/// A block of the script. `request` without a name is the main route, with one it is `route[NAME]`.
///
/// The same block without a name written twice is two items; their statements are to be run one after the
/// other.
public struct RouteBlock: Sendable {
    public var kind: RouteKind
    public var name: Placed<Text>?
    /// Seconds, of an OpenSIPS timer_route[name, 60].
    public var interval: Int?
    public var body: Block
}
