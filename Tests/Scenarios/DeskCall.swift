// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

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
