// SPDX-License-Identifier: Apache-2.0
import Glibc
import Script
import Worker

/// The `listen` lines of a configuration, or those of the command line instead, as the worker floor takes them.
final class Listening {
    private(set) var specs: [ListenSpec] = []
    private var places: [Place?] = []
    private var lineOfName: [String: Int] = [:]
    /// What planning the sockets found wrong.
    var failures: [ListenFailure] = []

    init(_ configuration: Configuration, _ options: Setup.Options, _ diagnostics: Diagnostics) {
        let settings = configuration.settings
        let noTCP = settings.disableTCP || options.noTCP
        if options.listen.isEmpty {
            for line in settings.listen { add(line, settings, noTCP, diagnostics) }
            if settings.listen.isEmpty { addUsual(settings, noTCP) }
        }
        for text in options.listen {
            guard let spec = Self.parse(text, settings, noTCP) else {
                diagnostics.error(
                    "-l \(text) names no socket", at: nil,
                    help: "write -l [udp:|tcp:|tls:|ws:|wss:]HOST[:PORT]")
                continue
            }
            add(nil, spec)
        }
    }

    func tell(_ failure: ListenFailure, _ diagnostics: Diagnostics) {
        diagnostics.error(
            "cannot listen on \(failure.text)", at: place(failure.place), help: Self.mend(failure.text))
    }

    private static func mend(_ text: String) -> String {
        func ends(_ number: Int32) -> Bool { text.hasSuffix(": \(String(cString: strerror(number)))") }
        if text.contains(nothingCarries) { return "load a plugin that does, or take the line out" }
        if ends(EADDRINUSE) { return "see what else listens there: ss -lnp" }
        if ends(EACCES) { return "ports below 1024 need the rights of root, or CAP_NET_BIND_SERVICE" }
        return "see the addresses of this machine: ip address"
    }

    /// Of a transport that a plugin may bring.
    static let nothingCarries = "nothing that is loaded carries"

    func place(_ number: Int) -> Place? { number < places.count ? places[number] : nil }

    /// When the file says nothing: every address, and TLS where that is switched on.
    private func addUsual(_ settings: Settings, _ noTCP: Bool) {
        if noTCP { return add(nil, ListenSpec(.udp, "*", port: settings.port)) }
        guard settings.enableTLS else { return }
        add(nil, ListenSpec(nil, "*", port: settings.port))
        add(nil, ListenSpec(.tls, "*", port: settings.tlsPort))
    }

    private func add(_ place: Place?, _ spec: ListenSpec) {
        var spec = spec
        spec.place = places.count
        places.append(place)
        specs.append(spec)
    }

    private func add(_ line: Listen, _ settings: Settings, _ noTCP: Bool, _ diagnostics: Diagnostics) {
        var transport: Transport?
        if let name = line.transport {
            guard let known = Transport(named: name) else {
                return diagnostics.error(
                    "nothing carries \"\(name)\"", at: line.place, help: "write udp, tcp, tls, ws or wss")
            }
            transport = known
        }
        if noTCP, transport?.isStream == true {
            return diagnostics.notice(
                "this line has no effect: disable_tcp switches streams off", at: line.place)
        }
        if transport == nil, noTCP { transport = .udp }
        if let name = line.name?.value.string {
            if let first = lineOfName[name] {
                diagnostics.error(
                    "line \(first) has a socket called \"\(name)\" already", at: line.place,
                    help: "give this one another name")
            }
            lineOfName[name] = lineOfName[name] ?? line.place.line
        }
        let port = line.port ?? Self.usualPort(of: transport, settings)
        for host in line.hosts {
            add(
                line.place,
                ListenSpec(
                    transport, host.string, port: port,
                    advertise: line.advertise.map { ($0.host.string, $0.port) }, name: line.name?.value.string
                ))
        }
    }

