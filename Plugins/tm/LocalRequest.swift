// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// A request as a script or a command writes it down. Off the path of messages, so in strings.
struct LocalRequest: Sendable {
    var method = ""
    var uri = ""
    var hop = ""
    var socket = ""
    var headers = ""
    var body = ""
    var isAcknowledged = true

    /// What is wrong with it, and the code for it.
    struct Fault: Error {
        let code: Int
        let text: String
    }

    /// What the header block says, and what is still to be added.
    func checked() -> Result<(lines: [String], callID: String), Fault> {
        guard !method.isEmpty else { return .failure(Fault(code: 400, text: "Empty method")) }
        guard !uri.isEmpty, uri.withRaw({ URI(Text(unchecked: $0)) != nil }) else {
            return .failure(Fault(code: 400, text: "Invalid request uri"))
        }
        var lines: [String] = []
        var names: [String: String] = [:]
        for line in headers.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else {
                return .failure(Fault(code: 400, text: "Invalid headers"))
            }
            let name = Self.long(String(line[..<colon]).trimmed.lowercased())
            guard name != "content-length" else {
                return .failure(Fault(code: 400, text: "Content-Length is not allowed in headers"))
            }
            names[name] = String(line[line.index(after: colon)...]).trimmed
            lines.append(String(line))
        }
        guard names["from"] != nil else { return .failure(Fault(code: 400, text: "From missing")) }
        guard names["to"] != nil else { return .failure(Fault(code: 400, text: "To missing")) }
        if !body.isEmpty, names["content-type"] == nil {
            return .failure(Fault(code: 400, text: "Content-Type missing"))
        }
        let callID = names["call-id"] ?? "\(Self.random())-\(Self.random())@martlet"
        if names["call-id"] == nil { lines.append("Call-ID: \(callID)") }
        if names["cseq"] == nil { lines.append("CSeq: 1 \(method)") }
        if names["max-forwards"] == nil { lines.append("Max-Forwards: 70") }
        if let from = names["from"], !from.contains(";tag="),
            let index = lines.firstIndex(where: { Self.isFrom($0) })
        {
            lines[index] += ";tag=\(Self.random())"
        }
        return .success((lines, callID))
    }

    private static func random() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }

    private static func isFrom(_ line: String) -> Bool {
        let name = line.prefix { $0 != ":" }
        return long(String(name).trimmed.lowercased()) == "from"
    }

    private static func long(_ name: String) -> String {
        switch name {
        case "f": "from"
        case "t": "to"
        case "i": "call-id"
        case "l": "content-length"
        case "c": "content-type"
        default: name
        }
    }

    /// Sends it on the worker that its replies will come to. `done` hears what became of it.
    func launch(_ call: CallPointer?, _ done: (@Sendable (UacOutcome) -> Void)?) -> Outcome {
        let lines: [String]
        let callID: String
        switch checked() {
        case .success(let good): (lines, callID) = good
        case .failure(let fault):
            Host.log(.error, "a request of our own: \(fault.text)")
            return .no
        }
        let order = self
        let worker = callID.withRaw { Server.loop.pointee.worker($0) }
        let posted = Loop.post(to: Int(worker)) { call in
            if !order.send(call.raw, lines, done) { done?(UacOutcome(code: 477, reason: "Send failed")) }
            return .yes
        }
        return Outcome(posted.isYes)
    }

    private func send(_ call: CallPointer, _ lines: [String], _ done: (@Sendable (UacOutcome) -> Void)?)
        -> Bool
    {
        let made = method.withRaw { method in
            uri.withRaw { Server.message.pointee.request(Server.host, method, $0) }
        }
        guard let request = made else { return false }
        defer { Server.message.pointee.release(request) }
        for line in lines {
            _ = line.withRaw { Server.message.pointee.insert(request, UInt32(MT_LAST), nil, $0) }
        }
        if !body.isEmpty { body.withRaw { set(request, MT_F_BODY, $0) } }
        if !hop.isEmpty, hop != "." { hop.withRaw { set(request, MT_F_NEXT_HOP, $0) } }
        if !socket.isEmpty, socket != "." {
            let found = socket.withRaw { Server.net.pointee.find_socket($0) }
            guard found != UInt32.max else { return false }
            set(request, MT_F_OUT_SOCKET, Int(found))
        }
        let user = done.map { Unmanaged.passRetained(UacWaiter($0)).toOpaque() }
        let flags = isAcknowledged ? 0 : UInt32(TM_NO_ACK)
        let number = sendLocal(
            call, request, nil, flags: flags, user == nil ? nil : UacWaiter.done, user,
            scriptACKs: !isAcknowledged)
        guard number != 0 else {
            if let user { Unmanaged<UacWaiter>.fromOpaque(user).release() }
            return false
        }
        return true
    }
}

/// What became of a request of our own.
struct UacOutcome: Sendable {
    var code: Int
    var reason: String
    var reply = ""
    var uri = ""
}

/// Who asked for it; told once, and gone then.
final class UacWaiter: Sendable {
    private let tell: @Sendable (UacOutcome) -> Void

    init(_ tell: @escaping @Sendable (UacOutcome) -> Void) { self.tell = tell }

    static let done: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        Unmanaged<UacWaiter>.fromOpaque(user).takeRetainedValue().take(call)
        return 1
    }

    private func take(_ call: CallPointer) {
        let status = Int(call.pointee.result)
        guard let reply = call.pointee.msg else {
            return tell(UacOutcome(code: status, reason: status == 408 ? "Request Timeout" : "Send failed"))
        }
        var outcome = UacOutcome(code: status, reason: String(Text(unchecked: text(reply, MT_F_REASON))))
        let whole = String(Text(unchecked: text(reply, MT_F_BYTES)))
        outcome.reply = whole.firstIndex(of: "\n").map { String(whole[whole.index(after: $0)...]) } ?? ""
        if let contact = header(reply, Words.contact) {
            var list = Text(unchecked: contact.body)
            if let address = list.takeAddress() { outcome.uri = String(address.uri) }
        }
        tell(outcome)
    }
}

extension String {
    fileprivate var trimmed: String {
        var rest = Substring(self)
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" || last == "\r" { rest.removeLast() }
        return String(rest)
    }
}
