// SPDX-License-Identifier: Apache-2.0
import Message

/// Credentials of a request: `$au`, `$ar` ... and the user to account, `$Au`.
extension VariableCode {
    private static func credentials(_ message: Message) -> Slice {
        guard message.isRequest else { return .absent }
        var field = message.header(.proxyAuthorization)
        if !field.exists { field = message.header(.authorization) }
        let body = message.body(of: field)
        guard body.hasPrefixIgnoringCase("Digest"), body[6].isSpace else { return .absent }
        return body.dropFirst(7)
    }

    private static func parameter(_ name: Slice, of credentials: Slice) -> Slice {
        Params(credentials, separator: UInt8(ascii: ",")).value(named: name)
    }

    static func digest(_ part: VariablePart, _ message: Message) -> ScriptValue {
        let credentials = credentials(message)
        guard credentials.isPresent else { return .null }
        func present(_ name: Slice) -> ScriptValue {
            let value = parameter(name, of: credentials)
            return value.isEmpty ? .null : ScriptValue(value)
        }
        switch part {
        case .realm: return present("realm")
        case .digestURI: return present("uri")
        case .algorithm: return present("algorithm")
        case .nonce: return present("nonce")
        case .cnonce: return present("cnonce")
        case .response: return present("response")
        case .opaque: return present("opaque")
        case .user: return present("username")
        case .userName:
            let (user, _) = split(parameter("username", of: credentials))
            return user.isEmpty ? .null : ScriptValue(user)
        case .domain:
            let (_, domain) = split(parameter("username", of: credentials))
            return ScriptValue(domain.isPresent ? domain : .empty)
        default: return .null
        }
    }

    /// "alice@atlanta": the user and the domain; without "@" there is no domain.
    private static func split(_ name: Slice) -> (Slice, Slice) {
        guard let at = name.firstIndex(of: UInt8(ascii: "@")) else { return (name, .absent) }
        return (name.prefix(at), name.dropFirst(at + 1))
    }

    /// `$Au` user@domain, `$AU` the user: whom to account. That is From, as long as nobody authenticated the
    /// request.
    static func accountUser(_ part: VariablePart, _ message: Message) -> ScriptValue {
        guard let uri = URI(parsing: message.fromURI) else { return .null }
        let user = uri.userName
        if part == .user { return ScriptValue(user.isPresent ? user : .empty) }
        var text = ArenaText(message, room: user.count + uri.host.count + 1)
        text.append(user)
        text.append(UInt8(ascii: "@"))
        text.append(uri.host)
        return ScriptValue(text.slice)
    }
}
