// SPDX-License-Identifier: Apache-2.0

/// The global parameters of the language that have nothing to act on here. They are accepted, with a notice
/// why.
extension GlobalParameters {
    private static let heap = "memory comes from one heap, which the system manages"
    private static let processes = "workers are threads of one process"
    private static let waiting =
        "any function may wait without holding up its worker, so there are no extra workers"
    private static let variables = "values of variables have no fixed buffers"
    private static let sctp = "there is no SCTP"
    private static let realtime = "scheduling is set from outside, by chrt or the service manager"
    private static let timing = "the time that routes take is counted by itself"
    private static let always = "this is always so"
    private static let never = "this is never done"

    static let ignored: [GlobalParameter] = memory + running + network + parsing + peers

    private static let memory: [GlobalParameter] =
        ignores(
            "memdbg/mem_dbg memlog/mem_log mem_summary mem_safety mem_join mem_status_mode mem_add_size",
            .number(any), because: heap)
        + ignores(
            "shm_mem_size/shm_memory/shm_mem pkg_mem_size shm_hash_split_percentage shm_secondary_hash_size",
            .number(any), because: heap)
        + ignores("shm_force_alloc mlock_pages", .boolean, because: heap)
        + ignores(
            "sql_buffer_size/sql_buf_size", .number(any), because: "SQL statements have no fixed buffer")
        + ignores(
            "pv_buffer_size pv_buffer_slots pv_cache_limit pv_cache_action", .number(any), because: variables)

    private static let running: [GlobalParameter] =
        ignores("fork", .boolean, because: "\(processes); -D on the command line sends it to the background")
        + ignores("fork_delay modinit_delay", .number(any), because: processes)
        + ignores("wait_worker1_mode wait_worker1_time wait_worker1_usleep", .number(any), because: processes)
        + ignores("async_workers async_usleep async_tkv_gname_enable", .number(any), because: waiting)
        + ignores("async_nonblock", .boolean, because: waiting)
        + ignores("async_workers_group async_tkv_evcb async_tkv_gname", .string, because: waiting)
        + ignores(
            "timer_workers timer_partitions", .number(any), because: "each worker has timers of its own")
        + ignores("real_time rt_prio rt_policy", .number(any), because: realtime)
        + ignores(
            """
            rt_timer1_prio/rt_fast_timer_prio/rt_ftimer_prio rt_timer1_policy/rt_ftimer_policy
            rt_timer2_prio/rt_stimer_prio rt_timer2_policy/rt_stimer_policy
            """, .number(any), because: realtime)
        + ignores(
            "latency_cfg_log latency_log latency_limit_db latency_limit_action latency_limit_cfg",
            .number(any), because: timing)
        + ignores("msg_time", .number(any), because: "each message knows when it came")
        + ignores(
            "verbose_startup corelog/core_log sip_parser_log", .number(any),
            because: "debug says what is logged")
        + ignores("xlog_level", .number(any), because: "debug says what is logged, whoever logs it")
        + ignores(
            "xlog_force_color xlog_print_level syslog_enabled log_json", .boolean,
            because: "log_stderror, log_color and the command line say how logs look and where they go")
        + ignores(
            "log_engine_type log_engine_data log_event_enabled xlog_buf_size log_msg_level_filter", .name,
            because: "logs go to stderr, to syslog, or to stderr as JSON")
        + ignores(
            "route_locks_size", .number(any),
            because: "all messages of a call are processed one after the other")
        + ignores("stats_name_separator", .string, because: "names of statistics are written with a dot")
        + ignores(
            "received_route_mode", .number(any), because: "event_route[core:msg-received] runs when it exists"
        )
        + ignores(
            """
            kemi.onsend_route_callback kemi.received_route_callback kemi.reply_route_callback
            kemi.pre_routing_callback
            """, .string, because: "scripts are written in this language only")
        + ignores(
            "enable_asserts abort_on_assert disable_503_translation disable_stateless_fwd", .boolean,
            because: never)
        + ignores("db_default_url", .string, because: "each plugin is told its own database")
        + ignores(
            "db_max_async_connections", .number(any), because: "the plugin of a database says how it connects"
        )

