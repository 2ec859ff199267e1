// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Settings of a running server, by cfg_rpc.
@Suite struct SettingTests {
    private static let configuration = """
        debug=0
        shop.open = 1 desc "0: nobody is let in."
        shop.name = "corner"
        shop[2].open = 5
        loadmodule "sl.so"
        loadmodule "tm.so"
        loadmodule "pv.so"
        loadmodule "xlog.so"
        loadmodule "maxfwd.so"
        loadmodule "ctl.so"
        loadmodule "cfg_rpc.so"
        modparam("tm", "fr_timer", 600000)
        modparam("tm", "noisy_ctimer", 1)
        request_route {
            if ($rU == "settings") {
                sl_send_reply("200", "$sel(cfg_get.shop.open) $sel(cfg_get.shop.name) $sel(cfg_get.tm.fr_timer) $ccp(shop.open)");
                exit;
            }
            if ($rU == "hops") {
                $var(r) = mf_process_maxfwd_header("200");
                sl_send_reply("200", "$hdr(Max-Forwards)");
                exit;
            }
            $ru = "sip:nobody@127.0.0.1:" + $rU;
            t_relay();
        }
        """

    private static func fails(_ server: Server, _ words: String..., saying text: String) throws {
        let output = try martlet(["rpc", "-Y", server.runFolder] + words)
        #expect(output.status != 0, "\(words)")
        #expect(output.err.contains(text), "\(words): \(output.err)")
    }

    private static func ask(_ server: Server, _ client: Client, _ user: String) throws -> Packet {
        try client.ask(
            Request("OPTIONS", "sip:\(user)@\(server.udp.text)", from: client).with {
                $0.maxForwards = "100"
            },
            server.udp)
    }

    private static func reason(_ server: Server, _ client: Client) throws -> String {
        try ask(server, client, "settings").reason
    }

