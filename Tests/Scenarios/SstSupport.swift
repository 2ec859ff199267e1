// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A server with session timers whose request route is that of the sample files, with `invite` run for each INVITE
/// that makes a call.
func sstServer(
    _ parameters: String = "", invite: String = "", _ blocks: String = "", in folder: Scratch? = nil,
    listen: [String] = ["udp:127.0.0.1:0"]
) throws -> Server {
    try Server(
        """
        loadmodule "tm.so"
        loadmodule "sl.so"
        loadmodule "rr.so"
        loadmodule "pv.so"
        loadmodule "xlog.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "ctl.so"
        loadmodule "db_sqlite.so"
        loadmodule "dialog.so"
        loadmodule "sst.so"
        modparam("dialog", "dlg_flag", 5)
        modparam("sst", "sst_flag", 6)
        modparam("tm", "retr_timer1", 100)
        modparam("tm", "fr_timer", 1500)
        modparam("tm", "wt_timer", 500)
        \(parameters)
        request_route {
            if (has_totag()) { loose_route(); t_relay(); exit; }
            if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
            record_route();
            if (is_method("INVITE")) { \(invite) setflag(5); setflag(6); }
            if (!t_relay()) sl_reply_error();
        }
        \(blocks)
        """, listen: listen, "--strict", in: folder)
}

/// The least interval, and all timers are short enough for a test.
let lively = "modparam(\"sst\", \"min_se\", 90)\n"
let withBye = "modparam(\"dialog\", \"send_bye\", 1)\n"

/// A call from one telephone to another, through a server that is in its route set.
final class TestCall {
    enum Party { case alice, bob }

    private(set) var server: Server
    let alice: Client
    let bob: Client
    let id = UUID().uuidString
    private var sequence: [Party: Int] = [.alice: 1, .bob: 1]
    private var routes: [String] = []

    init(_ server: Server) throws {
        self.server = server
        alice = try Client()
        bob = try Client()
    }

    /// Goes on with another server, at the same address.
    func move(to server: Server) { self.server = server }

    func client(_ party: Party) -> Client { party == .alice ? alice : bob }
    private func peer(_ party: Party) -> Client { party == .alice ? bob : alice }

    // MARK: the INVITE that makes it

    private(set) lazy var initial = Request("INVITE", "sip:bob@\(bob.text)", from: alice).with {
        $0.callID = id
        $0.lines = ["Contact: <sip:alice@\(alice.text)>"]
    }

    func send(_ lines: String...) { send(lines) }
    func send(_ lines: [String]) { alice.send(initial.with { $0.lines += lines }, to: server.udp) }

    /// The INVITE as the callee gets it.
    func invite(_ lines: String...) throws -> Packet {
        send(lines)
        return try bob.receive("INVITE")
    }

    /// The 2xx as the caller gets it, with the ACK to it.
    @discardableResult func answer(_ invite: Packet, _ lines: String...) throws -> Packet {
        send(200, to: invite, by: .bob, lines)
        let ok = try alice.receive("200")
        routes = ok.all("Record-Route")
        acknowledge(from: .alice)
        _ = try bob.receive("ACK")
        return ok
    }

    /// A call that is there, as the caller sees its 2xx.
    @discardableResult func establish(_ lines: [String] = [], answered: String...) throws -> Packet {
        send(lines)
        let invite = try bob.receive("INVITE")
        send(200, to: invite, by: .bob, answered)
        let ok = try alice.receive("200")
        routes = ok.all("Record-Route")
        acknowledge(from: .alice)
        _ = try bob.receive("ACK")
        return ok
    }

    func send(_ status: Int, to request: Packet, by party: Party, _ lines: [String] = []) {
        let contact = "Contact: <sip:\(party == .bob ? "bob" : "alice")@\(client(party).text)>"
        let text = String(
            decoding: Request.reply(status, "Reply", to: request, contact, tag: "b1"), as: UTF8.self)
        let more = lines.map { "\($0)\r\n" }.joined()
        client(party).send(
            text.replacingOccurrences(of: "Content-Length: 0", with: more + "Content-Length: 0"),
            to: server.udp)
    }

    // MARK: inside it

    func request(_ method: String, from party: Party, _ lines: [String] = []) -> Request {
        sequence[party, default: 0] += method == "ACK" ? 0 : 1
        return Request(
            method, "sip:\(party == .alice ? "bob" : "alice")@\(peer(party).text)", from: client(party)
        ).with {
            $0.callID = id
            $0.from = party == .alice ? "<sip:alice@example.com>;tag=a1" : "<sip:bob@example.com>;tag=b1"
            $0.to = party == .alice ? "<sip:bob@example.com>;tag=b1" : "<sip:alice@example.com>;tag=a1"
            $0.sequence = sequence[party, default: 1]
            $0.lines =
                routes.map { "Route: \($0)" }
                + ["Contact: <sip:\(party == .alice ? "alice" : "bob")@\(client(party).text)>"] + lines
        }
    }

    func acknowledge(from party: Party) { client(party).send(request("ACK", from: party), to: server.udp) }

    /// Sends a request, which the other one gets.
    func pass(_ method: String, from party: Party, _ lines: String...) throws -> Packet {
        client(party).send(request(method, from: party, lines), to: server.udp)
        return try peer(party).receive(method)
    }

    /// A refresh, answered; the 2xx as its sender gets it.
    @discardableResult
    func refresh(_ method: String = "UPDATE", from party: Party, _ lines: [String], answered: String...)
        throws
        -> Packet
    {
        client(party).send(request(method, from: party, lines), to: server.udp)
        let other: Party = party == .alice ? .bob : .alice
        let request = try client(other).receive(method)
        send(200, to: request, by: other, answered)
        let ok = try client(party).receive("200")
        if method == "INVITE" {
            acknowledge(from: party)
            _ = try client(other).receive("ACK")
        }
        return ok
    }

    /// Both sides get their BYE, and answer it.
    func hangUp() throws -> (alice: Packet, bob: Packet) {
        let first = try alice.receive("BYE")
        send(200, to: first, by: .alice)
        let second = try bob.receive("BYE")
        send(200, to: second, by: .bob)
        return (first, second)
    }
}

extension Server {
    /// What dlg.list_ctx shows of the only dialog.
    func onlyDialog() throws -> [String: Any] {
        let shown = try json("dlg.list_ctx")
        let all = shown as? [[String: Any]] ?? (shown as? [String: Any]).map { [$0] } ?? []
        return try #require(all.count == 1 ? all[0] : nil, "\(shown)")
    }

    /// How many dialogs there are, those included that are over and go soon.
    func dialogs() throws -> Int {
        let shown = try json("dlg.list")
        if let all = shown as? [Any] { return all.count }
        return (shown as? [String: Any])?.isEmpty == false ? 1 : 0
    }

    func sst(_ name: String) throws -> Int? { try statistic("sst.\(name)") }
}
