// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// A server with the plugin sca that relays calls to where their Request-URI says.
func scaServer(
    _ parameters: String = "", _ blocks: String = "", plugins: [String] = [], initial: String = "",
    update: String = "sca_call_info_update();", workers: Int = 1, in folder: Scratch? = nil,
    listen: [String] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
) throws -> Server {
    let modules = (["tm", "sl", "rr", "pv", "xlog", "textops", "siputils", "ctl"] + plugins + ["sca"])
        .map { "loadmodule \"\($0).so\"" }.joined(separator: "\n")
    return try Server(
        """
        debug=2
        \(modules)
        modparam("tm", "retr_timer1", 100)
        modparam("tm", "retr_timer2", 400)
        modparam("tm", "wt_timer", 500)
        modparam("tm", "fr_timer", 3000)
        \(parameters)
        request_route {
            if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
            if (is_method("SUBSCRIBE")) { sca_handle_subscribe(); exit; }
            if (is_method("CANCEL")) {
                if (t_check_trans()) { sca_call_info_update(); t_relay(); }
                exit;
            }
            t_check_trans();
            if (has_totag()) loose_route();
            else if (is_method("INVITE")) record_route();
            if (is_method("INVITE")) t_on_failure("FAILED");
            t_on_reply("REPLY");
            if (!has_totag()) { $var(at) = 1; \(initial) }
            if (is_method("INVITE|BYE")) { \(update) }
            t_relay();
        }
        onreply_route[REPLY] {
            if (status =~ "[456][0-9][0-9]") return;
            if (is_method("INVITE|BYE")) { \(update) }
        }
        failure_route[FAILED] { if (!t_is_canceled()) { \(update) } }
        \(blocks)
        """, listen: listen, "--strict", "-n", "\(workers)", in: folder)
}

/// One of several servers that have the same lines.
func sharedLineServer(
    _ database: SharedDatabase, _ number: Int, _ more: String = "", plugins: [String] = [],
    initial: String = ""
) throws -> Server {
    try scaServer(
        """
        modparam("sca", "db_url", "\(database.url)")
        modparam("sca", "server_id", \(number))
        modparam("sca", "share_timeout", 1000)
        \(more)
        """, plugins: [database.kind.plugin] + plugins, initial: initial)
}

/// What should not have come.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A desk phone: one of those that share a line, or the far end of a call.
final class DeskPhone {
    static let line = "sip:desk@sca.example"

    private(set) var server: Server
    /// All that it has ever had to do with.
    private var servers: [Server]
    let client: Client
    let aor: String
    /// Makes it answer challenges.
    var credentials: (user: String, password: String)?
    /// Where its requests go to; the line itself unless it has another.
    private var subscriptions: [String: Subscription] = [:]
    /// NOTIFYs that came, each answered.
    private(set) var heard: [Packet] = []
    /// What other NOTIFYs are answered with.
    var noticeStatus = 200
    private var others: [Packet] = []
    private var sequence = 0

    struct Subscription {
        var callID = UUID().uuidString
        var tag = "p\(UUID().uuidString.prefix(8))"
        var toTag: String?
        var sequence = 0
    }

    init(_ server: Server, aor: String = DeskPhone.line) throws {
        self.server = server
        servers = [server]
        self.aor = aor
        client = try Client()
    }

    /// The server was started again, perhaps at another port; or what follows goes to another one.
    func move(to server: Server) {
        self.server = server
        servers.append(server)
    }

    var user: String { String(aor.dropFirst(4).prefix { $0 != "@" }) }
    var domain: String { String(aor.drop { $0 != "@" }.dropFirst()) }
    var contact: String { "sip:\(user)@\(client.text)" }

    // MARK: - messages

    /// The next message but NOTIFYs with that method or status.
    func receive(_ wanted: String) throws -> Packet {
        if let at = others.firstIndex(where: { $0.method == wanted || "\($0.status)" == wanted }) {
            return others.remove(at: at)
        }
        while true {
            let packet = try next(wanted)
            if take(packet) { continue }
            if packet.method == wanted || "\(packet.status)" == wanted { return packet }
            others.append(packet)
        }
    }

    /// The next reply that is final.
    func answer() throws -> Packet {
        while true {
            if let at = others.firstIndex(where: { $0.status >= 200 }) { return others.remove(at: at) }
            let packet = try next("an answer")
            if !take(packet) { others.append(packet) }
        }
    }

    private func next(_ wanted: String) throws -> Packet {
        do {
            return try client.receive()
        } catch {
            let last = heard.suffix(4).map { "\($0["Event"] ?? ""): \(Self.summary($0))" }
            throw Unexpected("\(contact) waited for \(wanted) in vain; NOTIFYs: \(last)")
        }
    }

    private func take(_ packet: Packet) -> Bool {
        guard packet.method == "NOTIFY" else { return false }
        if noticeStatus > 0 {
            let via = packet["Via"] ?? ""
            let sender = servers.last { via.contains(":\($0.udp.port);") } ?? server
            client.send(Request.reply(noticeStatus, "Notified", to: packet, tag: "n"), to: sender.udp)
        }
        // Copies of what was answered.
        if !heard.contains(where: { $0["CSeq"] == packet["CSeq"] && $0["Call-ID"] == packet["Call-ID"] }) {
            heard.append(packet)
        }
        return true
    }

