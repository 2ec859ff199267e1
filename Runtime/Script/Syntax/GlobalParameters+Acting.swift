// SPDX-License-Identifier: Apache-2.0

/// The global parameters that do something.
extension GlobalParameters {
    static let logging: [GlobalParameter] = [
        acts(
            "debug", .number(-5...9), "0",
            "the highest level that is logged: -1 error, 0 warning, 2 info, 3 debug"
        ) {
            $0.debug = $1.number
        },
        // OpenSIPS counts warnings as 1, without a level 0.
        acts(
            "log_level", .number(-3...9), "1",
            "the highest level that is logged: -1 error, 1 warning, 3 info, 4 debug"
        ) {
            $0.debug = $1.number > 0 ? $1.number - 1 : $1.number
        },
        acts(
            "log_stderror stderror_enabled log_stdout", .boolean, "no",
            "whether to log to stderr instead of syslog"
        ) {
            $0.logToStandardError = $1.truth
        },
        acts(
            "log_facility syslog_facility", .word(facilities), "LOG_DAEMON",
            "the facility of syslog to log to"
        ) {
            $0.logFacility = $1.text.string.uppercased()
        },
        acts("log_name syslog_name", .string, "\"martlet\"", "the name under which syslog shows the server") {
            $0.logName = $1.text
        },
        acts("log_color", .boolean, "no", "whether lines on stderr have colours") { $0.logColor = $1.truth },
        acts(
            "log_prefix", .string, "\"\"", "the text in front of what is logged while a message is processed"
        ) {
            $0.logPrefix = $1.placedText
        },
        acts("log_prefix_mode", .number(0...1), "0", "1 when log_prefix is to be evaluated for each line") {
            $0.logPrefixEachLine = $1.truth
        },
    ]

    static let process: [GlobalParameter] = [
        acts("user uid", .name, "that of the caller", "the user to become when sockets are open") {
            $0.user = $1.placedText
        },
        acts("group gid", .name, "that of the user", "the group to become when sockets are open") {
            $0.group = $1.placedText
        },
        acts("chroot", .string, "none", "the folder that is / for the server") { $0.chroot = $1.placedText },
        acts("workdir wdir", .string, "\"/\"", "the folder the server works in") {
            $0.workFolder = $1.placedText
        },
        acts("rundir run_dir", .string, "\"/var/run/martlet\"", "the folder of sockets and pid files") {
            $0.runFolder = $1.placedText
        },
        acts("pidfile pid_file", .string, "none", "the file that tells the process id") {
            $0.pidFile = $1.placedText
        },
        acts("disable_core_dump", .boolean, "no", "whether a crash leaves no core file") {
            $0.disableCoreDump = $1.truth
        },
        acts("open_files_limit", .number(natural), "that of the system", "how many files may be open") {
            $0.openFilesLimit = $1.number
        },
        acts("exit_timeout ser_kill_timeout", .number(natural), "60", "how many seconds stopping may take") {
            $0.exitTimeout = $1.number
        },
        acts("server_id", .number(any), "0", "the number of this server among several, $sid") {
            $0.serverID = $1.number
        },
        acts("children udp_workers", .number(0...1024), "one per processor", "the number of workers") {
            $0.children = $1.number > 0 ? $1.number : nil
        },
        acts(
            "tcp_children tcp_workers", .number(0...1024), "that of children",
            "the number of workers for streams"
        ) {
            $0.tcpChildren = $1.number > 0 ? $1.number : nil
        },
    ]

