// SPDX-License-Identifier: Apache-2.0

/// What the global parameters of a configuration come to; the defaults are those of a file that sets none.
public struct Settings: Sendable {
    // Logging
    /// Messages up to this level are printed: -1 error, 0 warning, 1 notice, 2 info, 3 debug.
    public var debug = 0
    public var logToStandardError = false
    public var logFacility = "LOG_DAEMON"
    public var logName: Text?
    public var logColor = false
    /// A text with variables in front of what is logged while a message is processed, and its place.
    public var logPrefix: Placed<Text>?
    /// Evaluate `logPrefix` for each line instead of once per message.
    public var logPrefixEachLine = false

    // The process
    public var user: Placed<Text>?
    public var group: Placed<Text>?
    public var workFolder: Placed<Text>?
    public var chroot: Placed<Text>?
    public var runFolder: Placed<Text>?
    public var pidFile: Placed<Text>?
    public var disableCoreDump = false
    public var openFilesLimit: Int?
    public var exitTimeout = 60
    public var serverID = 0

    // Workers
    /// nil: one per processor.
    public var children: Int?
    public var tcpChildren: Int?

    // Sockets and names
    public var listen: [Listen] = []
    public var aliases: [AliasName] = []
    public var autoAliases = true
    public var port = 5060
    public var tlsPort = 5061
    public var advertisedAddress: Placed<Text>?
    public var advertisedPort: Int?
    public var mhomed = false
    public var maxBuffer = 262_144
    /// The traffic class of what is sent; nil: what the system gives.
    public var tos: Int?
    public var freeBind = false
    public var bindLinkLocal = false
    public var autoBindIPv6 = false
    public var modulePath: [Placed<Text>] = []

    // SIP
    public var forceRport = false
    public var localRport = false
    public var checkVia = false
    public var replyToVia = false
    public var serverSignature = true
    /// The whole line, without its end.
    public var serverHeader: Text?
    public var userAgentHeader: Text?
    public var sipWarning = false
    public var maxBranches = 12
    public var phone2tel = true
    public var udpMTU = 0
    public var udpMTUTransport: String?
    public var onsendRouteReply = false

    // The script
    public var maxWhileLoops = 100
    public var maxRecursiveLevel = 256
    public var returnMode = 0

    // TCP and TLS
    public var disableTCP = false
    public var enableTLS = false
    public var tcpConnectionLifetime = 120
    public var tcpConnectTimeout = 10
    public var tcpSendTimeout = 10
    public var tcpMaxConnections = 2048
    public var tlsMaxConnections = 2048
    public var tcpMaxMessage = 16_384
    public var tcpCRLFPing = true
    public var tcpKeepalive = true
    public var tcpKeepIdle: Int?
    public var tcpKeepInterval: Int?
    public var tcpKeepCount: Int?
    public var tcpDeferAccept = 0
    public var tcpQueueMax = 10_485_760
    public var tcpConnectionQueueMax = 32_768
    public var tcpAcceptNoContentLength = false
    public var tcpAcceptAliases = false
    public var tcpNoConnect = false
    /// Keep the connection when the script fails.
    public var tcpKeepOnScriptError = false

    // Resolver
    public var dnsTryIPv6 = true
    public var dnsTryNAPTR = false
    public var dnsLoadBalancing = false
    public var dnsSearchList = true
    public var dnsCache = true
    public var dnsFailover = false
    public var dnsRetryTime: Int?
    public var dnsRetryCount: Int?
    public var dnsCacheMinTTL = 0
    public var dnsCacheMaxTTL: Int?
    public var dnsCacheNegativeTTL = 60
    public var dnsServers: Placed<Text>?
    public var dnsServerCount = 0
    public var dnsIgnoresOrder = true
    /// Which transport is preferred; below zero: never taken.
    public var dnsUDPRank = 30
    public var dnsTCPRank = 20
    public var dnsTLSRank = 10
    public var dnsSCTPRank = 20
    public var dnsCacheInit = true
    /// 1: IPv4 only, 2: IPv6 only, 4: IPv6 first.
    public var dnsCacheFlags = 0
    /// In kilobytes.
    public var dnsCacheMemory = 500
    /// In milliseconds; 0: none is slow.
    public var dnsSlowQuery = 0
    public var blocklist = false
    public var blocklistInit = true
    /// In seconds, and in kilobytes.
    public var blocklistExpire = 60
    public var blocklistMemory = 250
    /// By transport, as written: failures that do not count.
    public var blocklistIgnored: [String: Int] = [:]

    // Storage
    public var versionTable: Text = "version"

    public init() {}
}