    /// RFC 7118, 4.2 gives websockets those of HTTP.
    private static func usualPort(of transport: Transport?, _ settings: Settings) -> Int {
        switch transport {
        case nil, .udp, .tcp, .sctp: settings.port
        case .tls: settings.tlsPort
        case .ws: Int(Transport.ws.defaultPort)
        case .wss: Int(Transport.wss.defaultPort)
        }
    }

    /// `udp:192.0.2.1:5060`, with or without the transport and the port; IPv6 in brackets.
    private static func parse(_ text: String, _ settings: Settings, _ noTCP: Bool) -> ListenSpec? {
        var rest = text[...]
        var transport: Transport? = noTCP ? .udp : nil
        if let colon = rest.firstIndex(of: ":"), let named = Transport(named: String(rest[..<colon])) {
            transport = named
            rest = rest[rest.index(after: colon)...]
        }
        var port = usualPort(of: transport, settings)
        if let colon = rest.lastIndex(of: ":"), rest.first == "[" ? rest[..<colon].last == "]" : true {
            guard let number = Int(rest[rest.index(after: colon)...]), (0...65_535).contains(number) else {
                return nil
            }
            port = number
            rest = rest[..<colon]
        }
        // What has colons of its own stands in brackets.
        if rest.first != "[", rest.contains(":") { return nil }
        return rest.isEmpty ? nil : ListenSpec(transport, String(rest), port: port)
    }
}

extension WorkerGroup {
    /// The workers of a network whose sockets are planned, not opened.
    static func planned(
        _ network: Network, workers: UInt32, _ traffic: any WorkerHandler, _ statistics: Statistics,
        _ limits: Limits,
        _ listening: Listening
    ) -> WorkerGroup {
        do throws(ListenFailures) {
            try network.plan(workers: Int(workers))
        } catch {
            listening.failures = error.failures
        }
        return WorkerGroup(network: network, handler: traffic, statistics: statistics, limits: limits)
    }
}

extension Alias {
    init(_ alias: AliasName) {
        self.init(
            alias.host.string, port: alias.port, transport: alias.transport.flatMap { Transport(named: $0) })
    }
}

extension Network.Options {
    init(_ settings: Settings) {
        self.init()
        advertisedHost = settings.advertisedAddress?.value.string
        advertisedPort = settings.advertisedPort
        port = settings.port
        mhomed = settings.mhomed
        receiveBuffer = settings.maxBuffer
        typeOfService = settings.tos ?? 0
        freeBind = settings.freeBind
    }
}

extension Limits {
    init(_ settings: Settings) {
        self.init()
        receiveBuffer = settings.maxBuffer
        streamMessage = settings.tcpMaxMessage
        connections = settings.tcpMaxConnections
        secureConnections = settings.tlsMaxConnections
        connectionQueue = settings.tcpConnectionQueueMax
        allQueues = settings.tcpQueueMax
        // Kamailio's unit of connection_lifetime and of the two time-outs is a second; -1 is "never".
        lifetime = settings.tcpConnectionLifetime < 0 ? -1 : settings.tcpConnectionLifetime * 1000
        connectTimeout = settings.tcpConnectTimeout * 1000
        sendTimeout = settings.tcpSendTimeout * 1000
        answersPing = settings.tcpCRLFPing
        acceptsNoContentLength = settings.tcpAcceptNoContentLength
        connects = !settings.tcpNoConnect
        keepAlive = settings.tcpKeepalive
        keepIdle = settings.tcpKeepIdle ?? 0
        keepInterval = settings.tcpKeepInterval ?? 0
        keepCount = settings.tcpKeepCount ?? 0
        typeOfService = settings.tos ?? 0
        names = NameSettings(settings)
        blocklist.isUsed = settings.blocklist && settings.blocklistInit
        blocklist.seconds = settings.blocklistExpire
        blocklist.memory = settings.blocklistMemory << 10
        for (name, mask) in settings.blocklistIgnored {
            if let transport = Transport(named: name) { blocklist.ignored[transport] = UInt32(mask) }
        }
    }
}