    static let sockets: [GlobalParameter] = [
        acts("port", .number(0...65535), "5060", "the port of listen lines that have none") {
            $0.port = $1.number
        },
        acts("tls_port_no", .number(0...65535), "5061", "the port of tls listen lines that have none") {
            $0.tlsPort = $1.number
        },
        acts("auto_aliases auto_domains", .boolean, "yes", "whether names of listen addresses are aliases") {
            $0.autoAliases = $1.truth
        },
        acts(
            "advertised_address", .host, "the address of the socket",
            "the host that Via and Record-Route show"
        ) {
            $0.advertisedAddress = $1.placedText
        },
        acts(
            "advertised_port", .number(0...65535), "the port of the socket",
            "the port that Via and Record-Route show"
        ) {
            $0.advertisedPort = $1.number
        },
        acts("mhomed", .boolean, "no", "whether the routing table chooses the socket to send from") {
            $0.mhomed = $1.truth
        },
        acts("maxbuffer", .number(natural), "262144", "how large receive buffers of UDP sockets may be made")
        {
            $0.maxBuffer = $1.number
        },
        acts("tos", .numberOrWord(trafficClasses), "that of the system", "the traffic class of what is sent")
        {
            if case .word(let word) = $1.value { $0.tos = trafficClasses[word] } else { $0.tos = $1.number }
        },
        acts(
            "ip_free_bind ipfreebind ip_nonlocal_bind", .boolean, "no",
            "whether to listen on foreign addresses"
        ) {
            $0.freeBind = $1.truth
        },
        acts("bind_ipv6_link_local", .boolean, "no", "whether link-local addresses are listened on") {
            $0.bindLinkLocal = $1.truth
        },
        acts(
            "auto_bind_ipv6", .boolean, "no",
            "whether IPv6 interfaces are listened on when no listen line is given"
        ) {
            $0.autoBindIPv6 = $1.truth
        },
        acts(
            "udp_mtu", .number(0...65535), "0",
            "the size from which requests leave by another transport, 0 never"
        ) {
            $0.udpMTU = $1.number
        },
        acts(
            "udp_mtu_try_proto", .word(["UDP", "TCP", "TLS", "SCTP"]), "UDP",
            "the transport of requests over udp_mtu"
        ) {
            $0.udpMTUTransport = $1.text.string.lowercased()
        },
    ]

    static let trafficClasses = [
        "IPTOS_LOWDELAY": 0x10, "IPTOS_THROUGHPUT": 0x08, "IPTOS_RELIABILITY": 0x04, "IPTOS_MINCOST": 0x02,
    ]

    static let sip: [GlobalParameter] = [
        acts("force_rport add_rport", .boolean, "no", "whether every request counts as having rport") {
            $0.forceRport = $1.truth
        },
        acts("local_rport add_local_rport", .boolean, "no", "whether our own Via has rport") {
            $0.localRport = $1.truth
        },
        acts("check_via", .boolean, "no", "whether replies must have our address in their Via") {
            $0.checkVia = $1.truth
        },
        acts("reply_to_via", .boolean, "no", "whether replies go to the Via address, not to the source") {
            $0.replyToVia = $1.truth
        },
        acts("server_signature", .boolean, "yes", "whether Server and User-Agent lines are added") {
            $0.serverSignature = $1.truth
        },
        acts("server_header", .string, "\"Server: martlet\"", "the whole Server line of replies") {
            $0.serverHeader = $1.text
        },
        acts(
            "user_agent_header", .string, "\"User-Agent: martlet\"",
            "the whole User-Agent line of local requests"
        ) {
            $0.userAgentHeader = $1.text
        },
        acts("sip_warning", .boolean, "no", "whether replies have a Warning line for debugging") {
            $0.sipWarning = $1.truth
        },
        acts("max_branches", .number(1...30), "12", "how many branches a request may have") {
            $0.maxBranches = $1.number
        },
        acts("phone2tel", .boolean, "yes", "whether user=phone makes a sip URI a telephone number") {
            $0.phone2tel = $1.truth
        },
        acts("onsend_route_reply", .boolean, "no", "whether onsend_route runs for replies too") {
            $0.onsendRouteReply = $1.truth
        },
        acts(
            "version_table db_version_table", .string, "\"version\"",
            "the table that tells the versions of the others"
        ) {
            $0.versionTable = $1.text
        },
    ]

    static let script: [GlobalParameter] = [
        acts("max_while_loops", .number(natural), "100", "how often a loop may run, 0 for ever") {
            $0.maxWhileLoops = $1.number
        },
        acts(
            "max_recursive_level", .number(1...natural.upperBound), "256",
            "how deep routes may call each other"
        ) {
            $0.maxRecursiveLevel = $1.number
        },
        acts("return_mode", .number(0...1), "0", "1 when a route called in an expression gives its own value")
        {
            $0.returnMode = $1.number
        },
    ]

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
