// SPDX-License-Identifier: Apache-2.0

/// What looking up names holds to; the name of the parameter that sets it is beside.
public struct NameSettings: Sendable {
    /// Asked instead of those of /etc/resolv.conf: `dns_servers`. Three at most, as libc has it.
    public var servers: [Endpoint] = []
    public static let mostServers = 3
    /// 0: as the system has them. Seconds for one server to answer, `dns_retr_time`; how often each is asked,
    /// `dns_retr_no`; how many of them, `dns_servers_no`.
    public var seconds = 0, attempts = 0, serverCount = 0
    public var searches = true  // dns_use_search_list

    public var caches = true  // use_dns_cache
    /// Seconds: `dns_cache_min_ttl`, `dns_cache_max_ttl`, `dns_cache_negative_ttl`.
    public var minimum = 0, maximum = Int(Int32.max), negative = 60
    /// Bytes: `dns_cache_mem`.
    public var memory = 500 << 10
    /// A question that took longer is counted and logged, in milliseconds: `dns_slow_query_ms`; 0: none.
    public var slow = 0

    public var preferences = Preferences()

    /// How long nobody is asked again who said nothing, in seconds; less, if "no" holds for less.
    static let silence = 10

    public init() {}

    /// For how many seconds an answer is kept; 0: it is not.
    func lifetime(of answer: Answer) -> Int {
        switch answer.outcome {
        // RFC 8767, 4: nobody means more than a week.
        case .found: max(minimum, min(Int(answer.seconds ?? 0), maximum, 7 * 86_400))
        case .nothing: min(answer.seconds.map(Int.init) ?? negative, negative)
        case .failed: min(NameSettings.silence, negative)
        }
    }
}

/// Which ways to a name are taken, and which first.
public struct Preferences: Sendable, Equatable {
    public var triesNAPTR = false  // dns_try_naptr
    /// Whether the weights of services are dice, rather than an order: `dns_srv_lb`.
    public var balances = false
    /// Whether our own order of transports comes before that of NAPTR records: `dns_naptr_ignore_rfc`.
    public var ignoresOrder = true
    /// Whether the next is tried when one fails: `use_dns_failover`.
    public var failsOver = false
    /// Families of addresses in the order that they are tried: `dns_try_ipv6`, `dns_cache_flags`.
    public var families: [Bool] = [true, false]
    /// By transport; the highest first, and below zero never: `dns_udp_pref` and its like.
    public var ranks: [Transport: Int] = [.udp: 30, .tcp: 20, .tls: 10, .sctp: 20]
    /// What there are sockets for.
    public var reach = Reach()

    public init() {}

    /// Transports that may be chosen, the most preferred first.
    func transports(isSecure: Bool) -> [Transport] {
        let all: [Transport] = isSecure ? [.tls] : [.udp, .tcp, .tls, .sctp]
        let usable = all.filter { ranks[$0] ?? 0 >= 0 && reach.holds($0) }
        // The sort keeps those of equal rank in their order.
        return usable.enumerated().sorted {
            let (a, b) = (ranks[$0.element] ?? 0, ranks[$1.element] ?? 0)
            return a == b ? $0.offset < $1.offset : a > b
        }.map(\.element)
    }

    /// Families by which a transport may go; where there is no socket at all, that is found out by sending.
    func families(for transport: Transport) -> [Bool] {
        let reached = families.filter { reach.holds(transport, v4: $0) }
        return reached.isEmpty ? families : reached
    }
}

/// Transports and families of addresses that there are sockets for.
public struct Reach: Sendable, Equatable {
    private var bits: UInt32 = 0

    public init() {}

    public static let everywhere: Reach = {
        var all = Reach()
        for transport in Transport.allCases {
            all.add(transport, v4: true)
            all.add(transport, v4: false)
        }
        return all
    }()

    public mutating func add(_ transport: Transport, v4: Bool) {
        bits |= 1 << (transport.rawValue * 2 + (v4 ? 1 : 0))
    }
    public func holds(_ transport: Transport, v4: Bool) -> Bool {
        bits & 1 << (transport.rawValue * 2 + (v4 ? 1 : 0)) != 0
    }
    public func holds(_ transport: Transport) -> Bool {
        holds(transport, v4: true) || holds(transport, v4: false)
    }
}

extension Network {
    public var reach: Reach {
        var reach = Reach()
        for index in 0..<rowCount { reach.add(rows[index].transport, v4: rows[index].isV4) }
        return reach
    }
}
