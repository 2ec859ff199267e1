// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What is said of a file with which no server can be started, though its plugins are in order.
@Suite struct StartMessages {
    private func expectStart(
        _ configuration: String, _ options: [String] = [], plugins: [String] = [], says expected: String,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let desk = try Desk(configuration, plugins: plugins)
        try expectStart(desk, options, says: expected, at: location)
    }

    private func expectStart(
        _ desk: Desk, _ options: [String] = [], says expected: String,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let output = try desk.run([Fixtures.martlet(), "-E", "-L", "plugins"] + options + ["modules.conf"])
        #expect(output.err == expected + "\n", sourceLocation: location)
        #expect(output.status == 1, sourceLocation: location)
    }

    /// A listen line, what is said of its address, and the help. A check says so, too.
    static let lines: [(line: String, width: Int, what: String, help: String)] = [
        (
            "listen=tls:127.0.0.1:5061", 18, "tls:127.0.0.1:5061: nothing that is loaded carries tls",
            "add loadmodule \"tls.so\""
        ),
        (
            "listen=wss:127.0.0.1:5062", 18, "wss:127.0.0.1:5062: nothing that is loaded carries wss",
            "add loadmodule \"tls.so\" and loadmodule \"websocket.so\""
        ),
        (
            "listen=sctp:127.0.0.1:5061", 19, "sctp:127.0.0.1:5061: nothing that is loaded carries sctp",
            "load a plugin that does, or take the line out"
        ),
        (
            "listen=udp:no.such.host.invalid", 24,
            "udp:no.such.host.invalid:5060: no such address, interface or host",
            "see the addresses of this machine: ip address"
        ),
    ]

    @Test(arguments: lines)
    func `an address that cannot be`(line: String, width: Int, what: String, help: String) throws {
        try expect(
            line,
            says: """
                modules.conf:1:8: error: cannot listen on \(what)
                   1 | \(line)
                     |        ^\(String(repeating: "~", count: width - 1))
                  help: \(help)
                """)
    }

    @Test func `two sockets of one name`() throws {
        let line = "listen=udp:127.0.0.1:5062 name \"one\""
        try expect(
            "listen=udp:127.0.0.1:5061 name \"one\"\n\(line)",
            says: """
                modules.conf:2:8: error: line 1 has a socket called "one" already
                   2 | \(line)
                     |        ^~~~~~~~~~~~~~~~~~
                  help: give this one another name
                """)
    }

    @Test func `a port that somebody else has`() throws {
        let client = try Client()
        let line = "listen=udp:\(client.text)"
        try expectStart(
            line,
            says: """
                modules.conf:1:8: error: cannot listen on udp:\(client.text): Address already in use
                   1 | \(line)
                     |        ^\(String(repeating: "~", count: line.utf8.count - 8))
                  help: see what else listens there: ss -lnp
                """)
    }

    @Test func `an address that another machine has`() throws {
        try expectStart(
            "listen=udp:192.0.2.77:5060",
            says: """
                modules.conf:1:8: error: cannot listen on udp:192.0.2.77:5060: Cannot assign requested address
                   1 | listen=udp:192.0.2.77:5060
                     |        ^~~~~~~~~~~~~~~~~~~
                  help: see the addresses of this machine: ip address
                """)
    }

    @Test(arguments: ["nonsense:1:2", "udp:127.0.0.1:99999", "udp:127.0.0.1:x", ""])
    func `an address of the command line that is none`(address: String) throws {
        let desk = try Desk()
        try expect(
            desk, options: ["-l", address],
            says: """
                error: -l \(address) names no socket
                  help: write -l [udp:|tcp:|tls:|ws:|wss:]HOST[:PORT]
                """)
    }

