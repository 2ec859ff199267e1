// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What the command tells besides running a server.
@Suite struct CommandTests {
    static let bundled = [
        "avpops", "corex", "ctl", "htable", "kex", "maxfwd", "pv", "rr", "sanity", "siputils", "sl",
        "textops",
        "xlog",
    ]

    @Test(.unsanitized, arguments: bundled)
    func `a bundled plugin exports one symbol`(name: String) throws {
        let symbols = try run(
            "nm", "-D", "--defined-only", "--extern-only", Repository.plugin(name))
        #expect(symbols.status == 0, "\(symbols.err)")
        #expect(
            symbols.out.split(separator: "\n").map { $0.split(separator: " ").last } == ["martlet_plugin"])
    }

    @Test func `graph shows plugins, what they need and what they offer`() throws {
        let output = try martlet("graph", Repository.path("modules.conf"))
        #expect(output.status == 0, "\(output.err)")
        // As text, in comments, and for Graphviz.
        let text = output.out.components(separatedBy: "digraph ")
        try #require(text.count == 2, "\(output.out)")
        #expect(text[0].split(separator: "\n").allSatisfy { $0.hasPrefix("// ") })
        let lines = try Repository.text("modules.conf").split(
            separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.hasPrefix("loadmodule \"textops.so\"") }) + 1
        #expect(text[0].contains("\n//     needs textops 1.0 (optional), from textops.so, line \(line)\n"))
        #expect(text[0].contains("\n//     offers rr 1.1\n"), "\(output.out)")
        for edge in [#""sanity" -> "sl""#, #""siputils" -> "sl""#, #""avpops" -> "textops""#] {
            #expect(text[1].contains(edge), "\(output.out)")
        }
    }

    @Test func `the version is told, and that of the ABI`() throws {
        for word in ["version", "--version", "-v", "-V"] {
            let output = try martlet(word)
            #expect(output.status == 0)
            #expect(output.out.hasPrefix("martlet "), "\(output.out)")
        }
    }

    @Test func `help lists what there is`() throws {
        let output = try martlet("help")
        #expect(output.status == 0)
        for word in ["check", "graph", "rpc", "-Y FOLDER", "-DDD"] { #expect(output.out.contains(word)) }
        #expect(try martlet("-h").out == output.out)
    }

    @Test func `an unknown flag is refused`() throws {
        let output = try martlet("run", "-q", "modules.conf")
        #expect(output.status == 1)
        #expect(output.err.contains("there is no option \"-q\""), "\(output.err)")
    }

    @Test func `children makes no more workers than there are processors, -n as many as it says`() throws {
        let text = """
            children=64
            loadmodule "ctl.so"
            loadmodule "sl.so"
            request_route { sl_send_reply("200", "OK"); }
            """
        let processors = Int(try run("nproc").out.trimmingCharacters(in: .newlines))
        for (arguments, workers) in [([], min(64, processors ?? 0)), (["-n", "3"], 3)] {
            let folder = try Scratch()
            let server = try Server(file: folder.file("a.cfg", with: text), arguments, in: folder)
            let told = try #require(try server.json("core.tcp_info") as? [String: Any])
            #expect(told["readers"] as? Int == workers)
        }
    }

    @Test func `flags of unit files are taken, and those without an effect noticed`() throws {
        let server = try Server(
            """
            debug=1
            loadmodule "sl.so"
            request_route { sl_send_reply("200", "OK"); }
            """, "-DD", "-m", "64", "-M", "8", "-N", "2", "-w", "/")
        for flag in ["-m 64", "-M 8", "-N 2"] {
            #expect(server.logs("\(flag) has no effect"), "\(server.log)")
        }
    }

    @Test func `rpc answers in JSON, and in words for people`() throws {
        let server = try ModulesConfTests.server()
        let info = try #require(try server.json("core.info") as? [String: Any])
        #expect(info["version"] is String)
        let sockets = try #require(try server.json("core.sockets_list") as? [[String: Any]])
        #expect(sockets.map { $0["proto"] as? String } == ["udp", "tcp"])
        let list = try #require(try server.json("system.listMethods") as? [String])
        #expect(list == list.sorted() && list.contains("stats.fetch"))
        let words = try server.rpc("core.info")
        #expect(words.status == 0 && words.out.contains("version: "), "\(words)")

        let rr = try #require(
            (try server.json("plugin.list") as? [[String: Any]])?.first { $0["name"] as? String == "rr" })
        #expect(
            rr["version"] is String && rr["abi"] != nil && rr["needs"] != nil && rr["offers"] != nil, "\(rr)")
        #expect(rr["parameters"] != nil || rr["params"] != nil, "\(rr)")
    }

    @Test func `a command that fails says so with its status`() throws {
        let server = try ModulesConfTests.server()
        for words in [["no.such"], ["htable.get", "nosuch", "key"], ["htable.get"]] {
            let output = try martlet(["rpc", "-Y", server.runFolder] + words)
            #expect(output.status != 0, "\(words)")
            #expect(output.err != "", "\(words)")
        }
        let nobody = try martlet("rpc", "-Y", "/nowhere", "core.info")
        #expect(nobody.status == 1)
        #expect(nobody.err.contains("/nowhere"), "\(nobody.err)")
    }

    @Test func `counters can be read and set to zero`() throws {
        let server = try ModulesConfTests.server()
        let client = try Client()
        for _ in 0..<3 { _ = try client.ping(server.udp) }
        #expect(try server.statistic("core.rcv_requests") == 3)
        #expect(try server.statistic("sl.200_replies") == 3)
        _ = try server.rpc("stats.reset_statistics", "core:")
        #expect(try server.statistic("core.rcv_requests") == 0)
        #expect(try server.statistic("sl.200_replies") == 3)
    }

    @Test func `every command of the catalogue is there (rpc-core)`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "tm.so"
            loadmodule "pv.so"
            loadmodule "kex.so"
            loadmodule "corex.so"
            loadmodule "htable.so"
            loadmodule "rr.so"
            loadmodule "usrloc.so"
            loadmodule "dialog.so"
            loadmodule "ctl.so"
            loadmodule "jsonrpcs.so"
            loadmodule "cfg_rpc.so"
            request_route { sl_send_reply("200", "OK"); }
            """)
        let all = Set(try #require(try server.json("system.listMethods") as? [String]))
        let wanted = """
            system.listMethods system.methodHelp system.methodSignature
            core.version core.info core.uptime core.ps core.psa core.psx core.prints core.printi core.echo core.pwd
            core.arg core.flags core.kill core.runinfo core.modules core.ppdefines core.ppdefines_full core.shmmem
            core.sockets_list core.aliases_list core.tcp_info core.tcp_list core.tcp_options
            dns.lookup dns.view dns.add_a dns.delete_all dst_blocklist.view dst_blocklist.add dst_blocklist.delete_all
            mod.stats mod.mem_stats pkg.stats pkg.info shm.info shm.stats shm.report
            corex.debug corex.list_sockets corex.list_aliases corex.shm_status corex.shm_summary corex.pkg_summary
            stats.get_statistics stats.fetch stats.fetchn stats.reset_statistics stats.clear_statistics
            tm.stats tm.list tm.hash_stats tm.cancel tm.reply tm.reply_callid tm.t_uac_start tm.t_uac_wait
            tm.t_uac_wait_block tm.clean sl.stats
            dlg.list dlg.list_ctx dlg.list_match dlg.briefing dlg.dlg_list dlg.end_dlg dlg.terminate_dlg
            dlg.stats_active dlg.profile_get_size dlg.profile_list dlg.bridge_dlg dlg.set_state dlg.is_alive
            dlg.dump_file
            ul.dump ul.lookup ul.rm ul.rm_contact ul.add ul.flush pv.shvGet pv.shvSet
            htable.dump htable.get htable.sets htable.seti htable.setex htable.setxs htable.setxi htable.delete
            htable.reload htable.store htable.flush htable.listTables htable.stats
            ctl.listen ctl.who ctl.connections jsonrpc.echo
            cfg.get cfg.set cfg.seti cfg.sets cfg.set_now_int cfg.set_now_string cfg.set_delayed cfg.set_delayed_int
            cfg.set_delayed_string cfg.commit cfg.rollback cfg.del cfg.del_delayed cfg.add_group_inst
            cfg.del_group_inst cfg.reset cfg.list cfg.diff cfg.help
            """.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(wanted.filter { !all.contains($0) } == [])
        // Those that need no arguments answer, or say what is wrong.
        for name in wanted where name != "core.kill" {
            let output = try server.rpc(name)
            #expect(output.status == 0 || output.err.hasPrefix("error: "), "\(name): \(output)")
        }
        let stream = try Connection(to: server.tcp)
        _ = try stream.ask(Request("OPTIONS", "sip:\(server.tcp.text)", from: stream))
        let one = try #require(try server.json("core.tcp_list") as? [String: Any])
        #expect(one["type"] as? String == "TCP" && one["state"] as? String == "open", "\(one)")
        #expect(one["src_port"] as? String == "\(stream.port)", "\(one)")
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }

    @Test func `what is no command does not end the server`() throws {
        let server = try ModulesConfTests.server()
        for size in [1, 3, 7, 64, 5000] {
            let socket = try Connection(path: server.runFolder + "/kamailio_ctl")
            socket.send((0..<size).map { _ in UInt8.random(in: 0...255) })
            socket.send([0xA1, 0xFF, 0xFF, 0xFF, 0xFF])
        }
        #expect(try server.rpc("core.version").status == 0)
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }
}
