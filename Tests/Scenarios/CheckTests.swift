// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A wrong configuration is told about in one run, and never gets as far as a socket.
@Suite struct CheckTests {
    static let faults = """
        debgu=2
        listen=udp:127.0.0.1:PORT
        loadmodule "sl.so"
        loadmodule "textopts.so"
        loadmodule "maxfwd.so"
        modparam("maxfwd", "max_limit", 300)
        modparam("maxfwd", "max_limits", 30)
        modparam("dispatcher", "flags", 2)
        request_route {
            mf_process_maxfwd_header();
            sl_send_replay("200", "OK");
            route(NOWHERE);
            if ($rm == "INVITE" { exit; }
            exit;
        }
        reply_route {
            sl_send_reply("200", "OK");
        }
        """

    @Test func `ten faults make ten reports, and no socket is opened`() throws {
        let scratch = try Scratch()
        // The port is taken: opening it would be one more fault.
        let client = try Client()
        let file = try scratch.file(
            "martlet.cfg", with: Self.faults.replacingOccurrences(of: "PORT", with: "\(client.port)"))
        for arguments in [["check", file], ["-c", "-f", file], ["run", file, "-E", "-Y", scratch.path]] {
            let output = try martlet(arguments)
            #expect(output.status == 1, "\(arguments)")
            #expect(output.out == "")
            let told = output.err.replacingOccurrences(of: file, with: "martlet.cfg")
                .replacingOccurrences(of: Repository.build, with: "BUILD")
            #expect(told == Self.reports, "\(arguments)")
        }
    }

    static let reports = """
        martlet.cfg:1:1: error: there is no global parameter "debgu"
           1 | debgu=2
             | ^~~~~
          help: did you mean "debug"?
        martlet.cfg:4:12: error: textopts.so is not in the plugin folders
           4 | loadmodule "textopts.so"
             |            ^~~~~~~~~~~~~
          looked in BUILD
          help: did you mean "textops"?
        martlet.cfg:6:33: error: maxfwd: max_limit must be 1 to 255, not 300
           6 | modparam("maxfwd", "max_limit", 300)
             |                                 ^~~
          help: max_limit is the most hops that a request may still make; the default is 70
        martlet.cfg:7:20: error: maxfwd has no parameter "max_limits"
           7 | modparam("maxfwd", "max_limits", 30)
             |                    ^~~~~~~~~~~~
          help: did you mean "max_limit"?
        martlet.cfg:8:10: error: no loaded plugin is called "dispatcher"
           8 | modparam("dispatcher", "flags", 2)
             |          ^~~~~~~~~~~~
          help: put loadmodule "dispatcher.so" above this line
        martlet.cfg:10:5: error: mf_process_maxfwd_header takes 1 argument, not 0
          10 |     mf_process_maxfwd_header();
             |     ^~~~~~~~~~~~~~~~~~~~~~~~
          help: mf_process_maxfwd_header(limit)
        martlet.cfg:11:5: error: unknown function sl_send_replay
          11 |     sl_send_replay("200", "OK");
             |     ^~~~~~~~~~~~~~
          help: did you mean "sl_send_reply"?
        martlet.cfg:12:11: error: there is no route[NOWHERE]
          12 |     route(NOWHERE);
             |           ^~~~~~~
          help: add route[NOWHERE] { ... } to the file
        martlet.cfg:13:25: error: ")" is expected behind the expression, not "{"
          13 |     if ($rm == "INVITE" { exit; }
             |                         ^
        martlet.cfg:17:5: error: sl_send_reply may not be called in onreply_route
          17 |     sl_send_reply("200", "OK");
             |     ^~~~~~~~~~~~~
          help: it may be called in request_route, local_route, event_route and error_route

        """

    @Test func `a plugin that was not started is not asked about its arguments`() throws {
        let scratch = try Scratch()
        let file = try scratch.file(
            "martlet.cfg",
            with: """
                loadmodule "avpops.so"
                loadmodule "textops.so"
                request_route { avp_check("$avp(a)", "no/i:3"); }
                """)
        let output = try martlet("check", file)
        #expect(output.status == 1)
        #expect(
            output.err == """
                \(file):1:12: error: avpops uses "textops", and a later line loads it
                   1 | loadmodule "avpops.so"
                     |            ^~~~~~~~~~~
                  textops.so, on line 2, offers "textops" 1.0
                  help: move line 2 above line 1

                """)
    }

    @Test func `a file that cannot be read is told about as well`() throws {
        let output = try martlet("check", "/nowhere/martlet.cfg")
        #expect(output.status == 1)
        #expect(output.err.contains("/nowhere/martlet.cfg"))
        #expect(output.err.contains("error: "))
    }

    @Test func `an address that is taken ends the start, with its line`() throws {
        let client = try Client()
        let scratch = try Scratch()
        let file = try scratch.file(
            "martlet.cfg",
            with: """
                listen=udp:127.0.0.1:\(client.port)
                listen=udp:192.0.2.1:5060
                request_route { exit; }
                """)
        #expect(try martlet("check", file).status == 0)
        let output = try martlet("run", file, "-E", "-Y", scratch.path)
        #expect(output.status == 1)
        #expect(output.err.contains("udp:127.0.0.1:\(client.port)"), "\(output.err)")
        #expect(output.err.contains("udp:192.0.2.1:5060"), "\(output.err)")
    }

    @Test func `a plugin that fails to start is named, and nothing runs`() throws {
        let scratch = try Scratch()
        let file = try scratch.file(
            "martlet.cfg",
            with: """
                loadmodule "ctl.so"
                modparam("ctl", "binrpc", "unix:/nowhere/at/all")
                request_route { exit; }
                """)
        let output = try martlet("run", file, "-E", "-l", "udp:127.0.0.1:0", "-Y", scratch.path)
        #expect(output.status == 1)
        #expect(output.err.contains("ctl") && output.err.contains("/nowhere/at/all"), "\(output.err)")
    }

    @Test func `what is defined on the command line decides what is read`() throws {
        let scratch = try Scratch()
        let file = try scratch.file(
            "martlet.cfg",
            with: """
                #!ifdef WRONG
                loadmodule "nosuch.so"
                #!endif
                loadmodule PLUGIN
                request_route { exit; }
                """)
        let right = try martlet("check", file, "-A", "PLUGIN=\"sl.so\"")
        #expect(right.status == 0, "\(right)")
        let output = try martlet("check", file, "-A", "PLUGIN=\"sl.so\"", "-A", "WRONG")
        #expect(output.status == 1)
        #expect(output.err.contains("nosuch.so is not in the plugin folders"), "\(output.err)")
    }

    @Test(.unsanitized) func `a plugin can be checked by itself`() throws {
        for plugin in [
            Repository.plugin("sl"), try ThirdParty.file("seguard.so"),
            try ThirdParty.file("seguard_swift.so"),
        ] {
            let output = try martlet("check", plugin)
            #expect(output.status == 0, "\(plugin): \(output.err)\(output.out)")
        }
        let scratch = try Scratch()
        let wrong = try scratch.file("wrong.so", with: "no plugin at all")
        #expect(try martlet("check", wrong).status == 1)
    }
}