    @Test func `a stream when there are to be none`() throws {
        let desk = try Desk("disable_tcp=yes\nlisten=tcp:127.0.0.1:0\nlisten=udp:127.0.0.1:0")
        let output = try desk.check()
        #expect(
            output.err == """
                modules.conf:2:8: notice: this line has no effect: disable_tcp switches streams off
                   2 | listen=tcp:127.0.0.1:0
                     |        ^~~~~~~~~~~~~~~

                """)
        #expect(output.status == 0)
    }

    @Test func `a flag of the command line without an effect`() throws {
        let output = try Desk().check(["-m", "64"])
        #expect(
            output.err == "notice: -m 64 has no effect: memory comes from one heap; there is no size to set\n"
        )
        #expect(output.out == "modules.conf: 0 plugins, 0 routes, no errors\n")
        #expect(output.status == 0)
    }

    @Test func `users, groups and folders that do not exist`() throws {
        try expect(
            "user=\"nosuchuser\"\ngroup=\"nosuchgroup\"\nworkdir=\"/no/such\"",
            says: """
                modules.conf:1:6: error: there is no user "nosuchuser"
                   1 | user="nosuchuser"
                     |      ^~~~~~~~~~~~
                  help: make one, or name another
                modules.conf:2:7: error: there is no group "nosuchgroup"
                   2 | group="nosuchgroup"
                     |       ^~~~~~~~~~~~~
                  help: make one, or name another
                modules.conf:3:9: error: cannot go to the working folder /no/such: No such file or directory
                   3 | workdir="/no/such"
                     |         ^~~~~~~~~~
                  help: make it, or name another
                """)
        try expect(
            "chroot=\"/no/such\"",
            says: """
                modules.conf:1:8: error: cannot chroot to /no/such: No such file or directory
                   1 | chroot="/no/such"
                     |        ^~~~~~~~~~
                  help: make it, or name another
                """)
        let desk = try Desk("user=\"root\"")
        try expect(
            desk, options: ["-u", "nosuchuser", "-g", "nosuchgroup"],
            says: """
                error: there is no user "nosuchuser"
                  help: make one, or name another
                error: there is no group "nosuchgroup"
                  help: make one, or name another
                """)
    }

    @Test func `a pid file that cannot be written`() throws {
        try expectStart(
            "listen=udp:127.0.0.1:0", ["-P", "/no/such/pid"],
            says: """
                error: cannot write the pid file /no/such/pid: No such file or directory
                  help: see -P, or pid_file
                """)
    }

    @Test func `what was started is stopped when there is no socket`() throws {
        let desk = try Desk(
            "listen=udp:192.0.2.77:5060\nloadmodule \"first.so\"\nmodparam(\"first\", \"file\", \"order\")",
            plugins: ["first"])
        #expect(try desk.run([Fixtures.martlet(), "-E", "-L", "plugins", "modules.conf"]).status == 1)
        #expect(desk.text("order") == "start first\nstop first\n")
    }

    @Test(arguments: [
        ("host->fail(host, mt_s(\"no socket\"), mt_s(\"make one\"))", "no socket", "\n  help: make one"),
        ("MT_ERROR", "it is not ready, and did not say why", ""),
    ])
    func `a plugin that is not ready after all`(answer: String, what: String, help: String) throws {
        let desk = try Desk("listen=udp:127.0.0.1:0\nloadmodule \"odd.so\"")
        try Fixtures.compile(
            """
            #include <martlet.h>
            static mt_result ready(mt_call *call) { const mt_host *host = call->host; return \(answer); }
            static const mt_hook hooks[] = { { "core.ready", ready } };
            static const mt_plugin plugin = { MT_PLUGIN("odd", "1.0.0", "Is odd."), .hooks = MT_LIST(hooks) };
            const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
            """, to: desk.scratch.file("plugins/odd.so"))
        try expectFine(desk)
        try expectStart(
            desk,
            says: """
                modules.conf:2:12: error: odd: \(what)
                   2 | loadmodule "odd.so"
                     |            ^~~~~~~~\(help)
                """)
    }

    @Test func `plugins that miss something of a later line say so all at once, in a check too`() throws {
        let desk = try Desk("listen=udp:127.0.0.1:0\nloadmodule \"odd.so\"\nloadmodule \"even.so\"")
        for (name, answer) in [
            ("odd", "call->host->fail(call->host, mt_s(\"nobody is there\"), mt_s(\"load somebody\"))"),
            ("even", "MT_ERROR"),
        ] {
            try Fixtures.compile(
                """
                #include <martlet.h>
                static mt_result complete(mt_call *call) { (void)call; return \(answer); }
                static const mt_hook hooks[] = { { "core.complete", complete } };
                static const mt_plugin plugin = { MT_PLUGIN("\(name)", "1.0.0", "Is."), .hooks = MT_LIST(hooks) };
                const mt_plugin *martlet_plugin(uint32_t host_abi) { return &plugin; }
                """, to: desk.scratch.file("plugins/\(name).so"))
        }
        let said = """
            modules.conf:2:12: error: odd: nobody is there
               2 | loadmodule "odd.so"
                 |            ^~~~~~~~
              help: load somebody
            modules.conf:3:12: error: even: it cannot work like this, and does not say why
               3 | loadmodule "even.so"
                 |            ^~~~~~~~~
            """
        try expect(desk, says: said)
        try expectStart(desk, says: said)
    }

    @Test func `variables that are not known when the file is read`() throws {
        try expect(
            """
            log_prefix="$nonsense: "
            loadmodule "sst.so"
            loadmodulex "$nonsense.so"
            modparamx("sst", "min_se", $nonsense)
            """, plugins: ["sst"],
            says: """
                modules.conf:1:14: error: unknown variable $nonsense
                   1 | log_prefix="$nonsense: "
                     |              ^~~~~~~~
                modules.conf:3:13: error: unknown variable $nonsense
                   3 | loadmodulex "$nonsense.so"
                     |             ^~~~~~~~~~~~~~
                modules.conf:4:28: error: unknown variable $nonsense
                   4 | modparamx("sst", "min_se", $nonsense)
                     |                            ^~~~~~~~~
                """)
    }
}
