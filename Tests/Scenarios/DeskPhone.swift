// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

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

    /// - Parameter copies: so often it comes in all, each by another way; the first answer counts.
    @discardableResult
    func subscribe(
        _ event: String = "call-info", index: String? = nil, expires: Int? = 3600, _ lines: String...,
        anew: Bool = false, copies: Int = 1
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
        for _ in 1..<copies {
            let via = "SIP/2.0/UDP \(client.text);branch=z9hG4bK\(UUID().uuidString)"
            client.send(request.with { $0.via = [via] }, to: server.udp)
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