    @Test func `settings are listed, read and explained (manual of cfg_rpc)`() throws {
        let server = try Server(Self.configuration)
        let list = try #require(try server.json("cfg.list") as? [String])
        for line in [
            "core: debug", "tcp: max_connections", "tm: fr_timer", "maxfwd: max_limit", "shop: open",
            "shop[2]: open",
        ] {
            #expect(list.contains(line), "\(list)")
        }
        #expect(try server.json("cfg.list", "maxfwd") as? String == "maxfwd: max_limit")
        #expect(try server.json("cfg.get", "tm", "fr_timer") as? Int == 600_000)
        let tm = try #require(try server.json("cfg.get", "tm") as? [String: Any])
        #expect(
            tm["fr_timer"] as? Int == 600_000 && tm["default_reason"] as? String == "Server Internal Error")
        #expect(try server.json("cfg.get", "shop", "name") as? String == "corner")
        #expect(try server.json("cfg.get", "shop[2]", "open") as? Int == 5)
        #expect(
            try server.json("cfg.help", "shop", "open") as? [String]
                == ["0: nobody is let in.", "(parameter type is integer)"])
        try Self.fails(server, "cfg.get", "nix", saying: "Failed to get the variable")
        try Self.fails(server, "cfg.get", "tm", "nix", saying: "Failed to get the variable")
        try Self.fails(server, "cfg.help", "tm", "nix", saying: "Failed to get the variable description")
    }

    @Test func `what is set has its effect at once, in scripts and in plugins`() throws {
        let server = try Server(Self.configuration)
        let client = try Client()
        #expect(try Self.reason(server, client) == "1 corner 600000 1")
        _ = try server.json("cfg.seti", "shop", "open", "0")
        _ = try server.json("cfg.sets", "shop", "name", "market square")
        _ = try server.json("cfg.set", "tm", "fr_timer", "700000")
        #expect(try Self.reason(server, client) == "0 market square 700000 0")
        let hops = try Self.ask(server, client, "hops")
        #expect(hops.reason == "70", "\(hops)")
        _ = try server.json("cfg.set_now_int", "maxfwd", "max_limit", "20")
        #expect(try Self.ask(server, client, "hops").reason == "20")
        _ = try server.json("cfg.reset", "maxfwd", "max_limit")
        #expect(try server.json("cfg.get", "maxfwd", "max_limit") as? Int == 70)
        _ = try server.json("cfg.reset", "shop")
        #expect(try Self.reason(server, client) == "1 corner 700000 1")
    }

    @Test func `transactions that begin after fr_timer was set end by it (manual of tm)`() throws {
        let server = try Server(Self.configuration)
        let client = try Client()
        let deaf = try Client()
        // It would take ten minutes; now it takes 50 ms.
        _ = try server.json("cfg.set_now_int", "tm", "fr_timer", "50")
        client.send(Request("INVITE", "sip:\(deaf.port)@\(server.udp.text)", from: client), to: server.udp)
        #expect(try client.receive().status == 100)
        #expect(try client.receive().status == 408)
    }

    @Test func `a value of another kind, or beyond its limits, is refused (measured)`() throws {
        let server = try Server(Self.configuration)
        try Self.fails(
            server, "cfg.set_now_int", "tm", "fr_timer", "abc",
            saying: "error at parameter 2: expected integer type but record doesn't match type")
        try Self.fails(
            server, "cfg.seti", "tm", "fr_timer", "s:5",
            saying: "error at parameter 2: expected integer type but record doesn't match type")
        try Self.fails(
            server, "cfg.sets", "tm", "default_reason", "5",
            saying: "error at parameter 2: expected string type but record doesn't match type")
        try Self.fails(
            server, "cfg.sets", "tm", "fr_timer", "abc",
            saying: "Failed to set the variable: tm.fr_timer is a number")
        try Self.fails(
            server, "cfg.seti", "tm", "fr_timer", "0",
            saying: "Failed to set the variable: fr_timer must be 1 to 3600000")
        try Self.fails(server, "cfg.set", "tm", "fr_timer", "soon", saying: "Failed to set the variable")
        try Self.fails(server, "cfg.seti", "tm", "nix", "1", saying: "there is no tm.nix")
        try Self.fails(
            server, "cfg.seti", "tcp", "max_connections", "5",
            saying: "tcp.max_connections is set by the file alone")
        try Self.fails(server, "cfg.seti", "tm", "fr_timer", saying: "value is missing")
        #expect(try server.json("cfg.get", "tm", "fr_timer") as? Int == 600_000)
    }

    @Test func `delayed changes are made together at cfg_commit, or forgotten`() throws {
        let server = try Server(Self.configuration)
        _ = try server.json("cfg.set_delayed_int", "tm", "fr_timer", "5000")
        _ = try server.json("cfg.set_delayed_string", "shop", "name", "later")
        #expect(try server.json("cfg.get", "tm", "fr_timer") as? Int == 600_000)
        let changes = try #require(try server.json("cfg.diff") as? [[String: Any]])
        #expect(changes.count == 2)
        #expect(
            changes.first?["group name"] as? String == "tm"
                && changes.first?["variable name"] as? String == "fr_timer"
                && changes.first?["old value"] as? Int == 600_000
                && changes.first?["new value"] as? Int == 5000, "\(changes)")
        _ = try server.json("cfg.commit")
        #expect(try server.json("cfg.get", "tm", "fr_timer") as? Int == 5000)
        #expect(try server.json("cfg.get", "shop", "name") as? String == "later")
        _ = try server.json("cfg.set_delayed", "shop", "open", "7")
        _ = try server.json("cfg.rollback")
        _ = try server.json("cfg.commit")
        #expect(try server.json("cfg.get", "shop", "open") as? Int == 1)
        // When one cannot be, none is.
        _ = try server.json("cfg.set_delayed", "shop", "open", "7")
        _ = try server.json("cfg.set_delayed_int", "tm", "fr_timer", "0")
        try Self.fails(server, "cfg.commit", saying: "fr_timer must be 1 to 3600000")
        #expect(try server.json("cfg.get", "shop", "open") as? Int == 1)
    }

    @Test func `the log level is one of them`() throws {
        let server = try Server(Self.configuration)
        _ = try server.json("cfg.set_now_int", "core", "debug", "2")
        _ = try server.json("cfg.seti", "shop", "open", "1")
        #expect(server.logs("shop.open was set"))
        #expect(try server.json("cfg.get", "core", "debug") as? Int == 2)
    }

    @Test func `groups have the instances that the file gives them`() throws {
        let server = try Server(Self.configuration)
        _ = try server.json("cfg.seti", "shop[2]", "open", "9")
        #expect(try server.json("cfg.get", "shop[2]", "open") as? Int == 9)
        #expect(try server.json("cfg.get", "shop", "open") as? Int == 1)
        _ = try server.json("cfg.add_group_inst", "shop[2]")
        _ = try server.json("cfg.del", "shop[2]", "open")
        #expect(try server.json("cfg.get", "shop[2]", "open") as? Int == 5)
        try Self.fails(server, "cfg.add_group_inst", "tm[1]", saying: "Failed to add the group instance")
        try Self.fails(server, "cfg.del", "tm[1]", "fr_timer", saying: "there is no such instance")
    }

    @Test func `values change under traffic, and every request sees a whole one`() throws {
        let server = try Server(Self.configuration, "-n", "2")
        let client = try Client()
        let short = "a"
        let long = String(repeating: "b", count: 200)
        for round in 0..<30 {
            _ = try server.json("cfg.sets", "shop", "name", round % 2 == 0 ? long : short)
            for _ in 0..<10 {
                let name = try Self.reason(server, client).split(separator: " ")[1]
                #expect(name == (round % 2 == 0 ? long : short))
            }
        }
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }
}
