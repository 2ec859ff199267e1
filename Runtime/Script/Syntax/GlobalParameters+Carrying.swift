// SPDX-License-Identifier: Apache-2.0

/// The global parameters that do something: streams, names, and addresses that are left alone.
extension GlobalParameters {
    static let streams: [GlobalParameter] = [
        acts("disable_tcp tcp_disable", .boolean, "no", "whether there is no TCP") {
            $0.disableTCP = $1.truth
        },
        acts("enable_tls tls_enable", .boolean, "no", "whether there is TLS") { $0.enableTLS = $1.truth },
        acts("disable_tls tls_disable", .boolean, "yes", "whether there is no TLS") {
            $0.enableTLS = !$1.truth
        },
        acts(
            "tcp_connection_lifetime", .number(any), "120",
            "after how many idle seconds a connection is closed"
        ) {
            $0.tcpConnectionLifetime = $1.number
        },
        acts("tcp_connect_timeout", .number(natural), "10", "how many seconds connecting may take") {
            $0.tcpConnectTimeout = $1.number
        },
        acts("tcp_send_timeout", .number(natural), "10", "how many seconds sending may take") {
            $0.tcpSendTimeout = $1.number
        },
        acts("tcp_max_connections", .number(natural), "2048", "how many connections there may be") {
            $0.tcpMaxConnections = $1.number
        },
        acts("tls_max_connections", .number(natural), "2048", "how many TLS connections there may be") {
            $0.tlsMaxConnections = $1.number
        },
        acts("tcp_rd_buf_size", .number(512...65_536_000), "16384", "how large a message over TCP may be") {
            $0.tcpMaxMessage = $1.number
        },
        acts("tcp_crlf_ping", .boolean, "yes", "whether a double CRLF is answered") {
            $0.tcpCRLFPing = $1.truth
        },
        acts("tcp_keepalive", .boolean, "yes", "whether the system probes idle connections") {
            $0.tcpKeepalive = $1.truth
        },
        acts("tcp_keepidle", .number(natural), "that of the system", "after how many seconds probing begins")
        {
            $0.tcpKeepIdle = $1.number
        },
        acts("tcp_keepintvl", .number(natural), "that of the system", "how many seconds lie between probes") {
            $0.tcpKeepInterval = $1.number
        },
        acts("tcp_keepcnt", .number(natural), "that of the system", "how many probes may fail") {
            $0.tcpKeepCount = $1.number
        },
        acts(
            "tcp_defer_accept", .number(natural), "0",
            "how many seconds a connection may wait for its first data"
        ) {
            $0.tcpDeferAccept = $1.number
        },
        acts("tcp_wq_max", .number(natural), "10485760", "how many bytes may wait to be sent in all") {
            $0.tcpQueueMax = $1.number
        },
        acts(
            "tcp_conn_wq_max", .number(natural), "32768", "how many bytes may wait to be sent on a connection"
        ) {
            $0.tcpConnectionQueueMax = $1.number
        },
        acts("tcp_accept_no_cl", .boolean, "no", "whether messages over TCP may lack Content-Length") {
            $0.tcpAcceptNoContentLength = $1.truth
        },
        acts("tcp_accept_aliases", .boolean, "no", "whether the alias of a Via makes its connection reusable")
        {
            $0.tcpAcceptAliases = $1.truth
        },
        acts("tcp_no_connect", .boolean, "no", "whether connections are only accepted, never opened") {
            $0.tcpNoConnect = $1.truth
        },
        acts("tcp_script_mode", .number(0...1), "0", "1 when a connection stays open after a script failed") {
            $0.tcpKeepOnScriptError = $1.truth
        },
    ]

