// SPDX-License-Identifier: Apache-2.0

/// The types of records that may be asked for. The raw values are those of the DNS.
public enum RecordType: UInt16, Sendable, CaseIterable {
    case a = 1
    case cname = 5
    case ptr = 12
    case txt = 16
    case aaaa = 28
    case srv = 33
    case naptr = 35

    public init?(named name: String) {
        guard let found = RecordType.allCases.first(where: { $0.name == name.uppercased() }) else {
            return nil
        }
        self = found
    }

    public var name: String {
        switch self {
        case .a: "A"
        case .cname: "CNAME"
        case .ptr: "PTR"
        case .txt: "TXT"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        case .naptr: "NAPTR"
        }
    }

    static func addresses(v4: Bool) -> RecordType { v4 ? .a : .aaaa }
}

/// What the DNS is asked. The case of a name and a dot at its end make no difference.
public struct Question: Hashable, Sendable {
    public let name: String
    public let type: RecordType

    public init(_ name: String, _ type: RecordType) {
        self.name = Question.normal(name)
        self.type = type
    }

    static func normal(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    /// What can be a name of a host or a service; nothing else is asked for, whatever a message says.
    var isSensible: Bool {
        let bytes = name.utf8
        guard (1...253).contains(bytes.count) else { return false }
        var label = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                label += 1
                if label > 63 { return false }
            case UInt8(ascii: "."):
                if label == 0 { return false }
                label = 0
            default: return false
            }
        }
        return label > 0
    }

    /// The last two labels: whose servers have to answer, as a rule. Names without a dot are all of one kind.
    var domain: Substring {
        guard let last = name.lastIndex(of: ".") else { return "" }
        guard let before = name[..<last].lastIndex(of: ".") else { return name[...] }
        return name[name.index(after: before)...]
    }
}

/// A service's server (RFC 2782).
public struct Service: Hashable, Sendable {
    public let priority, weight, port: UInt16
    public let target: String

    public init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.target = Question.normal(target)
    }
}

/// A rule of a domain, which of its services to take (RFC 3403).
public struct Rule: Hashable, Sendable {
    public let order, preference: UInt16
    public let flags, service, pattern, replacement: String

    public init(
        order: UInt16, preference: UInt16, flags: String, service: String, pattern: String = "",
        replacement: String
    ) {
        self.order = order
        self.preference = preference
        self.flags = flags
        self.service = service
        self.pattern = pattern
        self.replacement = Question.normal(replacement)
    }
}

/// One record of an answer.
public struct Record: Hashable, Sendable {
    public enum Data: Hashable, Sendable {
        case address(Endpoint)
        case service(Service)
        case rule(Rule)
        /// Of CNAME and PTR.
        case name(String)
        case text(String)
    }
    public let data: Data
    /// In seconds.
    public var ttl: UInt32

    public init(_ data: Data, ttl: UInt32) {
        self.data = data
        self.ttl = ttl
    }
}

/// What came of a question.
public struct Answer: Hashable, Sendable {
    public enum Outcome: Sendable {
        case found
        /// There is no such name, or none of that type.
        case nothing
        /// Nobody who was asked said anything useful.
        case failed
    }
    public let outcome: Outcome
    public let records: [Record]
    /// How long the answer holds, in seconds; nil: it does not say.
    public let seconds: UInt32?

    public init(_ records: [Record]) {
        outcome = .found
        self.records = records
        seconds = records.map(\.ttl).min()
    }

    private init(_ outcome: Outcome, seconds: UInt32?) {
        self.outcome = outcome
        self.seconds = seconds
        records = []
    }

    public static func nothing(seconds: UInt32? = nil) -> Answer { Answer(.nothing, seconds: seconds) }
    public static let failed = Answer(.failed, seconds: nil)

    var endpoints: [Endpoint] {
        records.compactMap { if case .address(let endpoint) = $0.data { endpoint } else { nil } }
    }
    var services: [Service] {
        records.compactMap { if case .service(let service) = $0.data { service } else { nil } }
    }
    var rules: [Rule] {
        records.compactMap { if case .rule(let rule) = $0.data { rule } else { nil } }
    }
}
