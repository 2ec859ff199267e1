// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

@Suite struct SyntaxItemTests {
    /// The first item, with names and values only.
    private func item(_ source: String) -> String {
        let reading = Reading(source)
        guard !reading.diagnostics.hasErrors, let item = reading.configuration.items.first else {
            return reading.complaints
        }
        switch item.kind {
        case .parameter(let parameter): return "\(parameter.name.value) = \(parameter.value.value)"
        case .custom(let custom):
            let instance = custom.instance.map { "[\($0)]" } ?? ""
            let description = custom.description.map { " \"\($0)\"" } ?? ""
            return
                "\(custom.group.value)\(instance).\(custom.name.value) = \(custom.value.value)\(description)"
        case .flags(let flags), .avpFlags(let flags):
            return flags.map { $0.name.value + ($0.position.map { ":\($0.value)" } ?? "") }.joined(
                separator: " ")
        case .modulePath(let path): return "path \(path.value)"
        case .loadModule(let module):
            let options = module.options?.value.string ?? "-"
            return "load\(module.evaluated ? "x" : "") \(module.name.value) \(options)"
        case .moduleParameter(let parameter):
            return "\(parameter.evaluated ? "x " : "")\(parameter.modules.value).\(parameter.name.value)"
                + " = \(parameter.value.value)"
        case .listen(let sockets): return sockets.map(socket).joined(separator: ", ")
        case .alias(let names):
            return names.map { "\($0.transport ?? "*") \($0.host) \($0.port ?? 0)" }.joined(separator: ", ")
        case .route(let route): return route.kind.rawValue
        }
    }

    private func socket(_ listen: Listen) -> String {
        var text =
            "\(listen.transport ?? "*") \(listen.hosts.map(\.string).joined(separator: "+"))"
            + " \(listen.port ?? 0)"
        if let advertise = listen.advertise { text += " as \(advertise.host) \(advertise.port ?? 0)" }
        if let name = listen.name { text += " named \(name.value)" }
        if listen.virtual { text += " virtual" }
        if let group = listen.group { text += " group \(group)" }
        if let workers = listen.workers { text += " by \(workers)" }
        return text
    }

    @Test(
        arguments: [
            ("loadmodule \"tm.so\"", "load tm.so -"),
            ("loadmodule(\"tm\", \"g\")", "load tm g"),
            ("loadmodulex \"$env(M).so\"", "loadx $env(M).so -"),
            ("modparam(\"tm|sl\", \"fr_timer\", 30000)", "tm|sl.fr_timer = integer(30000)"),
            ("modparam(\"a\", \"b\", -1)", "a.b = integer(-1)"),
            ("modparam(\"a\", \"b\", yes)", "a.b = integer(1)"),
            ("#!define U \"x:\"\nmodparam(\"a\", \"b\", U \"y\")", "a.b = string(x:y)"),
            ("modparamx(\"a\", \"b\", $env(HOME))", "x a.b = variable(\"$env(HOME)\")"),
            ("mpath=\"a:b\"", "path a:b"), ("loadpath \"a\"", "path a"),
            ("flags A, B:3;", "A B:3"), ("bool \"X\":2", "X:2"), ("avpflags a, b;", "a b"),
            ("my.value = 7", "my.value = integer(7)"),
            ("my[2].value = \"x\" desc \"why\"", "my[2].value = string(x) \"why\""),
            ("kemi.reply_route_callback = \"none\"", "kemi.reply_route_callback = string(none)"),
            ("log_facility=LOG_LOCAL3", "log_facility = word(\"LOG_LOCAL3\")"),
            ("add_rport=1", "force_rport = integer(1)"),
            ("advertised_address=sip.dns.example", "advertised_address = string(sip.dns.example)"),
        ])
    func `items of the top level`(source: String, content: String) {
        #expect(item(source) == content)
    }

    @Test(
        arguments: [
            ("listen=udp:192.0.2.1:5060", "udp 192.0.2.1 5060"),
            ("listen=UDP:192.0.2.1", "udp 192.0.2.1 0"),
            ("listen=192.0.2.1", "* 192.0.2.1 0"),
            ("listen=eth0:5060", "* eth0 5060"),
            ("listen=tls:[2001:db8::1]:5061", "tls 2001:db8::1 5061"),
            ("listen=2001:db8::1", "* 2001:db8::1 0"),
            ("listen=[::1]", "* ::1 0"),
            ("listen=*:lo:*", "* lo 0"),
            ("listen=udp:\"my.host\":5060", "udp my.host 5060"),
            ("listen=\"tcp:[::1]:5060\"", "tcp ::1 5060"),
            ("listen=sctp:(192.0.2.1, 192.0.2.2):5060", "sctp 192.0.2.1+192.0.2.2 5060"),
            ("#!define IP 192.0.2\nlisten=udp:IP.7:5060", "udp 192.0.2.7 5060"),
            ("listen=udp:my-host.dns.example:5060", "udp my-host.dns.example 5060"),
            (
                "listen=udp:192.0.2.1:5060 advertise 198.51.100.1:5070 name \"out\" virtual",
                "udp 192.0.2.1 5060 as 198.51.100.1 5070 named out virtual"
            ),
            ("listen=udp:lo advertise \"sip.alias.example\":5", "udp lo 0 as sip.alias.example 5"),
            (
                "listen=udp:192.0.2.1:5060 tcp:192.0.2.1:5060 lo",
                "udp 192.0.2.1 5060, tcp 192.0.2.1 5060, * lo 0"
            ),
            ("listen=lo\n  eth0\nport=5", "* lo 0, * eth0 0"),
            ("listen=lo\nmy.value=5", "* lo 0"),
            (
                "socket=udp:192.0.2.1:5060 as 198.51.100.1:5070 use_workers 4",
                "udp 192.0.2.1 5060 as 198.51.100.1 5070 by 4"
            ),
            (
                """
                socket = {
                    bind = udp:192.0.2.1:5060; advertise = a.b:5;
                    name = "n"; virtual = yes; agname = "g";
                };
                """,
                "udp 192.0.2.1 5060 as a.b 5 named n virtual group g"
            ),
        ])
    func `sockets to listen on`(source: String, content: String) {
        #expect(item(source) == content)
    }

