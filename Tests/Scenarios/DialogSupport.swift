// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// A server with the plugin dialog that relays calls; `script` is for INVITEs outside of dialogs, before they are relayed.
func dialogServer(
    _ script: String, _ blocks: String = "", parameters: String = "", plugins: [String] = [],
    inside: String = "", workers: Int = 1, in folder: Scratch? = nil
) throws -> Server {
    let lines = (["tm", "sl", "rr", "pv", "xlog", "textops", "siputils", "ctl"] + plugins + ["dialog"])
        .map { "loadmodule \"\($0).so\"" }.joined(separator: "\n")
    return try Server(
        """
        debug=2
        \(lines)
        modparam("tm", "retr_timer1", 100)
        modparam("tm", "retr_timer2", 400)
        modparam("tm", "wt_timer", 300)
        modparam("tm", "fr_timer", 3000)
        \(parameters)
        request_route {
            if (is_method("OPTIONS") && !has_totag()) { sl_send_reply("200", "OK"); exit; }
            if (has_totag()) {
                loose_route();
                \(inside)
                t_relay();
                exit;
            }
            if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
            if (is_method("INVITE")) {
                record_route();
                \(script)
            }
            t_relay();
        }
        \(blocks)
        """, "--strict", "-n", "\(workers)", in: folder)
}

/// One of several servers on a database. Its calls have the variable "who", and are in the profile "caller".
/// - Parameter like: the server that it stands in for: what is routed to that one is routed to this one as well.
func sharingServer(
    _ database: SharedDatabase, _ number: Int, like other: Server? = nil, _ more: String = ""
) throws -> Server {
    try dialogServer(
        "$dlg_var(who) = \"alice\"; dlg_manage(); set_dlg_profile(\"caller\", \"$fU\");",
        """
        event_route[dialog:loaded] { xlog("L_NOTICE", "LOADED $ci $dlg_var(who)\\n"); }
        event_route[dialog:end] { xlog("L_NOTICE", "END $ci $dlg_var(who)\\n"); }
        """,
        parameters: """
            \(other.map { "alias=\"\($0.udp.text)\"" } ?? "")
            modparam("dialog", "db_url", "\(database.url)")
            modparam("dialog", "db_mode", 1)
            modparam("dialog", "server_id", \(number))
            modparam("dialog", "share_interval", 50)
            modparam("dialog", "profiles_with_value", "caller")
            \(more)
            """, plugins: [database.kind.plugin],
        inside: """
            xlog("L_NOTICE", "INSIDE $rm $dlg_var(who) $dlg(state)\\n");
            if (is_method("INFO")) $dlg_var(seen) = $sid;
            """)
}

extension SharedDatabase {
    /// How many calls there are, variables of theirs, and notes about them.
    func callRows() throws -> String {
        try ["dialog", "dialog_vars", "dialog_shared"].map { try query("SELECT COUNT(*) FROM \($0)") }
            .joined(separator: " ")
    }
}

/// Two telephones and one call between them.
final class PhoneCall {
    let server: Server
    let caller: Client
    let callee: Client
    var invite: Request
    /// The INVITE as the callee got it, and his answer as the caller got it.
    private(set) var received: Packet?
    var answer: Packet?
    let tag: String

    init(
        _ server: Server, caller: Client? = nil, callee: Client? = nil, callID: String = UUID().uuidString,
        tag: String = "b1", _ lines: String...
    ) throws {
        self.server = server
        self.tag = tag
        let caller = try caller ?? Client()
        let callee = try callee ?? Client()
        self.caller = caller
        self.callee = callee
        invite = Request("INVITE", "sip:bob@\(callee.text)", from: caller).with {
            $0.callID = callID
            $0.sequence = 10
            $0.lines = ["Contact: <sip:alice@\(caller.text)>"] + lines
        }
    }

    var callID: String { invite.callID }

    func ring() throws {
        caller.send(invite, to: server.udp)
        received = try callee.receive("INVITE")
    }

    func reply(_ status: Int, _ reason: String, tag: String? = nil, _ lines: String...) throws {
        guard let received else { return }
        let contact = "Contact: <sip:bob@\(callee.text)>"
        var text = Request.reply(status, reason, to: received, contact, tag: tag ?? self.tag)
        if !lines.isEmpty {
            let whole = String(decoding: text, as: UTF8.self)
            text = Array(
                whole.replacingOccurrences(
                    of: contact, with: ([contact] + lines).joined(separator: "\r\n")
                ).utf8)
        }
        callee.send(text, to: server.udp)
    }

