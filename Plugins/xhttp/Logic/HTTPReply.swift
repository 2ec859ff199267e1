// SPDX-License-Identifier: Apache-2.0

/// An answer of HTTP/1.1 (RFC 9112, 4), and whether the connection goes on behind it.
public struct HTTPReply: Sendable {
    public var status: Int
    public var reason: String
    /// Empty: none is said.
    public var type = ""
    /// Whole header lines, each with its end.
    public var lines = ""
    public var server = ""
    public var closes = false
    /// To a HEAD: the head of what a GET would get.
    public var hasBody = true

    public init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    public func bytes(_ body: some Collection<UInt8>) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(reason)\r\n"
        if !server.isEmpty { head += "Server: \(server)\r\n" }
        head += lines
        if !type.isEmpty { head += "Content-Type: \(type)\r\n" }
        // RFC 9110, 8.6: neither of them has a length.
        if status >= 200, status != 204 { head += "Content-Length: \(body.count)\r\n" }
        if closes { head += "Connection: close\r\n" }
        return Array((head + "\r\n").utf8) + (hasBody ? Array(body) : [])
    }

    /// Does the connection end behind the answer? RFC 9112, 9.3.
    ///
    /// - Parameters:
    ///   - version: "HTTP/1.1"
    ///   - connection: the values of Connection, between commas.
    public static func closes(version: String, connection: String) -> Bool {
        let words = connection.split(separator: ",").map { word in
            word.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
        if words.contains("close") { return true }
        return version == "HTTP/1.0" && !words.contains("keep-alive")
    }

    /// May it stand in a start line or a header line? No control character may: whoever chooses the text would add
    /// lines of his own.
    public static func isLine(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 9 }
    }
}
