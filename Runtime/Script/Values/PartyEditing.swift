// SPDX-License-Identifier: Apache-2.0
import Message

/// Assigning to `$fu`, `$fU`, `$fd`, `$fn` and the same of To: the header is written anew, its tag stays.
enum PartyEditing {
    static func set(_ message: Message, _ header: HeaderID, _ part: VariablePart, _ value: ScriptValue)
        -> Bool
    {
        let address = header == .from ? message.from : message.to
        guard address.uri.isPresent else { return false }
        let text = value.asText(message)
        var display = address.display
        var uri = address.uri
        switch part {
        case .whole:
            guard !text.isEmpty else { return false }
            uri = text
        case .display: display = text.isEmpty ? .absent : text
        case .user, .host:
            guard let parsed = URI(parsing: address.uri) else { return false }
            var parts = URIParts(parsed)
            if part == .user {
                parts.user = text
                if text.isEmpty { parts.password = .absent }
            } else {
                guard !text.isEmpty else { return false }
                parts.host = text
            }
            uri = parts.text(message)
        default: return false
        }
        guard URI(parsing: uri) != nil else { return false }
        var body = ArenaText(message, room: display.count + uri.count + address.params.count + 8)
        if !display.isEmpty {
            body.append(display)
            body.append(UInt8(ascii: " "))
        }
        body.append(UInt8(ascii: "<"))
        body.append(uri)
        body.append(UInt8(ascii: ">"))
        if address.params.isPresent {
            body.append(UInt8(ascii: ";"))
            body.append(address.params)
        }
        return message.setHeader(header, body: body.slice)
    }
}
