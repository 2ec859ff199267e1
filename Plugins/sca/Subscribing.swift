// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

@Declarations func functions() -> [any Declaration] {
    Function(
        "sca_handle_subscribe", in: .request, suspends: true,
        "Answers a SUBSCRIBE to call-info or line-seize, and tells its sender how the line is.",
        Arg("to_uri", Text?.self), Arg("from_uri", Text?.self)
    ) { call, to, from in
        guard call.hasMessage else { return .no }
        return Subscribing.handle(call, to: given(to), from: given(from))
    }
    Function(
        "sca_call_info_update", in: [.request, .reply, .failure], suspends: true,
        "Has the lines of a call follow it.", Arg("mask", Int.self, default: "0"), Arg("to_uri", Text?.self),
        Arg("from_uri", Text?.self)
    ) { call, mask, to, from in
        guard call.hasMessage else { return .no }
        guard mask >= 0, mask <= 2 else {
            Host.log(
                .error,
                "sca_call_info_update: the mask is 0, both, 1, the caller, or 2, the callee, not \(mask)")
            return .no
        }
        return Updating.update(call, mask: mask, to: given(to), from: given(from))
    }
}

/// Nothing and an empty text are no argument.
@_lifetime(copy text) private func given(_ text: Text?) -> Text {
    guard let text else { return Text.absent }
    return text.isEmpty ? Text.absent : text
}

enum Subscribing {
    private struct Refusal: Error {
        let status: Int
        let reason: StaticString
        init(_ status: Int, _ reason: StaticString) {
            self.status = status
            self.reason = reason
        }
        static let malformed = Refusal(400, "Bad Shared Call Appearance Request")
    }

    static func handle(_ call: borrowing Call, to: Text, from: Text) -> Outcome {
        let message = call.message
        guard message.isRequest, message.method == .subscribe else {
            sl.reply(call, 500, "Internal server error - config" as StaticString)
            Host.log(.error, "sca_handle_subscribe is for SUBSCRIBE; look at the method before")
            return .no
        }
        do throws(Refusal) {
            let request = try read(message)
            let target = to.isAbsent ? message.toURI : to
            guard let name = LineName(target), name.isProper else { throw .malformed }
            let isAllowed = request.contact.withRaw {
                Limits.allows(name, message, contact: Text(unchecked: $0))
            }
            guard isAllowed else {
                Count.refusedMembers.add()
                throw Refusal(403, "Forbidden")
            }
            return try answer(call, name, request)
        } catch {
            return refuse(call, error)
        }
    }

    private static func refuse(_ call: borrowing Call, _ refusal: Refusal) -> Outcome {
        if refusal.status == 400 { Count.badRequests.add() }
        sl.reply(call, refusal.status, refusal.reason)
        return .no
    }

    private static func read(_ message: Message) throws(Refusal) -> SubscribeRequest {
        let event = message.header(eventHeader)
        guard !event.isAbsent else { throw Refusal(400, "Missing Event") }
        guard let package = Package(event) else { throw Refusal(400, "Bad Event") }
        let cap = package == .callInfo ? callInfoExpires.value : lineSeizeExpires.value
        var expires = cap
        if let asked = message.first(expiresHeader) {
            guard !asked.body.contains(UInt8(ascii: "-")), let seconds = asked.body.trimmed.integer else {
                throw .malformed
            }
            expires = min(seconds, cap)
        }
        guard !message.fromTag.isEmpty, !message.callID.isEmpty, let sequence = message.cseq else {
            throw .malformed
        }
        guard let contact = contact(of: message) else { throw .malformed }
        var request = SubscribeRequest(
            package, contact: contact, callID: String(message.callID), fromTag: String(message.fromTag),
            sequence: UInt32(truncatingIfNeeded: sequence), expires: expires)
        request.toTag = String(message.toTag)
        if package == .lineSeize, request.toTag.isEmpty { request.index = try index(message) }
        request.routes = routes(message)
        request.worker = Int(Server.loop.pointee.worker(message.callID.raw))
        let flow = message.flow
        request.socket = UInt16(truncatingIfNeeded: flow.raw.socket)
        request.connection = flow.connection
        if request.toTag.isEmpty { request.newTag = tag(message) }
        return request
    }

    private static func index(_ message: Message) throws(Refusal) -> CallInfo.Index {
        var fields = message.headers(callInfoHeader)
        var isThere = false
        while let field = fields.next() {
            isThere = true
            do throws(CallInfo.Malformed) {
                if let found = try CallInfo.read(field.body) { return found.index }
            } catch {
                break
            }
        }
        throw isThere
            ? Refusal(400, "Bad Request - Invalid Call-Info header")
            : Refusal(400, "Bad Request - missing Call-Info header")
    }

