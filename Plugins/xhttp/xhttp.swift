// SPDX-License-Identifier: Apache-2.0
// HTTP requests on SIP's streams, for scripts: event_route[xhttp:request].
import CMartlet
import PluginKit
import XhttpLogic

private let connection = Header("Connection")
private let contentLength = Header("Content-Length")
private let matched = Param<Pattern?>(
    "url_match", "Only requests for a URL that it matches go to the script.")
private let skipped = Param<Pattern?>(
    "url_skip", "Requests for a URL that it matches do not go to the script.")
private let eventCallback = Param<Route?>(
    "event_callback", where: .request, "A route that is run in place of event_route[xhttp:request].")
private let requestEvent = Event("request", "An HTTP request has come; xhttp_reply() answers it.")
private let requests = Counter("requests", "HTTP requests that went to the script.")
private let refused = Counter("refused", "HTTP requests that the plugin itself answered, with 404 or 413.")
private let replies = Counter("replies", "Answers that were sent.")

private let plugin = Plugin("xhttp", "1.0.0", "HTTP requests on SIP's streams, for scripts.") {
    [connection, contentLength]
    matched
    skipped
    eventCallback
    requestEvent
    [requests, refused, replies]

    Hook("core.http") { call in
        guard call.hasMessage else { return .yes }
        request(call)
        return .stop
    }
    Function(
        "xhttp_reply", in: .any, "Answers an HTTP request.",
        Arg("code", Int.self, in: 200...699), Arg("reason", Text.self),
        Arg("content_type", Text.self, default: ""), Arg("body", Text.self, default: "")
    ) { call, status, reason, type, body in
        reply(call.message, status, reason, type, body)
    }
    Variable("hu", "What an HTTP request asks for: its URL, as written.") { call, _ in
        guard call.hasMessage, isHTTP(call.message) else { return call.answerNull() }
        return call.answer(call.message.text(.receivedURI))
    }
    Offer("xhttp", 1, 0) { head in
        xhttp_api(
            head: head,
            reply: { _, message, status, reason, type, body in
                guard let message else { return mt_result(MT_NO) }
                return reply(
                    Message(message), Int(status), Text(unchecked: reason), Text(unchecked: type),
                    Text(unchecked: body)
                ).code
            },
            reply_to: { flow, closes, status, reason, type, body in
                guard let flow else { return mt_result(MT_ERROR) }
                guard var answer = answer(Int(status), Text(unchecked: reason), Text(unchecked: type)) else {
                    return mt_result(MT_ERROR)
                }
                answer.closes = closes
                return send(answer, Text(unchecked: body), Flow(flow.pointee)).code
            },
            closes: { message in message.map { closes(Message($0)) } ?? true })
    }
}

/// Of the rest of the SIP functions, those that only look at headers do what they do.
private func isHTTP(_ message: Message) -> Bool {
    message.isRequest && message.text(.version).hasPrefix("HTTP/")
}

private func request(_ call: borrowing Call) {
    let message = call.message
    let url = message.text(.receivedURI)
    let isHeard = requestEvent.isHeard || eventCallback.value != nil
    guard isHeard, matched.value?.matches(url) ?? true, !(skipped.value?.matches(url) ?? false) else {
        refused.add()
        _ = reply(message, 404, Text("Not Found"), Text("text/plain"), Text("Not found.\r\n"))
        return
    }
    // Of what is longer than the server takes only the head is there.
    if let length = message.header(contentLength).trimmed.integer, length > message.body.count {
        refused.add()
        message.set(.options, (message.number(.options) ?? 0) | Int(MT_O_REPLY_CLOSE))
        _ = reply(message, 413, Text("Content Too Large"), Text("text/plain"), Text("Too long.\r\n"))
        return
    }
    requests.add()
    if let callback = eventCallback.value {
        call.run(callback, on: message)
    } else {
        requestEvent.emit(call, message)
    }
}

private func closes(_ message: Message) -> Bool {
    if (message.number(.options) ?? 0) & Int(MT_O_REPLY_CLOSE) != 0 { return true }
    var values = ""
    var lines = message.headers(connection)
    while let line = lines.next() { values += String(line.body) + "," }
    return HTTPReply.closes(version: String(message.text(.version)), connection: values)
}

private func reply(_ message: Message, _ status: Int, _ reason: Text, _ type: Text, _ body: Text) -> Outcome {
    // What came by a WebSocket's handshake is not answered here: see ws_refuse().
    let flow = message.flow
    guard isHTTP(message), flow.transport == .tcp || flow.transport == .tls else {
        Host.log(.error, "xhttp_reply(): this is no HTTP request of a TCP or TLS connection")
        return .no
    }
    guard var answer = answer(status, reason, type) else {
        Host.log(.error, "xhttp_reply(): control characters in the reason or the content type")
        return .no
    }
    answer.lines = String(message.text(.replyLines))
    answer.closes = closes(message)
    answer.hasBody = !message.methodText.equals("HEAD")
    return send(answer, body, flow)
}

private func answer(_ status: Int, _ reason: Text, _ type: Text) -> HTTPReply? {
    var answer = HTTPReply(status, String(reason))
    answer.type = String(type)
    answer.server = Host.server
    return HTTPReply.isLine(answer.reason) && HTTPReply.isLine(answer.type) ? answer : nil
}

private func send(_ answer: HTTPReply, _ body: Text, _ flow: Flow) -> Outcome {
    guard flow.connection != 0 else { return .no }
    let bytes = answer.bytes(UnsafeRawBufferPointer(start: body.raw.ptr, count: body.count))
    let outcome = bytes.withUnsafeBufferPointer { bytes in
        bytes.withMemoryRebound(to: CChar.self) { flow.send(mt_str(ptr: $0.baseAddress, len: $0.count)) }
    }
    guard outcome.isYes else { return outcome }
    replies.add()
    if answer.closes { flow.close() }
    return .yes
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
