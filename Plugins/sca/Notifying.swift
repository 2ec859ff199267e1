// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// Tells telephones how their line is: each on the worker of its Call-ID, so that its NOTIFYs go out in their order.
enum Notifying {
    static func flush(_ call: CallPointer, _ groups: [Group]) {
        for group in groups { flush(call, group) }
    }

    static func flush(_ call: CallPointer, _ group: Group) {
        let here = Int(call.pointee.worker)
        let now = Now.milliseconds
        let due: (notices: [Notice], elsewhere: [Int])? = lines.with(group) { group in
            let notices = group.takeNotices(for: here, at: now)
            return (notices, group.workersOwing())
        }
        guard let due else { return }
        for notice in due.notices { send(call, group, notice) }
        for worker in due.elsewhere where worker != here {
            Loop.post(to: worker) { call in
                flush(call.raw, group)
                return .yes
            }
        }
        if due.notices.contains(where: { $0.number == 0 }) || due.notices.isEmpty { lines.tidy(group) }
    }

    private static func send(_ call: CallPointer, _ group: Group, _ notice: Notice) {
        guard let own = OwnMessage.request("NOTIFY" as StaticString, notice.contact) else {
            return failed(group, notice, on: Int(call.pointee.worker))
        }
        fill(own.message, group, notice)
        Count.notifies.add()
        let answer = notice.number == 0 ? nil : Unmanaged.passRetained(NoticeAnswer(group, notice.number))
        let user = answer?.toOpaque()
        var sent: UInt64 = 0
        if notice.connection != 0, notice.routes.isEmpty {
            // Nobody listens at the end of a stream: back by it, as long as it is there.
            var flow = mt_flow()
            flow.protocol = UInt32(MT_TCP)
            flow.socket = UInt32(notice.socket)
            flow.connection = notice.connection
            sent = tm.table.pointee.send(
                call, own.raw, &flow, 0, answer == nil ? nil : NoticeAnswer.done, user)
        }
        if sent == 0 {
            sent = tm.table.pointee.send(call, own.raw, nil, 0, answer == nil ? nil : NoticeAnswer.done, user)
        }
        guard sent == 0 else { return }
        answer?.release()
        failed(group, notice, on: Int(call.pointee.worker))
    }

    /// It cannot be sent at all: as if nobody had answered it.
    private static func failed(_ group: Group, _ notice: Notice, on worker: Int) {
        guard notice.number != 0 else { return }
        Loop.post(to: worker) { call in
            answered(call.raw, group, notice.number, status: 408)
            return .yes
        }
    }

    private static func fill(_ message: Message, _ group: Group, _ notice: Notice) {
        message.append("Max-Forwards: 70")
        notice.contact.withRaw { setRoute(message, notice.routes, target: $0, notice) }
        let raw = message
        func line(_ name: StaticString, _ text: String) {
            text.withRaw { _ = raw.append(Line(name, Text(unchecked: $0))) }
        }
        line("From", "<\(group.aor)>;tag=\(notice.toTag)")
        line("To", "<\(group.aor)>;tag=\(notice.fromTag)")
        line("Call-ID", notice.callID)
        message.append(Line("CSeq: \(Int(notice.sequence)) NOTIFY"))
        if let address = serverAddress.value {
            message.append(Line("Contact: \(bracketed(address))"))
        } else {
            line("Contact", group.aor)
        }
        line("Call-Info", notice.callInfo)
        message.append(Line("Event", notice.package.word))
        line("Subscription-State", notice.state)
        if notice.socket != .max, UInt32(notice.socket) < Server.net.pointee.sockets() {
            message.set(.outSocket, Int(notice.socket))
        }
    }

    /// RFC 3261, 12.2.1.1: loose routers are listed, a strict one takes the place of the Request-URI.
    private static func setRoute(_ message: Message, _ routes: String, target: mt_str, _ notice: Notice) {
        guard !routes.isEmpty else {
            if let proxy = outboundProxy.value {
                message.append(Line("Route: <\(proxy)>"))
                message.set(.nextHop, proxy)
            } else if let alias = Alias(Text(unchecked: target)) {
                message.set(.uri, alias.uri)
                message.set(.nextHop, alias.hop)
            }
            return
        }
        let kept = message.keep(routes)
        var list = kept
        guard let first = list.takeAddress() else { return }
        if let uri = URI(first.uri), uri.param("lr" as StaticString) == nil {
            message.set(.uri, first.uri)
            let rest = list.trimmed
            message.append(
                rest.isEmpty
                    ? Line("Route: <\(Text(unchecked: target))>")
                    : Line("Route: \(rest), <\(Text(unchecked: target))>"))
            return
        }
        message.append(Line("Route: \(kept)"))
        message.set(.nextHop, first.uri)
    }

    /// A NOTIFY has its final answer, or 408 stands for one that never came.
    static func answered(_ call: CallPointer, _ group: Group, _ number: UInt32, status: Int) {
        let now = Now.milliseconds
        let goesOn: (isThere: Bool, isOwed: Bool)? = lines.with(group) { group in
            let isThere = group.notified(number, status: status, at: now)
            return (isThere, group.subscriptions.contains { $0.number == number && $0.isOwed })
        }
        guard let goesOn else { return }
        if !goesOn.isThere {
            Count.failedNotifies.add()
            settle(call, [group], isLate: true)
        } else if goesOn.isOwed {
            flush(call, group)
        }
    }
}

/// Waits for the answer to a NOTIFY.
final class NoticeAnswer: Sendable {
    private let group: Group
    private let number: UInt32

    init(_ group: Group, _ number: UInt32) {
        self.group = group
        self.number = number
    }

    static let done: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let answer = Unmanaged<NoticeAnswer>.fromOpaque(user).takeRetainedValue()
        Notifying.answered(call, answer.group, answer.number, status: Int(call.pointee.result))
        return 1
    }
}

/// A URI as it stands in a header: what would be taken for the header's needs brackets.
func bracketed(_ uri: Text) -> Line {
    uri.contains(UInt8(ascii: ";")) || uri.contains(UInt8(ascii: "?")) || uri.contains(UInt8(ascii: ","))
        ? Line("<\(uri)>") : Line(uri)
}

/// ";alias=ip~port~protocol" of a Contact, as nathelper adds it: the URI without it, and where its telephone is.
struct Alias {
    let uri, hop: String

    init?(_ uri: Text) {
        guard let start = uri.find(";alias=" as StaticString) else { return nil }
        let value = uri.dropFirst(start + 7)
        let end = value.firstIndex(of: UInt8(ascii: ";")) ?? value.count
        var parts = value.prefix(end)
        guard let host = parts.take(upTo: UInt8(ascii: "~")), let port = parts.take(upTo: UInt8(ascii: "~")),
            let number = port.integer
        else { return nil }
        let transport =
            switch parts.integer {
            case 2: "tcp"
            case 3: "tls"
            case 4: "sctp"
            case 5: "ws"
            case 6: "wss"
            default: "udp"
            }
        self.uri = "\(uri.prefix(start))\(value.dropFirst(end))"
        hop = "sip:\(host):\(number);transport=\(transport)"
    }
}
