// SPDX-License-Identifier: Apache-2.0

/// A name and what else a URI or a Via says of where to go.
public struct Target: Equatable, Sendable {
    public var host: String
    /// 0: it names none.
    public var port: UInt16
    /// nil: it names none.
    public var transport: Transport?
    /// Whether every hop has to be safe: sips.
    public var isSecure: Bool

    public init(_ host: String, port: UInt16 = 0, transport: Transport? = nil, isSecure: Bool = false) {
        self.host = Question.normal(host)
        self.port = port
        self.transport = transport
        self.isSecure = isSecure
    }
}

/// The way from a name to addresses (RFC 3263, 4; RFC 2782): what is to be tried, in order, as far as it is known.
///
/// It decides and does not act: asked for what comes next, it gives an address to send to or a question that has to
/// be answered first. Later steps are taken apart only when it is their turn, so nobody waits for the address of a
/// server that is not needed.
public struct Itinerary: Equatable, Sendable {
    public enum Next: Equatable, Sendable {
        case go(Endpoint, Transport)
        case ask(Question)
        /// Nothing is left.
        case end
    }
    public enum Step: Equatable, Sendable {
        /// The NAPTR records of a domain.
        case rules(String, isSecure: Bool)
        /// A SRV name.
        case services(String, Transport)
        /// The domain itself, when there are no services.
        case domain(String, Transport)
        case addresses(String, UInt16, Transport, v4: Bool)
        case endpoint(Endpoint, Transport)
    }

    public private(set) var steps: [Step]
    private let preferences: Preferences
    private var dice: Dice

    /// Nobody tries more than that.
    static let most = 64

    public init(to target: Target, by preferences: Preferences, random: UInt64) {
        self.preferences = preferences
        dice = Dice(state: random)
        steps = []
        // 4.1: sips without a transport, or with TCP, is TLS.
        let named = target.isSecure && target.transport == .tcp ? .tls : target.transport
        let usual: Transport = target.isSecure ? .tls : .udp
        if let endpoint = Endpoint(target.host) {
            var endpoint = endpoint
            let transport = named ?? usual
            endpoint.port = target.port == 0 ? transport.defaultPort : target.port
            steps = [.endpoint(endpoint, transport)]
        } else if target.port != 0 {
            // 4.1 and 4.2: with a port, neither NAPTR nor SRV.
            steps = addresses(target.host, target.port, named ?? usual)
        } else if let named {
            if let service = Itinerary.serviceName(named, of: target.host, isSecure: target.isSecure) {
                steps.append(.services(service, named))
            }
            steps.append(.domain(target.host, named))
        } else {
            if preferences.triesNAPTR {
                steps = [.rules(target.host, isSecure: target.isSecure)]
            } else {
                steps = services(of: target.host, isSecure: target.isSecure)
            }
            let transports = preferences.transports(isSecure: target.isSecure)
            steps.append(.domain(target.host, transports.contains(usual) ? usual : transports.first ?? usual))
        }
    }

    /// What another has left of its way.
    public init(steps: [Step], by preferences: Preferences, random: UInt64) {
        self.steps = steps
        self.preferences = preferences
        dice = Dice(state: random)
    }

    public var isEmpty: Bool { steps.isEmpty }

    /// `known`: the answer to a question, if there is one already.
    public mutating func next(known: (Question) -> Answer?) -> Next {
        while let step = steps.first {
            switch step {
            case .endpoint(let endpoint, let transport):
                steps.removeFirst()
                return .go(endpoint, transport)
            case .rules(let domain, let isSecure):
                let question = Question(domain, .naptr)
                guard let answer = known(question) else { return .ask(question) }
                replaceFirst(by: follow(answer.rules, domain, isSecure))
            case .services(let name, let transport):
                let question = Question(name, .srv)
                guard let answer = known(question) else { return .ask(question) }
                replaceFirst(by: follow(answer.services, transport))
            case .domain(let name, let transport):
                replaceFirst(by: addresses(name, 0, transport))
            case .addresses(let name, let port, let transport, let v4):
                let question = Question(name, .addresses(v4: v4))
                guard let answer = known(question) else { return .ask(question) }
                replaceFirst(by: answer.endpoints.map { .endpoint($0.with(port: port), transport) })
            }
        }
        return .end
    }