    static let resolver: [GlobalParameter] = [
        acts("dns_try_ipv6", .boolean, "yes", "whether names may lead to IPv6 addresses") {
            $0.dnsTryIPv6 = $1.truth
        },
        acts("dns_try_naptr", .boolean, "no", "whether NAPTR records are looked up") {
            $0.dnsTryNAPTR = $1.truth
        },
        acts("dns_srv_lb dns_srv_loadbalancing", .boolean, "no", "whether SRV weights spread the load") {
            $0.dnsLoadBalancing = $1.truth
        },
        acts("dns_use_search_list", .boolean, "yes", "whether the system's search list is used") {
            $0.dnsSearchList = $1.truth
        },
        acts("use_dns_cache dns_use_cache", .boolean, "yes", "whether answers are kept") {
            $0.dnsCache = $1.truth
        },
        acts(
            "use_dns_failover dns_use_failover", .boolean, "no",
            "whether a failed address is followed by the next"
        ) {
            $0.dnsFailover = $1.truth
        },
        acts(
            "dns_retr_time", .number(natural), "that of the system", "how many seconds a server has to answer"
        ) {
            $0.dnsRetryTime = $1.number
        },
        acts("dns_retr_no", .number(natural), "that of the system", "how often a question is repeated") {
            $0.dnsRetryCount = $1.number
        },
        acts("dns_cache_min_ttl", .number(natural), "0", "how many seconds an answer is kept at least") {
            $0.dnsCacheMinTTL = $1.number
        },
        acts("dns_cache_max_ttl", .number(natural), "no limit", "how many seconds an answer is kept at most")
        {
            $0.dnsCacheMaxTTL = $1.number
        },
        acts("dns_cache_negative_ttl", .number(natural), "60", "how many seconds a failure is kept") {
            $0.dnsCacheNegativeTTL = $1.number
        },
        acts(
            "dns_servers", .string, "those of /etc/resolv.conf",
            "the name servers that are asked, as \"192.0.2.53, [2001:db8::53]:5353\""
        ) {
            $0.dnsServers = $1.placedText
        },
        acts("dns_servers_no", .number(natural), "all", "how many of the system's name servers are asked") {
            $0.dnsServerCount = $1.number
        },
        acts(
            "dns_naptr_ignore_rfc", .boolean, "yes",
            "whether our own preference of transports comes before that of NAPTR records"
        ) {
            $0.dnsIgnoresOrder = $1.truth
        },
        acts(
            "dns_udp_pref dns_udp_preference", .number(any), "30", "how much UDP is preferred; below 0: never"
        ) {
            $0.dnsUDPRank = $1.number
        },
        acts(
            "dns_tcp_pref dns_tcp_preference", .number(any), "20", "how much TCP is preferred; below 0: never"
        ) {
            $0.dnsTCPRank = $1.number
        },
        acts(
            "dns_tls_pref dns_tls_preference", .number(any), "10", "how much TLS is preferred; below 0: never"
        ) {
            $0.dnsTLSRank = $1.number
        },
        acts(
            "dns_sctp_pref dns_sctp_preference", .number(any), "20",
            "how much SCTP is preferred; below 0: never"
        ) {
            $0.dnsSCTPRank = $1.number
        },
        acts("dns_cache_init", .boolean, "yes", "whether answers may be kept at all") {
            $0.dnsCacheInit = $1.truth
        },
        acts(
            "dns_cache_flags", .number(0...7), "0", "1 for IPv4 only, 2 for IPv6 only, 4 for IPv6 first"
        ) {
            $0.dnsCacheFlags = $1.number
        },
        acts("dns_cache_mem", .number(natural), "500", "how many kilobytes of answers are kept") {
            $0.dnsCacheMemory = $1.number
        },
        acts(
            "dns_slow_query_ms", .number(natural), "0",
            "how many milliseconds make a question slow, so that it is logged; 0: none"
        ) {
            $0.dnsSlowQuery = $1.number
        },
    ]
    static let blocklist: [GlobalParameter] =
        [
            acts(
                "use_dst_blocklist use_dst_blacklist", .boolean, "no",
                "whether an address that cannot be connected to is left alone for a while"
            ) {
                $0.blocklist = $1.truth
            },
            acts(
                "dst_blocklist_init dst_blacklist_init", .boolean, "yes",
                "whether addresses may be left alone at all"
            ) {
                $0.blocklistInit = $1.truth
            },
            acts(
                "dst_blocklist_expire dst_blacklist_expire dst_blocklist_ttl dst_blacklist_ttl",
                .number(natural),
                "60", "how many seconds an address is left alone"
            ) {
                $0.blocklistExpire = $1.number
            },
            acts(
                "dst_blocklist_mem dst_blacklist_mem", .number(natural), "250",
                "how many kilobytes of addresses are remembered"
            ) {
                $0.blocklistMemory = $1.number
            },
        ]
        + ["udp", "tcp", "tls", "sctp"].map { transport in
            acts(
                "dst_blocklist_\(transport)_imask dst_blacklist_\(transport)_imask", .number(natural), "0",
                "which failures do not count for \(transport): 2 for sending, 4 for connecting"
            ) {
                $0.blocklistIgnored[transport] = $1.number
            }
        }
}
