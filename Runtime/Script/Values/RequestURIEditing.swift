// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// The core functions that edit the Request-URI: sethost, setuser, prefix, strip ...
///
/// Each answers 1, or -1 when the URI cannot take it, as the script sees it. Nothing is changed then.
public enum RequestURIEditing {
    public static func setURI(_ message: Message, _ uri: Slice) -> Int32 {
        guard URI(parsing: uri) != nil else { return -1 }
        return message.setURI(uri) ? 1 : -1
    }

    /// The port stays. A telephone number becomes the user of a SIP URI.
    public static func setHost(_ message: Message, _ host: Slice) -> Int32 {
        edit(message) {
            $0.host = host
            return !host.isEmpty
        }
    }

    /// The old port goes unless the text brings one.
    public static func setHostPort(_ message: Message, _ hostPort: Slice) -> Int32 {
        edit(message) { parts in
            let text = SocketText(hostPort: hostPort)
            parts.host = text.host
            parts.port = text.port
            return !text.host.isEmpty
        }
    }

    /// "host:port;transport=tls": port and transport go unless the text brings them.
    public static func setHostPortTransport(_ message: Message, _ text: Slice) -> Int32 {
        edit(message) { parts in
            let end = text.firstIndex(of: UInt8(ascii: ";")) ?? text.count
            let place = SocketText(hostPort: text.prefix(end))
            parts.host = place.host
            parts.port = place.port
            parts.replacesTransport = true
            parts.transport = end < text.count ? text.dropFirst(end + 1) : .absent
            return !place.host.isEmpty
        }
    }

    /// An empty user takes the password along.
    public static func setUser(_ message: Message, _ user: Slice) -> Int32 {
        edit(message) { parts in
            parts.user = user
            if user.isEmpty { parts.password = .absent }
            return true
        }
    }

    public static func setUserPassword(_ message: Message, _ userPassword: Slice) -> Int32 {
        edit(message) { parts in
            let colon = userPassword.firstIndex(of: UInt8(ascii: ":"))
            parts.user = colon.map { userPassword.prefix($0) } ?? userPassword
            parts.password = colon.map { userPassword.dropFirst($0 + 1) } ?? .absent
            return true
        }
    }

    /// An empty port takes it away. A telephone number has none.
    public static func setPort(_ message: Message, _ port: Slice) -> Int32 {
        edit(message) { parts in
            guard parts.isSIP else { return false }
            parts.port = port
            return port.isEmpty || (port.natural() ?? 65_536) <= 65_535
        }
    }

    public static func prefix(_ message: Message, _ text: Slice) -> Int32 {
        edit(message) { parts in
            var user = ArenaText(message, room: text.count + parts.user.count)
            user.append(text)
            user.append(parts.user)
            parts.user = user.slice
            return true
        }
    }

    /// Taking more than there is takes all.
    public static func strip(_ message: Message, _ count: Int) -> Int32 {
        guard message.requestURI?.user.isEmpty == false else { return 1 }
        return edit(message) { parts in
            parts.user = parts.user.dropFirst(max(0, count))
            if parts.user.isEmpty { parts.password = .absent }
            return true
        }
    }

    public static func stripTail(_ message: Message, _ count: Int) -> Int32 {
        guard message.requestURI?.user.isEmpty == false else { return 1 }
        return edit(message) { parts in
            parts.user = parts.user.dropLast(max(0, count))
            if parts.user.isEmpty { parts.password = .absent }
            return true
        }
    }

    /// Adds `;user=phone` unless the URI says what its user is.
    public static func userPhone(_ message: Message) -> Int32 {
        guard let uri = message.requestURI else { return -1 }
        guard uri.isSIP, uri.param("user").isAbsent else { return 1 }
        return edit(message) {
            $0.addsUserPhone = true
            return true
        }
    }

    /// Back to the URI as it arrived.
    public static func revert(_ message: Message) -> Int32 {
        guard message.isRequest else { return -1 }
        return message.uri == message.receivedURI || message.setURI(message.receivedURI) ? 1 : -1
    }

    private static func edit(_ message: Message, _ change: (inout URIParts) -> Bool) -> Int32 {
        guard let uri = message.requestURI else { return -1 }
        var parts = URIParts(uri)
        guard change(&parts) else { return -1 }
        let text = parts.text(message)
        guard URI(parsing: text) != nil else { return -1 }
        return message.setURI(text) ? 1 : -1
    }
}

/// A URI in pieces, to be put together again with some of them changed.
struct URIParts {
    var scheme: Slice
    var user: Slice
    var password: Slice
    var host: Slice
    var port: Slice
    var params: Slice
    var headers: Slice
    var replacesTransport = false
    var transport = Slice.absent
    var addsUserPhone = false

    init(_ uri: URI) {
        scheme = uri.scheme
        user = uri.user
        password = uri.password
        host = uri.host
        params = uri.params
        headers = uri.headers
        // As it is written: "05060" stays.
        port = .absent
        if uri.port != 0, let hostEnd = uri.host.base.map({ $0 + uri.host.count }), let start = uri.whole.base
        {
            port = uri.whole.dropFirst(hostEnd - start + 1).prefix(while: \.isDigit)
        }
    }

    var isSIP: Bool { scheme.equalsIgnoringCase("sip") || scheme.equalsIgnoringCase("sips") }

    func text(_ message: Message) -> Slice {
        var text = ArenaText(
            message, room: 32 + user.count + password.count + host.count + params.count + headers.count)
        // A telephone number that got a host: its parameters belong to the user (RFC 3261, 19.1.6).
        let becomesSIP = !isSIP && !host.isEmpty
        text.append(becomesSIP ? "sip" : scheme)
        text.append(UInt8(ascii: ":"))
        text.append(user)
        if becomesSIP, params.isPresent {
            text.append(UInt8(ascii: ";"))
            text.append(params)
        }
        if isSIP || becomesSIP {
            if !password.isEmpty {
                text.append(UInt8(ascii: ":"))
                text.append(password)
            }
            if !user.isEmpty { text.append(UInt8(ascii: "@")) }
            text.append(host)
            if !port.isEmpty {
                text.append(UInt8(ascii: ":"))
                text.append(port)
            }
        }
        if becomesSIP {
            text.append(";user=phone")
        } else {
            appendParams(&text)
        }
        if headers.isPresent {
            text.append(UInt8(ascii: "?"))
            text.append(headers)
        }
        return text.slice
    }

    private func appendParams(_ text: inout ArenaText) {
        if replacesTransport {
            if !transport.isEmpty {
                text.append(UInt8(ascii: ";"))
                text.append(transport)
            }
            for param in Params(params) where !param.name.equalsIgnoringCase("transport") {
                text.append(UInt8(ascii: ";"))
                text.append(param.whole)
            }
        } else if params.isPresent {
            text.append(UInt8(ascii: ";"))
            text.append(params)
        }
        if addsUserPhone { text.append(";user=phone") }
    }
}
