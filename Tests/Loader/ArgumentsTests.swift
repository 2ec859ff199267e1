// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Loader

/// The command line: our own words, and Kamailio's flags.
@Suite struct ArgumentsTests {
    private func parsed(_ line: String) throws -> Arguments {
        try Arguments(line.split(separator: " ").map(String.init))
    }

    private func expected(_ change: (inout Arguments) -> Void) throws -> Arguments {
        var arguments = try Arguments([])
        change(&arguments)
        return arguments
    }

    @Test(arguments: [
        ("modules.conf", Arguments.Action.run), ("run modules.conf", .run), ("-f modules.conf", .run),
        ("-fmodules.conf", .run), ("-- modules.conf", .run), ("check modules.conf", .check),
        ("-c modules.conf", .check), ("-c -f modules.conf", .check), ("-cf modules.conf", .check),
        ("graph modules.conf", .graph),
    ])
    func `a file, and what to do with it`(line: String, action: Arguments.Action) throws {
        #expect(
            try parsed(line)
                == expected {
                    $0.action = action
                    $0.file = "modules.conf"
                })
    }

    @Test func `a file that ends in .so is a plugin to check`() throws {
        #expect(try parsed("check vendor.so").action == .checkPlugin)
        #expect(try parsed("check ./a/vendor.so").file == "./a/vendor.so")
        #expect(try parsed("run vendor.so").action == .run)
    }

    @Test(arguments: ["version", "-v", "-V", "-I", "--version"])
    func `the version`(line: String) throws { #expect(try parsed(line).action == .version) }

    @Test(arguments: ["help", "-h", "--help"])
    func `help`(line: String) throws { #expect(try parsed(line).action == .help) }

    @Test func `the flags of a service's unit file`() throws {
        let line =
            "-P /run/martlet.pid -f /etc/martlet.cfg -m 64 -M 8 -u sip -g sip -Y /run/martlet -E -e -w / -n 4"
        #expect(
            try parsed(line)
                == expected {
                    $0.pidFile = "/run/martlet.pid"
                    $0.file = "/etc/martlet.cfg"
                    $0.user = "sip"
                    $0.group = "sip"
                    $0.runFolder = "/run/martlet"
                    $0.logToStandardError = true
                    $0.workFolder = "/"
                    $0.workers = 4
                    $0.notices = [
                        "-m 64 has no effect: memory comes from one heap; there is no size to set",
                        "-M 8 has no effect: memory comes from one heap; there is no size to set",
                    ]
                })
        #expect(try !parsed("-DD f").daemon)
    }

    @Test func `what may be repeated`() throws {
        let arguments = try parsed("-l udp:127.0.0.1:5060 -ltcp:127.0.0.1 -A ONE -A TWO=2 -d -dd f")
        #expect(arguments.listen == ["udp:127.0.0.1:5060", "tcp:127.0.0.1"])
        #expect(arguments.defines == ["ONE", "TWO=2"])
        #expect(arguments.debug == 3)
    }

    @Test(arguments: ["-DDD f", "-D -DD f", "--daemon f"])
    func `a daemon`(line: String) throws { #expect(try parsed(line).daemon) }

    @Test func `other flags`() throws {
        #expect(try parsed("-L a:b f").modulePath == "a:b")
        #expect(try parsed("-T f").noTCP)
        #expect(try parsed("--strict f").strict)
        #expect(try parsed("--json f").logJSON)
        #expect(try parsed("--abi 1.0 f").file == "f")
    }

    @Test func `what a command of a running server is`() throws {
        #expect(try parsed("rpc core.info").rest == ["core.info"])
        let arguments = try parsed("rpc --json -s /run/ctl stats.get_statistics all -x")
        #expect(arguments.json && arguments.socket == "/run/ctl")
        #expect(arguments.rest == ["stats.get_statistics", "all", "-x"])
        #expect(try parsed("rpc -Y /run/martlet core.info --json").json)
    }

    static let notices: [(line: String, notice: String)] = [
        ("-x qm f", "-x qm has no effect: memory comes from one heap; there is no allocator to choose"),
        ("-X qm f", "-X qm has no effect: memory comes from one heap; there is no allocator to choose"),
        ("-N 4 f", "-N 4 has no effect: TCP is served by the same workers; -n sets their number"),
        ("-b 4 f", "-b 4 has no effect: receive buffers are set by maxbuffer"),
        ("-W epoll f", "-W epoll has no effect: connections are polled with epoll"),
        ("-t /x f", "-t /x has no effect: use your service manager's sandbox instead of chroot"),
        ("-O 3 f", "-O 3 has no effect: the script is always compiled"),
        ("-a 0 f", "-a 0 has no effect: aliases are set by alias and auto_aliases"),
        ("-G x f", "-G x has no effect: the group file of processes is not written"),
        ("-Q x f", "-Q x has no effect: there is one kind of configuration engine"),
        ("-r f", "-r has no effect: DNS is looked up without it"),
        ("-R f", "-R has no effect: DNS is looked up without it"),
        ("-6 f", "-6 has no effect: IPv6 works without it"),
        ("-S f", "-S has no effect: there is no SCTP"),
        ("-K f", "-K has no effect: it turned on checks of another server"),
    ]

    @Test(arguments: notices) func `a flag without an effect says why`(line: String, notice: String) throws {
        #expect(try parsed(line).notices == [notice])
        #expect(try parsed(line).file == "f")
    }

    static let faults: [(line: String, what: String, help: String)] = [
        ("a b", #""b" is one file too many: there is "a" already"#, "martlet [run|check|graph] FILE"),
        ("-f a b", #""b" is one file too many: there is "a" already"#, "martlet [run|check|graph] FILE"),
        ("-- a b", #""b" is one file too many: there is "a" already"#, "martlet [run|check|graph] FILE"),
        ("-y a", #"there is no option "-y""#, all),
        ("-Ey a", #"there is no option "-y""#, all),
        ("--nonsense a", #"there is no option "--nonsense""#, all),
        ("a -f", "-f needs a value", all),
        ("a -m", "-m needs a value", all),
        ("-n many a", #"-n needs a number from 1 on, not "many""#, all),
        ("-n 0 a", #"-n needs a number from 1 on, not "0""#, all),
        ("--abi a", "--abi a: this server can speak ABI 1.0 only", abi),
        ("--abi 1.9 a", "--abi 1.9: this server can speak ABI 1.0 only", abi),
        ("a --abi", "--abi needs a value", all),
        ("rpc", "rpc needs a command", rpc),
        ("rpc --json", "rpc needs a command", rpc),
        ("rpc -q x", #"rpc has no option "-q""#, rpc),
        ("rpc -s", "-s needs a value", all),
    ]
    static let abi = "a newer server can also take the part of an older one"
    static let all = "martlet help lists them all"
    static let rpc = "martlet rpc [--json] [-s SOCKET] COMMAND [ARGUMENT ...]"

    @Test(arguments: faults) func `a command line that cannot be`(line: String, what: String, help: String)
        throws
    {
        #expect(throws: Arguments.Fault(what: what, help: help)) { try parsed(line) }
    }

    @Test func `the server says what is wrong with its command line`() throws {
        let output = try martlet("-y", "modules.conf")
        #expect(output.err == "error: there is no option \"-y\"\n  help: martlet help lists them all\n")
        #expect(output.status == 1)
    }
}
