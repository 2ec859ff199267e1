// SPDX-License-Identifier: Apache-2.0

/// Where commands are listened for: the value of `binrpc` or `fifo`.
public struct ListenAddress: Equatable, Sendable {
    public enum Kind: Equatable, Sendable { case unixStream, unixDatagram, tcp, udp, fifo }

    public static let defaultPort: UInt16 = 2049

    public var kind: Kind
    /// A path, or a host.
    public var place: String
    public var port: UInt16

    public init(kind: Kind, place: String, port: UInt16 = 0) {
        self.kind = kind
        self.place = place
        self.port = port
    }

    /// `unix:PATH`, `unixs:PATH`, `unixd:PATH`, `tcp:HOST[:PORT]`, `udp:HOST[:PORT]`, or a bare path.
    /// A relative path is below the run folder. Nil when it is none of these.
    public static func parse(_ text: String, fifo: Bool, runFolder: String) -> ListenAddress? {
        let (word, rest) = split(text)
        switch word {
        case "unix", "unixs": return path(fifo ? .fifo : .unixStream, rest, runFolder)
        case "unixd": return path(.unixDatagram, rest, runFolder)
        case "fifo": return path(.fifo, rest, runFolder)
        case "tcp": return host(.tcp, rest)
        case "udp": return host(.udp, rest)
        case nil: return path(fifo ? .fifo : .unixStream, text, runFolder)
        default: return nil
        }
    }

    /// The word that `ctl.listen` has for it.
    public var word: String {
        switch kind {
        case .unixStream: "unix_stream"
        case .unixDatagram: "unix_dgram"
        case .tcp: "tcp"
        case .udp: "udp"
        case .fifo: "fifo"
        }
    }

    private static func split(_ text: String) -> (word: String?, rest: String) {
        guard let colon = text.firstIndex(of: ":") else { return (nil, text) }
        let word = text[..<colon]
        guard !word.isEmpty, !word.contains("/") else { return (nil, text) }
        var rest = text[text.index(after: colon)...]
        if rest.hasPrefix("//") { rest = rest.dropFirst(2) }
        return (String(word), String(rest))
    }

    private static func path(_ kind: Kind, _ path: String, _ runFolder: String) -> ListenAddress? {
        guard !path.isEmpty, !path.utf8.contains(0) else { return nil }
        return ListenAddress(kind: kind, place: path.hasPrefix("/") ? path : "\(runFolder)/\(path)")
    }

    private static func host(_ kind: Kind, _ text: String) -> ListenAddress? {
        var host = text[...]
        var port: UInt16 = defaultPort
        let bracket = text.lastIndex(of: "]")
        if let colon = text.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true,
            bracket != nil || text.firstIndex(of: ":") == colon
        {
            guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else { return nil }
            port = number
            host = text[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        if host == "*" { host = "0.0.0.0" }
        guard !host.isEmpty else { return nil }
        return ListenAddress(kind: kind, place: String(host), port: port)
    }
}
