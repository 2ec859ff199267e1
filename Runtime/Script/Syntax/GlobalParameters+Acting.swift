// SPDX-License-Identifier: Apache-2.0

/// The global parameters that do something: logging, the process, datagrams and what is made of them.
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
}
