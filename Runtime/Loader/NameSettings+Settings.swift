// SPDX-License-Identifier: Apache-2.0
import Script
import Worker

/// What the `dns_*` parameters of a configuration come to.
extension NameSettings {
    init(_ settings: Settings) {
        self.init()
        servers = settings.dnsServers.flatMap { NameSettings.servers($0.value.string) } ?? []
        seconds = settings.dnsRetryTime ?? 0
        attempts = settings.dnsRetryCount ?? 0
        serverCount = settings.dnsServerCount
        searches = settings.dnsSearchList
        caches = settings.dnsCache && settings.dnsCacheInit
        minimum = settings.dnsCacheMinTTL
        maximum = settings.dnsCacheMaxTTL ?? Int(Int32.max)
        negative = settings.dnsCacheNegativeTTL
        memory = settings.dnsCacheMemory << 10
        slow = settings.dnsSlowQuery
        preferences.triesNAPTR = settings.dnsTryNAPTR
        preferences.balances = settings.dnsLoadBalancing
        preferences.ignoresOrder = settings.dnsIgnoresOrder
        preferences.failsOver = settings.dnsFailover
        preferences.families = NameSettings.families(settings)
        preferences.ranks = [
            .udp: settings.dnsUDPRank, .tcp: settings.dnsTCPRank, .tls: settings.dnsTLSRank,
            .sctp: settings.dnsSCTPRank,
        ]
    }

    /// Whether IPv4, in order.
    private static func families(_ settings: Settings) -> [Bool] {
        let flags = settings.dnsCacheFlags
        if flags & 1 != 0 || !settings.dnsTryIPv6 { return [true] }
        if flags & 2 != 0 { return [false] }
        return flags & 4 != 0 ? [false, true] : [true, false]
    }

    /// `192.0.2.53, [2001:db8::53]:5353`. nil: one of them is no address, or there are too many or none.
    static func servers(_ text: String) -> [Endpoint]? {
        var all: [Endpoint] = []
        for word in text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
            if let plain = Endpoint(String(word), port: 53) {
                all.append(plain)
                continue
            }
            guard let colon = word.lastIndex(of: ":"), let port = UInt16(word[word.index(after: colon)...]),
                port != 0, let endpoint = Endpoint(String(word[..<colon]), port: port),
                word.first == "[" || endpoint.isV4
            else { return nil }
            all.append(endpoint)
        }
        return (1...mostServers).contains(all.count) ? all : nil
    }
}