    /// What NOTIFYs say: "2 seized", "1 active, 2 held" or "idle"; of line-seize the number.
    static func summary(_ packet: Packet) -> String {
        let info = packet["Call-Info"] ?? "nothing"
        let values = info.components(separatedBy: ",<").compactMap { value -> String? in
            func parameter(_ name: String) -> String? {
                value.components(separatedBy: "\(name)=").dropFirst().first.map {
                    String($0.prefix { $0 != ";" })
                }
            }
            guard let index = parameter("appearance-index"), index != "*" else { return nil }
            return index + (parameter("appearance-state").map { " \($0)" } ?? "")
        }
        return values.isEmpty ? "idle" : values.joined(separator: ", ")
    }

    /// Waits until it hears that of its line; what it heard of that event before is done with.
    @discardableResult
    func hears(_ wanted: String, _ event: String = "call-info", state: String? = nil) throws -> Packet {
        while true {
            let found = heard.firstIndex { packet in
                packet["Event"] == event && Self.summary(packet) == wanted
                    && (state.map { packet["Subscription-State"]?.hasPrefix($0) == true } ?? true)
            }
            if let found {
                let packet = heard[found]
                let rest = heard[(found + 1)...]
                heard = heard[...found].filter { $0["Event"] != event } + rest
                return packet
            }
            let packet = try next("\(event) \(wanted)")
            if !take(packet) { others.append(packet) }
        }
    }

    /// Everything that is there already.
    func listen() {
        while let packet = client.pending() { if !take(packet) { others.append(packet) } }
    }

    // MARK: - requests

    func request(_ method: String, _ uri: String, _ lines: String...) -> Request {
        sequence += 1
        return Request(method, uri, from: client).with {
            $0.from = "<\(aor)>;tag=\(UUID().uuidString.prefix(8))"
            $0.to = "<\(aor)>"
            $0.sequence = sequence
            $0.lines = ["Contact: <\(contact)>"] + lines
        }
    }

    /// Sends it, with credentials when they are asked for, and gets the final answer.
    func ask(_ request: Request) throws -> Packet {
        client.send(request, to: server.udp)
        let reply = try answer()
        guard reply.status == 401 || reply.status == 407, let credentials else { return reply }
        client.send(try authorized(request, reply, credentials), to: server.udp)
        return try answer()
    }

    /// The same request as `reply` wants it.
    func authorized(_ request: Request, _ reply: Packet, _ credentials: (user: String, password: String))
        throws
        -> Request
    {
        let isProxy = reply.status == 407
        guard let digest = Digest(reply[isProxy ? "Proxy-Authenticate" : "WWW-Authenticate"]) else {
            throw Unexpected("no challenge in \(reply)")
        }
        let value = try digest.answer(
            user: credentials.user, password: credentials.password, method: request.method, uri: request.uri)
        return request.with {
            $0.sequence += 1
            $0.via = ["SIP/2.0/UDP \(client.text);branch=z9hG4bK\(UUID().uuidString)"]
            $0.lines.append("\(isProxy ? "Proxy-" : "")Authorization: \(value)")
        }
    }

    // MARK: - subscribing

    @discardableResult
    func subscribe(
        _ event: String = "call-info", index: String? = nil, expires: Int? = 3600, _ lines: String...,
        anew: Bool = false
    ) throws -> Packet {
        var own = anew ? Subscription() : subscriptions[event] ?? Subscription()
        own.sequence += 1
        let request = Request("SUBSCRIBE", aor, from: client).with {
            $0.callID = own.callID
            $0.sequence = own.sequence
            $0.from = "<\(aor)>;tag=\(own.tag)"
            $0.to = own.toTag.map { "<\(aor)>;tag=\($0)" } ?? "<\(aor)>"
            $0.lines = ["Contact: <\(contact)>", "Event: \(event)"] + lines
            if let expires { $0.lines.append("Expires: \(expires)") }
            if let index { $0.lines.append("Call-Info: <sip:\(domain)>;appearance-index=\(index)") }
        }
        let reply = try ask(request)
        if reply.status / 100 == 2 {
            own.toTag = reply.tag("To")
            own.sequence += credentials == nil ? 0 : 1
            subscriptions[event] = expires == 0 ? nil : own
        }
        return reply
    }

    @discardableResult func seize(_ index: String, expires: Int = 15) throws -> Packet {
        subscriptions["line-seize"] = nil
        return try subscribe("line-seize", index: index, expires: expires)
    }

    // MARK: - calling

