// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TextopsLogic

private let mimeVersion = Header("Mime-Version")
private let usualBoundary: StaticString = "unique-boundary-1"
private let places: Where = [.request, .reply, .failure, .branch, .local, .event]

/// Bodies of several parts.
@Declarations func multipartFunctions() -> [any Declaration] {
    mimeVersion
    Function(
        "filter_body", in: places, "Leaves nothing of a multipart body but the first part of that type.",
        typeArgument()
    ) { call, type in
        let message = call.message
        guard let part = firstPart(message, type) else { return .no }
        let content = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(message.body)[part.content])
        return message.set(.body, mt_str(content)).isYes ? .yes : .no
    }
    Function(
        "set_body_multipart", in: places, "Makes a multipart body of a text, or of the body that is there.",
        Arg("text", Text?.self), Arg("type", Text?.self), Arg("boundary", Text?.self)
    ) { call, text, type, boundary in
        setMultipart(call.message, text, type, boundary)
    }
    Function(
        "append_body_part", in: places, "Adds a part to a multipart body.", Arg("text", Text.self),
        typeArgument(),
        Arg("disposition", Text?.self, "Its Content-Disposition.")
    ) { call, text, type, disposition in
        appendPart(call.message, text, type, disposition)
    }
    Function(
        "append_body_part_hex", in: places, "The same, with the text written as hexadecimal digits.",
        Arg("hex", Text.self), typeArgument(), Arg("disposition", Text?.self)
    ) { call, hex, type, disposition in
        guard let text = decoded(hex, call.message) else {
            Host.log(.error, "append_body_part_hex: these are no hexadecimal digits: \(String(hex))")
            return .error
        }
        return appendPart(call.message, text, type, disposition)
    }
    for (name, raw): (StaticString, Bool) in [("get_body_part", false), ("get_body_part_raw", true)] {
        Function(
            name, in: places, "Writes a part to a variable, alone or with its headers.", typeArgument(),
            Arg("target", Expression.self)
        ) { call, type, target in
            let message = call.message
            guard let part = firstPart(message, type) else { return .no }
            let bytes = UnsafeRawBufferPointer(message.body)
            let text = mt_str(UnsafeRawBufferPointer(rebasing: bytes[raw ? part.whole : part.content]))
            return call.write(target, text).isYes ? .yes : .no
        }
    }
    Function("remove_body_part", in: places, "Removes the first part of that type.", typeArgument()) {
        call, type in
        let message = call.message
        guard let part = firstPart(message, type) else { return .no }
        let body = message.body
        let text = Line("\(body.prefix(part.whole.lowerBound))\(body.dropFirst(part.whole.upperBound))")
        return message.set(.body, text).isYes ? .yes : .no
    }
}

private func typeArgument() -> Arg<Text> { Arg("type", Text.self, "A Content-Type, as application/sdp.") }

/// The first part of a type, when the body is a multipart one.
func firstPart(_ message: Message, _ type: Text) -> Multipart.Part? {
    let bytes = UnsafeRawBufferPointer(message.body)
    guard let boundary = boundary(of: message) else { return nil }
    let wanted = UnsafeRawBufferPointer(type)
    for part in Multipart(bytes, boundary: UnsafeRawBufferPointer(boundary)) {
        var lines = Text(unchecked: mt_str(UnsafeRawBufferPointer(rebasing: bytes[part.headers])))
        while var line = lines.take(upTo: 10) {
            guard let name = line.take(upTo: UInt8(ascii: ":"))?.trimmed else { continue }
            guard name.equalsIgnoringCase("Content-Type") || name.equalsIgnoringCase("c") else { continue }
            if MediaType.matches(UnsafeRawBufferPointer(line), wanted) { return part }
        }
    }
    return nil
}

private func boundary(of message: Message) -> mt_str? {
    let type = message.contentType
    guard type.trimmed.hasPrefixIgnoringCase("multipart/") else { return nil }
    return MediaType.parameter("boundary", of: UnsafeRawBufferPointer(type)).map { mt_str($0) }
}

private func setMultipart(_ message: Message, _ text: Text?, _ type: Text?, _ boundary: Text?) -> Outcome {
    var delimiter = mt_str(usualBoundary)
    if let boundary { delimiter = boundary.raw }
    let content: Text
    let kind: Text
    if let text, let type {
        content = text
        kind = type
    } else {
        guard !message.body.isEmpty, !message.contentType.isEmpty else { return .no }
        content = message.body
        kind = message.contentType
    }
    var body = Builder(message)
    add(content, kind, nil, delimiter, to: &body)
    close(delimiter, &body)
    let whole = Line("multipart/mixed;boundary=\"\(delimiter)\"").kept(by: message)
    guard setBody(message, body.text, whole).isYes else { return .no }
    if message.first(mimeVersion) == nil { message.append(Line("Mime-Version", "1.0")) }
    return .yes
}

/// Puts a part in front of the delimiter that closes.
private func appendPart(_ message: Message, _ text: Text, _ type: Text, _ disposition: Text?) -> Outcome {
    guard let boundary = boundary(of: message) else {
        Host.log(.error, "the body is no multipart body; see set_body_multipart")
        return .no
    }
    let bytes = UnsafeRawBufferPointer(message.body)
    let parts = Multipart(bytes, boundary: UnsafeRawBufferPointer(boundary))
    var end = 0
    while let delimiter = parts.delimiter(from: end), !delimiter.last { end = delimiter.line.upperBound }
    end = parts.delimiter(from: end)?.line.lowerBound ?? bytes.count
    var body = Builder(message)
    body.append(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
    if end > 0, bytes[end - 1] != 10 { body.append("\r\n") }
    add(text, type, disposition, boundary, to: &body)
    close(boundary, &body)
    return message.set(.body, body.text).isYes ? .yes : .no
}

private func add(
    _ text: Text, _ type: Text, _ disposition: Text?, _ boundary: mt_str, to body: inout Builder
) {
    body.append("--")
    body.append(boundary)
    body.append("\r\nContent-Type: ")
    body.append(type)
    if let disposition, !disposition.isEmpty {
        body.append("\r\nContent-Disposition: ")
        body.append(disposition)
    }
    body.append("\r\n\r\n")
    body.append(text)
    body.append("\r\n")
}

private func close(_ boundary: mt_str, _ body: inout Builder) {
    body.append("--")
    body.append(boundary)
    body.append("--\r\n")
}

/// Bytes written as pairs of digits, with spaces between them or not.
@_lifetime(copy message)
private func decoded(_ hex: Text, _ message: Message) -> Text? {
    let memory = message.allocate(hex.count / 2 + 1)
    var count = 0
    var high: UInt8?
    for at in 0..<hex.count {
        let digit: UInt8
        switch hex[at] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = hex[at] - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = hex[at] - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = hex[at] - UInt8(ascii: "A") + 10
        case 9, 10, 13, 32: continue
        default: return nil
        }
        if let first = high {
            memory[count] = first << 4 | digit
            count += 1
            high = nil
        } else {
            high = digit
        }
    }
    guard high == nil else { return nil }
    let text = mt_str(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    return _overrideLifetime(Text(unchecked: text), copying: message)
}
