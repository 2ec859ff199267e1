// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SanityLogic

/// 1 passed; 0 failed, answered, and the script ends; -1 failed with autodrop off, or an impossible sum.
func check(_ call: borrowing Call, _ checks: Int, _ uris: Int) -> Outcome {
    guard Checks.all.contains(checks), URIChecks.all.contains(uris) else {
        Host.log(.error, "sanity_check: checks are 1 to 32767 and URIs 1 to 15, not \(checks) and \(uris)")
        return .no
    }
    let message = call.message
    guard let failure = failure(of: message, Checks(rawValue: checks), URIChecks(rawValue: uris)) else {
        return .yes
    }

    refused.add()
    Host.log(.info, "\(failure.status) \(failure.reason)")
    if noreply.value != 0 {
        message.slot = UInt64(failure.rawValue)
    } else {
        answer(call, failure)
    }
    return autodrop.value != 0 ? .stop : .no
}

/// sanity_reply(): what was noted, once.
func sendNoted(_ call: borrowing Call) -> Outcome {
    let message = call.message
    guard noreply.value != 0, let failure = Failure(rawValue: UInt8(truncatingIfNeeded: message.slot)) else {
        return .no
    }
    message.slot = 0
    return answer(call, failure)
}

/// Statelessly: what is broken makes no transaction. Neither ACKs nor replies are answered.
@discardableResult private func answer(_ call: borrowing Call, _ failure: Failure) -> Outcome {
    let message = call.message
    guard failure.isAnswered, message.isRequest, message.method != .ack else { return .no }
    if failure == .proxyRequire { addUnsupported(message) }
    return sl.replyStateless(call, failure.status, failure.reason)
}

/// RFC 3261, 16.3 step 5: all the tags that are not supported, so that the client can drop them at once.
private func addUnsupported(_ message: Message) {
    var list = mt_str()
    var fields = message.headers(Names.proxyRequire)
    while let field = fields.next() {
        let body = field.body
        var at = 0
        while let range = Options.next(in: body, at: &at) {
            let tag = body[range]
            if Options.contains(tag, in: proxyRequire.value) { continue }
            let before: StaticString = list.len == 0 ? "Unsupported: " : ", "
            list = Line("\(list)\(before)\(tag)").kept(by: message).raw
        }
    }
    if list.len > 0 { message.set(.replyLines, Line("\(list)\r\n")) }
}

/// A String would cost a reference count.
private var sipVersion: StaticString { "SIP/2.0" }

private func failure(of message: Message, _ checks: Checks, _ uris: URIChecks) -> Failure? {
    let isRequest = message.isRequest
    if !checks.isDisjoint(with: [.topVia, .required]) {
        guard let via = message.first(Names.via) else { return .missing }
        if checks.contains(.topVia), !Values.hasSentBy(via.body) { return .via }
    }
    let from = message.fromURI
    let to = message.toURI
    // What stands more than once, the server has refused before.
    if checks.contains(.required),
        from.isAbsent || to.isAbsent || message.callID.isAbsent || message.cseq == nil
    {
        return .missing
    }
    if isRequest {
        if checks.contains(.version), message.text(.version) != sipVersion { return .version }
        let looksAtURI = checks.contains(.uris) && uris.contains(.request)
        if checks.contains(.scheme) || looksAtURI, let failure = requestURI(message) { return failure }
        if checks.contains(.cseqMethod), let failure = cseqMethod(message) { return failure }
    }
    if checks.contains(.cseqValue), let failure = cseqValue(message) { return failure }
    if checks.contains(.contentLength), let failure = contentLength(message) { return failure }
    if checks.contains(.expires), let field = message.first(Names.expires),
        let failure = Values.expires(field.body)
    {
        return failure
    }
    if checks.contains(.proxyRequire), let failure = unsupported(message) { return failure }
    if checks.contains(.uris) {
        if uris.contains(.from), !Values.isURI(from) { return .from }
        if uris.contains(.to), !Values.isURI(to) { return .to }
        if uris.contains(.contact), let failure = contacts(message) { return failure }
    }
    return rarerFailure(of: message, checks)
}

private func rarerFailure(of message: Message, _ checks: Checks) -> Failure? {
    guard !checks.isDisjoint(with: [.digest, .authorization, .tags]) else { return nil }
    if checks.contains(.digest), let failure = credentials(message, Names.proxyAuthorization) {
        return failure
    }
    if !checks.isDisjoint(with: [.digest, .authorization]),
        let failure = credentials(message, Names.authorization)
    {
        return failure
    }
    return checks.contains(.tags) ? tags(message) : nil
}

private func requestURI(_ message: Message) -> Failure? {
    let uri = message.uri
    switch Values.scheme(uri) {
    case .none:
        return .uri
    case .sip(let start):
        // As it arrived, the server has taken it apart before.
        if uri.raw.ptr == message.receivedURI.raw.ptr { return nil }
        return URISyntax.isSound(uri, from: start) ? nil : .uri
    case .other:
        // RFC 3261, 8.2.2.1: a scheme that we cannot route on is answered 416.
        return Values.isRoutable(uri) ? nil : .uriScheme
    }
}

private func cseqMethod(_ message: Message) -> Failure? {
    let method = message.cseqMethod
    if method.isEmpty { return .cseqMethodMissing }
    return method.equals(message.methodText) ? nil : .cseqMethod
}

private func cseqValue(_ message: Message) -> Failure? {
    guard let number = message.cseq else { return .cseqNumberMissing }
    return number >= 0 && number < 1 << 32 ? nil : .cseqNumber
}

private func contentLength(_ message: Message) -> Failure? {
    // Only streams cannot do without it (RFC 3261, 20.14), and they have been cut by it already.
    guard let field = message.first(Names.contentLength) else { return nil }
    guard case .value(let length) = Values.number(field.body.trimmed) else { return .contentLengthValue }
    return length == message.body.count ? nil : .contentLength
}

private func unsupported(_ message: Message) -> Failure? {
    var fields = message.headers(Names.proxyRequire)
    while let field = fields.next() {
        let body = field.body
        if body.trimmed.isEmpty { return .proxyRequireHeader }
        var at = 0
        while let range = Options.next(in: body, at: &at) {
            if !Options.contains(body[range], in: proxyRequire.value) { return .proxyRequire }
        }
    }
    return nil
}

private func contacts(_ message: Message) -> Failure? {
    var fields = message.headers(Names.contact)
    while let field = fields.next() {
        var list = field.body.trimmed
        if list == "*" { continue }
        while list.count > 0 {
            guard let contact = list.takeAddress() else { return .contact }
            if !Values.isURI(contact.uri) { return .contactURI }
        }
    }
    return nil
}

private func credentials(_ message: Message, _ name: HeaderName) -> Failure? {
    var fields = message.headers(name)
    while let field = fields.next() {
        if let failure = Credentials.check(field.body) { return failure }
    }
    return nil
}

private func tags(_ message: Message) -> Failure? {
    if hasManyTags(message, Names.from) { return .fromTags }
    if hasManyTags(message, Names.to) { return .toTags }
    return nil
}

private func hasManyTags(_ message: Message, _ name: HeaderName) -> Bool {
    guard let field = message.first(name) else { return false }
    var body = field.body
    guard let address = body.takeAddress() else { return false }
    return Values.count(of: Text("tag"), in: address.params) > 1
}