    /// INVITE, 200 and ACK.
    @discardableResult func connect(_ lines: String...) throws -> PhoneCall {
        try ring()
        try reply(200, "OK")
        answer = try caller.receive("200")
        caller.send(request("ACK", sequence: 10), to: server.udp)
        _ = try callee.receive("ACK")
        return self
    }

    /// The route set, in the order of the caller.
    private var routes: [String] {
        (answer?.headers ?? []).filter { $0.0.lowercased() == "record-route" }.map(\.1).reversed()
    }

    /// A request of the caller's inside the call, or of the callee's.
    func request(
        _ method: String, sequence: Int, fromCallee: Bool = false, tag: String? = nil, _ lines: String...
    ) -> Request {
        let callee = "\(invite.to);tag=\(tag ?? self.tag)"
        let sender = fromCallee ? self.callee : caller
        let target = fromCallee ? "sip:alice@\(caller.text)" : "sip:bob@\(self.callee.text)"
        return Request(method, target, from: sender).with {
            $0.callID = callID
            $0.sequence = sequence
            $0.from = fromCallee ? callee : invite.from
            $0.to = fromCallee ? invite.from : callee
            $0.lines = (fromCallee ? routes.reversed() : routes).map { "Route: \($0)" } + lines
        }
    }

    /// A request inside the call through any server, and its 200; of an INVITE the ACK as well.
    func pass(
        _ method: String, _ sequence: Int, fromCallee: Bool = false, through server: Server,
        _ lines: String...
    ) throws {
        let (one, other) = fromCallee ? (callee, caller) : (caller, callee)
        let request = request(method, sequence: sequence, fromCallee: fromCallee)
        one.send(request.with { $0.lines += lines }, to: server.udp)
        let got = try other.receive(method, sequence, method)
        let contact = "Contact: <sip:\(fromCallee ? "alice" : "bob")@\(other.text)>"
        other.send(Request.reply(200, "OK", to: got, contact), to: server.udp)
        _ = try one.receive("200", sequence, method)
        guard method == "INVITE" else { return }
        one.send(self.request("ACK", sequence: sequence, fromCallee: fromCallee), to: server.udp)
        _ = try other.receive("ACK", sequence, "ACK")
    }

    /// One side hangs up, and the other agrees.
    func hangUp(fromCallee: Bool = false, sequence: Int = 11) throws {
        let (one, other) = fromCallee ? (callee, caller) : (caller, callee)
        one.send(request("BYE", sequence: sequence, fromCallee: fromCallee), to: server.udp)
        let bye = try other.receive("BYE")
        other.send(Request.reply(200, "OK", to: bye), to: server.udp)
        _ = try one.receive("200")
    }
}

extension Server {
    /// What dlg.list shows.
    func dialogs(_ command: String...) throws -> [[String: Any]] {
        let words = command.isEmpty ? ["dlg.list"] : command
        let answer = try martlet(["rpc", "-Y", runFolder, "--json"] + words)
        guard answer.status == 0 else { return [] }
        let shown = try JSONSerialization.jsonObject(with: Data(answer.out.utf8), options: .fragmentsAllowed)
        if let one = shown as? [String: Any] { return one.isEmpty ? [] : [one] }
        return shown as? [[String: Any]] ?? []
    }

    /// What is known of one side of the only dialog.
    func side(_ name: String) throws -> [String: Any] {
        try dialogs().first?[name] as? [String: Any] ?? [:]
    }

    /// Waits until there are so many dialogs in those states, and none besides.
    func comes(toStates states: [Int]) throws {
        try comes { try dialogs().compactMap { $0["state"] as? Int }.sorted() == states.sorted() }
    }
}

extension Client {
    /// The next one with that method or status, and that CSeq; copies of those before it are passed over.
    func receive(_ wanted: String, _ sequence: Int, _ method: String) throws -> Packet {
        while true {
            let packet = try receive(wanted)
            if packet["CSeq"] == "\(sequence) \(method)" { return packet }
        }
    }
}

extension Packet {
    /// The tag of From or To.
    func tag(_ header: String) -> String? {
        self[header]?.components(separatedBy: ";tag=").dropFirst().first
    }
}