    /// The tag that our answer will have.
    private static func tag(_ message: Message) -> String {
        let transaction = tm.table.pointee.find(message.raw)
        return transaction == 0
            ? String(sl.tag(message))
            : String(Text(unchecked: tm.table.pointee.tag(transaction, message.raw)))
    }

    /// The route set of NOTIFYs (RFC 6665, 4.1.2.2), without ourselves: record_route() may have been before.
    private static func routes(_ message: Message) -> String {
        var routes: [String] = []
        var fields = message.headers(recordRouteHeader)
        while let field = fields.next() {
            var list = field.body
            while let address = list.takeAddress() {
                if let uri = URI(address.uri), uri.isMine { continue }
                routes.append(String(address.whole.trimmed))
            }
        }
        return routes.joined(separator: ", ")
    }

    // MARK: - answering

    /// - Parameter isLast: other servers have been asked for its subscription.
    private static func answer(
        _ call: borrowing Call, _ name: LineName, _ request: SubscribeRequest, isLast: Bool = false
    ) throws(Refusal) -> Outcome {
        let now = Now.milliseconds
        let maximum = Limits.line(name)?.maximum ?? 0
        let number = lines.nextNumber()
        func decide(_ group: Group) -> SubscribeAnswer {
            group.maximum = maximum
            return group.subscribe(request, number: number, at: now)
        }
        let done: (Group, SubscribeAnswer)
        if request.toTag.isEmpty {
            guard let made = lines.make(name, decide) else { throw Refusal(500, "Internal server error") }
            done = made
        } else {
            let group = lines.find(name)
            let answer = group.flatMap { lines.with($0, decide) } ?? .unknown
            let aor = name.aor
            if answer == .unknown, !isLast,
                let outcome = Moving.fetch(call, aor, request, then: { again($0, aor, request) })
            {
                return outcome
            }
            guard let group else { throw Refusal(481, "Call Leg/Transaction Does Not Exist") }
            done = (group, answer)
        }
        let (group, answer) = done
        switch answer {
        case .accepted(_, let expires):
            let seizes = request.package == .lineSeize && request.toTag.isEmpty && expires > 0
            return accept(call, group, request.package, expires, seizure: seizes ? number : nil)
        case .repeated(_, let expires):
            return reply(call, request.package, expires)
        case .unknown:
            lines.tidy(group)
            throw Refusal(481, "Call Leg/Transaction Does Not Exist")
        case .outOfOrder: throw Refusal(500, "CSeq Out of Order")
        case .busy:
            lines.tidy(group)
            return busy(call)
        }
    }

    /// Whoever has it has been asked for it.
    private static func again(_ call: borrowing Call, _ aor: String, _ request: SubscribeRequest) -> Outcome {
        aor.withRaw { aor in
            guard let name = LineName(Text(unchecked: aor)) else { return refuse(call, .malformed) }
            do throws(Refusal) {
                return try answer(call, name, request, isLast: true)
            } catch {
                return refuse(call, error)
            }
        }
    }

    private static func busy(_ call: borrowing Call) -> Outcome {
        Count.refusedSeizures.add()
        call.message.set(.replyLines, "Retry-After: 1\r\n" as StaticString)
        sl.reply(call, 480, "Temporarily Unavailable" as StaticString)
        return .no
    }

    /// - Parameter seizure: the subscription, which another server may have been faster with.
    private static func accept(
        _ call: borrowing Call, _ group: Group, _ package: Package, _ expires: Int, seizure: UInt32?
    ) -> Outcome {
        settle(call, [group]) { call in
            if Sharing.isOn, let seizure, lines.with(group, { $0.has(seizure) }) != true { return busy(call) }
            return reply(call, package, expires)
        }
    }

    private static func reply(_ call: borrowing Call, _ package: Package, _ expires: Int) -> Outcome {
        let message = call.message
        var address = message.receivedURI
        if let given = serverAddress.value { address = given }
        message.set(
            .replyLines,
            Line(
                "Event: \(package.word)\r\nContact: \(bracketed(address))\r\nAllow-Events: call-info, line-seize\r\nExpires: \(expires)\r\n"
            ))
        let isSent =
            package == .callInfo
            ? sl.reply(call, 202, "Accepted" as StaticString) : sl.reply(call, 200, "OK" as StaticString)
        return isSent.isYes ? .yes : .no
    }
}

/// The URI of the first Contact, or what stands for one that is missing. Nil: there is none.
func contact(of message: Message) -> String? {
    guard let field = message.first(contactHeader) else {
        return string(contactFallback.value)
    }
    var list = field.body
    guard let address = list.takeAddress(), !address.uri.isEmpty, LineName(address.uri) != nil,
        address.uri.count < 512
    else { return nil }
    return String(address.uri)
}