    /// A call that it makes.
    func call(
        _ uri: String, index: String? = nil, to: String? = nil, display: String? = nil, _ lines: String...
    ) -> DeskCall {
        let call = DeskCall(self, uri)
        call.invite.to = to ?? "\(display.map { "\"\($0)\" " } ?? "")<\(uri)>"
        if let index { call.invite.lines.append("Call-Info: <sip:\(domain)>;appearance-index=\(index)") }
        call.invite.lines += lines
        return call
    }

    /// It is called: the INVITE as it came, answered.
    @discardableResult
    func reply(
        _ status: Int, to invite: Packet, index: String? = nil, body: String? = nil, _ lines: String...
    )
        -> Packet
    {
        var text = String(
            decoding: Request.reply(
                status, "Reply", to: invite, "Contact: <\(contact)>", tag: "t\(client.port)"),
            as: UTF8.self)
        var more = lines
        if let index { more.append("Call-Info: <sip:\(domain)>;appearance-index=\(index)") }
        text = text.replacingOccurrences(
            of: "Content-Length: 0", with: (more + ["Content-Length: 0"]).joined(separator: "\r\n"))
        client.send(text, to: server.udp)
        return invite
    }

    /// Session descriptions.
    static let talking = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n"
    static let holding = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"
}

/// A call of a desk phone, as it sees it: the one that it made, or that it was called by.
final class DeskCall {
    let phone: DeskPhone
    var invite: Request
    private(set) var routes: [String] = []
    private(set) var target = ""
    private(set) var own = ""
    private(set) var far = ""
    private var sequence: Int

    init(_ phone: DeskPhone, _ uri: String) {
        self.phone = phone
        invite = phone.request("INVITE", uri)
        own = invite.from
        far = invite.to
        sequence = invite.sequence
    }

    /// It was called, and has answered.
    init(_ phone: DeskPhone, called request: Packet) {
        self.phone = phone
        invite = phone.request("INVITE", phone.aor)
        invite.callID = request["Call-ID"] ?? ""
        own = "\(request["To"] ?? "");tag=t\(phone.client.port)"
        far = request["From"] ?? ""
        routes = request.all("Record-Route")
        target = Self.uri(request["Contact"])
        sequence = 100
    }

    private static func uri(_ contact: String?) -> String {
        contact.map { String($0.drop { $0 == "<" }.prefix { $0 != ">" }) } ?? ""
    }

    func send() {
        phone.client.send(invite, to: phone.server.udp)
        far = invite.to
    }

    /// Sends it again with credentials.
    func authorize(_ reply: Packet, _ credentials: (user: String, password: String)) throws {
        acknowledge(refusal: reply)
        invite = try phone.authorized(invite, reply, credentials)
        sequence = invite.sequence
        send()
    }

    func acknowledge(refusal reply: Packet) {
        phone.client.send(invite.follower("ACK", to: reply["To"]), to: phone.server.udp)
    }

    /// The 200 came: from here on it is a call.
    func connected(_ reply: Packet, body: String? = nil) {
        far = reply["To"] ?? far
        routes = reply.all("Record-Route").reversed()
        target = Self.uri(reply["Contact"])
        phone.client.send(inside("ACK", body: body), to: phone.server.udp)
    }

    func inside(_ method: String, index: String? = nil, body: String? = nil, _ lines: String...) -> Request {
        if method != "ACK" { sequence += 1 }
        return phone.request(method, target).with {
            $0.callID = invite.callID
            $0.from = own
            $0.to = far
            $0.sequence = sequence
            $0.lines += routes.map { "Route: \($0)" } + lines
            if let index { $0.lines.append("Call-Info: <sip:\(phone.domain)>;appearance-index=\(index)") }
            if let body {
                $0.lines.append("Content-Type: application/sdp")
                $0.body = Array(body.utf8)
            }
        }
    }

    func send(_ method: String, index: String? = nil, body: String? = nil, _ lines: String...) {
        var request = inside(method, index: index, body: body)
        request.lines += lines
        phone.client.send(request, to: phone.server.udp)
    }

    /// A re-INVITE that the other side agrees to.
    func reinvite(_ other: DeskPhone, index: String? = nil, body: String, _ lines: String...) throws {
        var request = inside("INVITE", index: index, body: body)
        request.lines += lines
        phone.client.send(request, to: phone.server.udp)
        let received = try other.receive("INVITE")
        other.reply(200, to: received)
        _ = try phone.receive("200")
        phone.client.send(
            inside("ACK").with { $0.sequence = request.sequence }, to: phone.server.udp)
        _ = try other.receive("ACK")
    }

    /// A BYE that the other side agrees to.
    func hangUp(_ other: DeskPhone, index: String? = nil) throws {
        send("BYE", index: index)
        other.reply(200, to: try other.receive("BYE"))
        _ = try phone.receive("200")
    }
}

extension Server {
    /// The lines that a command shows.
    func sca(_ words: String...) throws -> [String] {
        let shown = try json2(words)
        if let all = shown as? [String] { return all }
        return (shown as? String).map { [$0] } ?? []
    }

    private func json2(_ words: [String]) throws -> Any {
        let output = try martlet(["rpc", "-Y", runFolder, "--json"] + words)
        guard output.status == 0 else {
            throw Unexpected("\(words) failed with status \(output.status)\n\(output.err)\(output.out)")
        }
        return try JSONSerialization.jsonObject(with: Data(output.out.utf8), options: .fragmentsAllowed)
    }
}
