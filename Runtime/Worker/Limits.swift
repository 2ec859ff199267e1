// SPDX-License-Identifier: Apache-2.0

/// What the workers hold to. Times are milliseconds, sizes bytes; the name of the parameter that sets it is
/// beside.
public struct Limits: Sendable {
    /// How far the receive buffer of a UDP socket is raised: `maxbuffer`.
    public var receiveBuffer = 262_144
    /// What waits, per worker and socket, when the kernel does not take datagrams.
    public var datagramQueue = 1 << 20

    /// The largest message on a stream: `tcp_rd_buf_size`, but never below 128 KiB, so that 64 kB bodies
    /// pass (RFC 3261, 18.1.1). No property observer: an initialiser, also one in an extension, calls none.
    public var streamMessage: Int {
        get { longest }
        set { longest = max(newValue, 131_072) }
    }
    private var longest = 131_072
    /// All connections of the process: `tcp_max_connections`.
    public var connections = 2048
    /// Those over TLS among them: `tls_max_connections`.
    public var secureConnections = 2048
    /// What waits for one slow reader, `tcp_conn_wq_max`, and for all of them, `tcp_wq_max`.
    public var connectionQueue = 32_768
    public var allQueues = 10 << 20
    /// Idle connections are closed after this: `tcp_connection_lifetime`. Below zero: never.
    public var lifetime = 120_000
    public var connectTimeout = 10_000  // tcp_connect_timeout
    public var sendTimeout = 10_000  // tcp_send_timeout
    /// How long all handshakes of a connection's filters may take together.
    public var handshakeTime = 10_000
    /// How long a connection whose peer has finished sending may still be answered.
    public var halfCloseTime = 1_000
    public var answersPing = true  // tcp_crlf_ping
    public var acceptsNoContentLength = false  // tcp_accept_no_cl
    public var connects = true  // not tcp_no_connect

    /// `tcp_keepalive`, `tcp_keepidle`, `tcp_keepintvl`, `tcp_keepcnt` in seconds and probes; 0: as the
    /// system has it.
    public var keepAlive = true
    public var keepIdle = 0, keepInterval = 0, keepCount = 0
    /// `tos`: the type of service, or 0.
    public var typeOfService = 0

    /// Helper threads for work that blocks.
    public var helpers = 8
    /// What looking up names holds to.
    public var names = NameSettings()
    /// What leaving addresses alone holds to.
    public var blocklist = Blocklist.Settings()

    public init() {}
}
