// SPDX-License-Identifier: Apache-2.0

/// The server's side of a handshake (RFC 6455, 4.2; RFC 7118, 4.1): is it one, and what is answered?
public enum Handshake {
    public enum CORS: Int, Sendable {
        case none = 0
        /// Access-Control-Allow-Origin: *
        case any = 1
        /// ... what Origin says.
        case origin = 2
    }

    public struct Settings: Sendable {
        public var isEnabled = true
        public var cors = CORS.none
        /// For the header Server; empty: without one.
        public var server = ""
        /// Header lines that are added, each with its end.
        public var lines = ""

        public init() {}
    }

    public struct Refusal: Error, Equatable {
        public let status: Int
        public let reason: String
        /// A sentence for whoever looks into it.
        public let text: String
        /// Header lines, each with its end.
        public let lines: String

        public init(_ status: Int, _ reason: String, _ text: String, lines: String = "") {
            self.status = status
            self.reason = reason
            self.text = text
            self.lines = lines
        }

        public static func malformed(_ problem: HTTPRequest.Problem) -> Refusal {
            switch problem {
            case .requestLine: bad("This is no HTTP request.")
            case .version: Refusal(505, "HTTP Version Not Supported", "Only HTTP/1.1 is understood here.")
            case .field: bad("A header line cannot be read.")
            case .tooManyFields:
                Refusal(431, "Request Header Fields Too Large", "There are too many header lines.")
            }
        }

        static func bad(_ text: String, lines: String = "") -> Refusal {
            Refusal(400, "Bad Request", text, lines: lines)
        }

        public static let tooLarge = Refusal(
            431, "Request Header Fields Too Large", "The head of the request is too large.")
        public static let forbidden = Refusal(403, "Forbidden", "This is not allowed from there.")
    }

    private static let upgrade = "Upgrade: websocket\r\n"
    private static let version = "Sec-WebSocket-Version: 13\r\n"
    private static let protocols = "Sec-WebSocket-Protocol: sip\r\n"

    /// The answer that makes a WebSocket of the connection.
    public static func answer(_ request: HTTPRequest, _ settings: Settings) throws(Refusal) -> [UInt8] {
        guard request.method == "GET" else {
            throw Refusal(405, "Method Not Allowed", "A handshake is a GET.", lines: "Allow: GET\r\n")
        }
        guard request.minor >= 1 else {
            throw Refusal(505, "HTTP Version Not Supported", "A handshake needs HTTP/1.1.")
        }
        guard request.single("host") != nil else { throw .bad("There has to be one Host header.") }
        guard settings.isEnabled else {
            throw Refusal(503, "Service Unavailable", "WebSockets are switched off for the moment.")
        }
        guard request.list("upgrade", has: "websocket") else {
            throw Refusal(
                426, "Upgrade Required", "Here is a WebSocket server.",
                lines: upgrade + version + protocols)
        }
        guard request.list("connection", has: "upgrade") else {
            throw .bad("Connection does not say Upgrade.", lines: version + protocols)
        }
        // 4.4: so a newer client learns what it may ask for.
        guard let asked = request.single("sec-websocket-version") else {
            throw .bad("There has to be one Sec-WebSocket-Version.", lines: version + protocols)
        }
        guard asked == "13" else {
            throw Refusal(
                426, "Upgrade Required", "Only version 13 of the protocol is spoken.",
                lines: upgrade + version + protocols)
        }
        guard let key = request.single("sec-websocket-key"), AcceptKey.isKey(key) else {
            throw .bad("Sec-WebSocket-Key has to be there once, with 16 bytes in Base64.", lines: version)
        }
        // RFC 7118, 4.1. What the client wrote is repeated, for browsers compare letter by letter.
        guard let sip = request.list("sec-websocket-protocol").first(where: { $0.lowercased() == "sip" })
        else {
            throw .bad("Sec-WebSocket-Protocol does not offer sip.", lines: version + protocols)
        }
        // Bytes behind the head would be taken for frames.
        guard request.values("transfer-encoding").isEmpty,
            request.values("content-length").allSatisfy({ $0 == "0" })
        else { throw .bad("A handshake has no body.", lines: version) }
        let head = """
            HTTP/1.1 101 Switching Protocols\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Accept: \(AcceptKey.answer(to: key))\r
            Sec-WebSocket-Protocol: \(sip)\r

            """
        return Array((head + cors(request, settings) + server(settings) + settings.lines + "\r\n").utf8)
    }

    private static func cors(_ request: HTTPRequest, _ settings: Settings) -> String {
        switch settings.cors {
        case .none: return ""
        case .any: return "Access-Control-Allow-Origin: *\r\n"
        case .origin:
            guard let origin = request.single("origin") else { return "" }
            return "Access-Control-Allow-Origin: \(origin)\r\nVary: Origin\r\n"
        }
    }

    private static func server(_ settings: Settings) -> String {
        settings.server.isEmpty ? "" : "Server: \(settings.server)\r\n"
    }

    /// The answer to what is no handshake, or one that is not welcome. The connection ends with it.
    public static func answer(_ refusal: Refusal, _ settings: Settings) -> [UInt8] {
        let body = refusal.text + "\r\n"
        let text = """
            HTTP/1.1 \(refusal.status) \(refusal.reason)\r
            \(refusal.lines)\(server(settings))Connection: close\r
            Content-Type: text/plain\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """
        return Array(text.utf8)
    }
}