    private static let network: [GlobalParameter] =
        ignores("socket_workers", .number(0...1024), because: "all workers serve all sockets")
        + ignores("mcast mcast_address", .name, because: "multicast groups are not joined")
        + ignores("mcast_loopback", .boolean, because: "multicast groups are not joined")
        + ignores("mcast_ttl", .number(any), because: "multicast groups are not joined")
        + ignores("pmtu_discovery", .number(any), because: "the system finds the size of packets")
        + ignores(
            "udp4_raw udp4_raw_mtu udp4_raw_ttl", .number(any),
            because: "packets are sent in batches, not raw")
        + ignores("udp_receiver_mode udp_receiver_threads", .number(any), because: "all workers receive")
        + ignores("ipv6_hex_style", .string, because: "addresses are written as RFC 5952 has it")
        + ignores(
            "tcp_accept_unique tcp_connection_match", .number(any),
            because: "connections are told apart by all four ends")
        + ignores("tcp_async/tcp_buf_write", .boolean, because: always)
        + ignores("tcp_reuse_port", .boolean, because: always)
        + ignores(
            "tcp_wq_blk_size tcp_fd_cache tcp_wait_data tcp_check_timer tcp_main_threads", .number(any),
            because: "each worker reads and writes its connections by itself")
        + ignores(
            "tcp_clone_rcvbuf tcp_delayed_ack", .boolean,
            because: "each worker reads its connections by itself")
        + ignores("tcp_syncnt tcp_linger2 tcp_close_rst", .number(any), because: "the system decides that")
        + ignores(
            "tcp_poll_method poll_method",
            .word([
                "none", "poll", "epoll_lt", "epoll_et", "epoll", "sigio_rt", "select", "kqueue", "/dev/poll",
            ]),
            because: "epoll is what there is")
        + ignores("tcp_accept_haproxy tcp_accept_hep3", .boolean, because: never)
        + ignores(
            "tcp_source_ipv4 tcp_source_ipv6", .host,
            because: "connections leave from the socket that is chosen")
        + ignores(
            "tcp_accept_iplimit tcp_msg_read_timeout tcp_msg_data_timeout tcp_max_msg_time", .number(any),
            because: "tcp_max_connections and tcp_connection_lifetime bound what a peer can hold")
        + ignores(
            "tls_log/tlslog tls_connection_match_domain", .number(any),
            because: "the tls plugin says how it logs")
        + ignores(
            "enable_sctp/sctp_enable disable_sctp/sctp_disable sctp_children", .number(any), because: sctp)
        + ignores(
            """
            sctp_socket_rcvbuf/sctp_socket_receive_buffer sctp_socket_sndbuf/sctp_socket_send_buffer
            sctp_autoclose sctp_send_ttl sctp_send_retries sctp_assoc_tracking sctp_assoc_reuse
            sctp_max_assocs
            sctp_srto_initial sctp_srto_max sctp_srto_min sctp_asocmaxrxt sctp_init_max_attempts
            sctp_init_max_timeo
            sctp_hbinterval sctp_pathmaxrxt sctp_sack_delay sctp_sack_freq sctp_max_burst
            """, .number(any), because: sctp)

    private static let parsing: [GlobalParameter] =
        ignores(
            "dns rev_dns", .boolean, because: "received= is added as RFC 3261 has it, without asking the DNS")
        + ignores("http_reply_parse", .boolean, because: never)
        + ignores(
            "uri_host_extra_chars hdr_name_extra_chars", .string, because: "the grammar of RFC 3261 holds")
        + ignores(
            "sip_parser_mode sip_parser_log_oneline", .number(any), because: "the grammar of RFC 3261 holds")
        + ignores(
            "xavp_via_params xavp_via_fields xavp_via_reply_params", .string,
            because: "the Via line is made by the server alone")
        + ignores(
            "syn_branch url_match stateless_branch", .number(any), because: "branches are unique without it")
        + ignores(
            "stun_refresh_interval stun_allow_stun stun_allow_fp", .number(any),
            because: "the stun plugin answers it")

    private static let peers: [GlobalParameter] =
        ignores(
            "dns_cache_gc_interval", .number(any),
            because: "an answer that is too old goes when a new one comes, without a timer")
        + ignores("dns_cache_rec_pref", .number(any), because: "the newest answer is the one that counts")
        + ignores(
            "dns_search_full_match/dns_search_fmatch", .boolean,
            because: "an answer to another question is never taken")
        + ignores(
            "dns_reinit", .boolean, because: "/etc/resolv.conf is read again whenever it has changed")
        + ignores(
            "dns_cache_del_nonexp/dns_cache_delete_nonexpired", .boolean,
            because: "an answer that was not used for the longest time always gives way to a new one")
        + ignores(
            "dst_blocklist_gc_interval/dst_blacklist_gc_interval", .number(any),
            because: "an address whose time is over goes when a new one comes, without a timer")
}