    @Test(
        arguments: [
            ("alias=example.com", "* example.com 0"),
            ("alias=\"example.com\" ", "* example.com 0"),
            ("alias=udp:example.com:5060", "udp example.com 5060"),
            ("alias=\"udp:example.com:5060\"", "udp example.com 5060"),
            ("alias=a.com b.com:5070 3com.com alias=c.com", "* a.com 0, * b.com 5070, * 3com.com 0"),
            ("alias=[::1]:5060 localhost:*", "* ::1 5060, * localhost 0"),
            ("domain=no.example", "* no.example 0"),
            ("alias=a.com\nb.com\nchildren=1", "* a.com 0, * b.com 0"),
            ("alias=a.com b\nmy.value = 1", "* a.com 0, * b 0"),
            ("alias=dns.example port=5060", "* dns.example 0"),
        ])
    func `aliases`(source: String, content: String) {
        #expect(item(source) == content)
    }

    @Test func `parameters come to settings`() {
        let reading = Reading(
            """
            debug=-1 log_stderror=yes log_facility=log_local0 log_name="m" log_prefix="{$ci} "
            log_prefix_mode=1
            children=4; tcp_children=0; user=martlet gid="sip" workdir="/var" run_dir="/run/m"
            port=5070 advertised_address="a.b" advertised_port=5080 mhomed=on
            auto_aliases=no tos=IPTOS_LOWDELAY
            force_rport=yes server_header="Server: x" server_signature=off
            max_while_loops=0 udp_mtu_try_proto=TCP
            disable_tcp=yes disable_tls=0 tcp_connection_lifetime=-1 tcp_rd_buf_size=65536 max_branches=30
            """)
        let settings = reading.settings
        #expect(reading.complaints == "")
        #expect(settings.debug == -1 && settings.logToStandardError && settings.logFacility == "LOG_LOCAL0")
        #expect(
            settings.logName == "m" && settings.logPrefix?.value == "{$ci} " && settings.logPrefixEachLine)
        #expect(settings.children == 4 && settings.tcpChildren == nil)
        #expect(settings.user?.value == "martlet" && settings.group?.value == "sip")
        #expect(settings.workFolder?.value == "/var" && settings.runFolder?.value == "/run/m")
        #expect(
            settings.port == 5070 && settings.advertisedAddress?.value == "a.b"
                && settings.advertisedPort == 5080)
        #expect(settings.mhomed && !settings.autoAliases && settings.tos == 16)
        #expect(settings.forceRport && settings.serverHeader == "Server: x" && !settings.serverSignature)
        #expect(
            settings.maxWhileLoops == 0 && settings.udpMTUTransport == "tcp" && settings.maxBranches == 30)
        #expect(settings.disableTCP && settings.enableTLS)
        #expect(settings.tcpConnectionLifetime == -1 && settings.tcpMaxMessage == 65536)
    }

    @Test(arguments: [("0", 0), ("1", 0), ("2", 1), ("3", 2), ("4", 3), ("-1", -1)])
    func `log_level counts as its server does`(level: String, debug: Int) {
        #expect(Reading("log_level=\(level)").settings.debug == debug)
    }

    @Test func `no name stands for two parameters`() {
        let names = GlobalParameters.all.flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
    }

    @Test func `every parameter either acts or says why it does not`() {
        for parameter in GlobalParameters.all {
            #expect((parameter.apply == nil) == (parameter.notice != nil), "\(parameter.name)")
            #expect((parameter.meaning == nil) == (parameter.notice != nil), "\(parameter.name)")
        }
    }

    @Test func `a parameter without an effect is told once for each line, and accepted`() {
        let reading = Reading("fork=yes\nshm_mem_size=64")
        #expect(reading.diagnostics.all.map(\.severity) == [.notice, .notice])
        #expect(reading.configuration.items.count == 2)
    }
}