    private mutating func replaceFirst(by others: [Step]) {
        steps = Array((others + steps.dropFirst()).prefix(Itinerary.most))
    }

    // MARK: - records

    /// 4.1: the services of the records that we can use. When there are none, those that we would prefer.
    private func follow(_ rules: [Rule], _ domain: String, _ isSecure: Bool) -> [Step] {
        let transports = preferences.transports(isSecure: isSecure)
        var usable: [(rule: Rule, transport: Transport)] = []
        for rule in rules where rule.pattern.isEmpty && !rule.replacement.isEmpty {
            guard let transport = rule.transport(isSecure: isSecure), transports.contains(transport) else {
                continue
            }
            usable.append((rule, transport))
        }
        // RFC 3403, 4.1: the lowest order counts alone, and in it the lowest preference first.
        if !preferences.ignoresOrder, let lowest = usable.map(\.rule.order).min() {
            usable.removeAll { $0.rule.order != lowest }
        }
        func key(_ entry: (rule: Rule, transport: Transport)) -> (Int, UInt16, UInt16) {
            let rank = preferences.ignoresOrder ? -(preferences.ranks[entry.transport] ?? 0) : 0
            return (rank, entry.rule.order, entry.rule.preference)
        }
        let sorted = usable.enumerated().sorted {
            let (a, b) = (key($0.element), key($1.element))
            return a == b ? $0.offset < $1.offset : a < b
        }.map(\.element)
        let steps = sorted.flatMap { rule, transport in
            rule.flags.lowercased() == "a"
                ? addresses(rule.replacement, 0, transport) : [.services(rule.replacement, transport)]
        }
        return steps.isEmpty ? services(of: domain, isSecure: isSecure) : steps
    }

    /// 4.2: its servers, and then the domain itself is none of them.
    private mutating func follow(_ services: [Service], _ transport: Transport) -> [Step] {
        guard !services.isEmpty else { return [] }
        steps.removeAll { if case .domain = $0 { true } else { false } }
        // RFC 2782: "." means that the service is decidedly not available.
        let ordered = Service.ordered(
            services.filter { !$0.target.isEmpty }, balances: preferences.balances, dice: &dice)
        return ordered.flatMap { addresses($0.target, $0.port, transport) }
    }

    private func services(of domain: String, isSecure: Bool) -> [Step] {
        preferences.transports(isSecure: isSecure).compactMap { transport in
            Itinerary.serviceName(transport, of: domain, isSecure: isSecure).map { .services($0, transport) }
        }
    }

    private func addresses(_ name: String, _ port: UInt16, _ transport: Transport) -> [Step] {
        let port = port == 0 ? transport.defaultPort : port
        return preferences.families(for: transport).map { .addresses(name, port, transport, v4: $0) }
    }

    /// RFC 3263, 4.2; websockets have no such names.
    static func serviceName(_ transport: Transport, of domain: String, isSecure: Bool) -> String? {
        switch transport {
        case .udp: "_sip._udp.\(domain)"
        case .tcp: "_sip._tcp.\(domain)"
        case .tls: "_sips._tcp.\(domain)"
        case .sctp: isSecure ? "_sips._sctp.\(domain)" : "_sip._sctp.\(domain)"
        case .ws, .wss: nil
        }
    }
}

extension Rule {
    /// RFC 3263, 4.1; RFC 4168, 6; RFC 7118, 7. nil: it is no service of ours, or not safe enough.
    func transport(isSecure: Bool) -> Transport? {
        switch service.uppercased() {
        case "SIP+D2U": isSecure ? nil : .udp
        case "SIP+D2T": isSecure ? nil : .tcp
        case "SIP+D2S": isSecure ? nil : .sctp
        case "SIP+D2W": isSecure ? nil : .ws
        case "SIPS+D2T": .tls
        case "SIPS+D2W": .wss
        default: nil
        }
    }
}

extension Endpoint {
    func with(port: UInt16) -> Endpoint {
        var copy = self
        copy.port = port
        return copy
    }
}
