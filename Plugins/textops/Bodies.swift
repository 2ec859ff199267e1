// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import TextopsLogic

private let contentType = Header("Content-Type")
private let privacy = Header("Privacy")
private let date = Header("Date")

/// The body as a whole, what is said about it, and the Date header.
@Declarations func bodyFunctions() -> [any Declaration] {
    contentType
    privacy
    date
    Function(
        "has_body", in: .any, "Is there a body, of that type if one is given?",
        Arg("type", Text?.self, "As application/sdp.")
    ) { call, type in
        let message = call.message
        guard !message.body.isEmpty else { return .no }
        guard let type, !type.isEmpty, type != "0" else { return .yes }
        let has = message.contentType
        // RFC 3261 says nothing of a body without a type; SDP is what it always is.
        let known = has.isEmpty ? Text("application/sdp") : has
        return Outcome(MediaType.matches(UnsafeRawBufferPointer(known), UnsafeRawBufferPointer(type)))
    }
    Function(
        "set_body", in: [.request, .reply, .failure, .branch, .local, .event],
        "Gives the message another body.",
        Arg("text", Text.self), Arg("type", Text.self, "Its Content-Type.")
    ) { call, text, type in
        guard !text.isEmpty, !type.isEmpty else { return .no }
        return setBody(call.message, text, type)
    }
    Function(
        "set_reply_body", in: [.request, .failure, .branch, .error],
        "The body of replies that this server makes.",
        Arg("text", Text.self), Arg("type", Text.self, "Its Content-Type.")
    ) { call, text, type in
        guard !text.isEmpty, !type.isEmpty else { return .no }
        call.message.set(.replyBody, text)
        return call.message.set(.replyType, type).isYes ? .yes : .no
    }
    Function(
        "is_privacy", in: .any, "Does the Privacy header ask for this?",
        Arg("type", Text.self, "id, user, header, session, critical, history or none.")
    ) { call, type in
        var fields = call.message.headers(privacy)
        while let field = fields.next() {
            var rest = field.body
            while let list = rest.take(upTo: UInt8(ascii: ";")) {
                var items = list
                while let item = items.take(upTo: UInt8(ascii: ",")) {
                    if item.trimmed.equalsIgnoringCase(type) { return .yes }
                }
            }
        }
        return .no
    }
    Function(
        "is_audio_on_hold", in: .any,
        "1 or 2 when the SDP holds an audio stream, by null address or direction."
    ) { call in
        let message = call.message
        guard let sdp = description(message), let hold = AudioHold.find(in: sdp) else { return .no }
        return Outcome(hold.rawValue)
    }
    Function(
        "append_time", in: [.request, .failure, .branch, .reply, .error],
        "Adds a Date header to the replies that this server makes."
    ) { call in
        let message = call.message
        return withDate { message.set(.replyLines, Line("Date: \($0)\r\n")) }.isYes ? .yes : .no
    }
    Function("append_time_to_request", in: .any, "Adds a Date header, unless there is one.") { call in
        let message = call.message
        guard message.first(date) == nil else { return .no }
        return withDate { message.append(Line("Date: \($0)")) }.isYes ? .yes : .no
    }
}

func setBody(_ message: Message, _ text: Text, _ type: Text) -> Outcome {
    guard message.set(.body, text).isYes else { return .no }
    return message.set(.contentType, type).isYes ? .yes : .no
}

/// The session description in the body: all of it, or its part.
private func description(_ message: Message) -> UnsafeRawBufferPointer? {
    let body = UnsafeRawBufferPointer(message.body)
    let type = UnsafeRawBufferPointer(message.contentType)
    guard !body.isEmpty else { return nil }
    let sdp = Text("application/sdp")
    if type.isEmpty || MediaType.matches(type, UnsafeRawBufferPointer(sdp)) { return body }
    return firstPart(message, sdp).map { UnsafeRawBufferPointer(rebasing: body[$0.content]) }
}

/// The time of now as RFC 3261, 20.17 wants it.
private func withDate<Result>(_ body: (mt_str) -> Result) -> Result {
    var now = time_t(Loop.clock / 1000)
    var parts = tm()
    gmtime_r(&now, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { room in
        // The process runs in the C locale, so these are English names.
        let count = strftime(room.baseAddress, room.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return body(mt_str(ptr: UnsafePointer(room.baseAddress), len: count))
    }
}
