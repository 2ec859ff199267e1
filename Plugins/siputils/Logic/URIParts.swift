// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Where the parts of a SIP URI stand in its text, so that a part can be exchanged and the rest kept byte for
/// byte.
///
/// "@" stands in a URI once at most, and ";" and "?" may stand before it, in the user.
public struct URIParts: Equatable, Sendable {
    /// Behind the colon of the scheme.
    public let start: Int
    /// User and password, if there is an "@" behind them.
    public let user: Range<Int>?
    public let host: Range<Int>
    /// Without the colon.
    public let port: Range<Int>?
    /// Without the first semicolon; empty when there are none.
    public let params: Range<Int>
    /// Where "?" stands, or the end.
    public let headers: Int

    public init?(_ uri: Text) {
        guard let colon = uri.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
        start = colon + 1
        let at = uri.firstIndex(of: UInt8(ascii: "@"))
        if let at, at < start { return nil }
        user = at.map { colon + 1..<$0 }
        let hostStart = at.map { $0 + 1 } ?? start

        var end = hostStart
        var inBrackets = false
        while end < uri.count {
            let byte = uri[end]
            if byte == UInt8(ascii: "[") { inBrackets = true }
            if byte == UInt8(ascii: "]") { inBrackets = false }
            if byte == UInt8(ascii: ";") || byte == UInt8(ascii: "?") { break }
            if byte == UInt8(ascii: ":"), !inBrackets { break }
            end += 1
        }
        host = hostStart..<end
        if end < uri.count, uri[end] == UInt8(ascii: ":") {
            let portStart = end + 1
            end = portStart
            while end < uri.count, uri[end] != UInt8(ascii: ";"), uri[end] != UInt8(ascii: "?") { end += 1 }
            port = portStart..<end
        } else {
            port = nil
        }
        var headers = end
        while headers < uri.count, uri[headers] != UInt8(ascii: "?") { headers += 1 }
        self.headers = headers
        params = end < headers ? end + 1..<headers : headers..<headers
    }

    /// Where the parameter of that name stands, with its semicolon; nil when there is none.
    public func param(_ name: Text, in uri: Text) -> Range<Int>? {
        var from = params.lowerBound
        while from < params.upperBound {
            var end = from
            while end < params.upperBound, uri[end] != UInt8(ascii: ";") { end += 1 }
            let param = uri[from..<end]
            let nameEnd = param.firstIndex(of: UInt8(ascii: "=")) ?? param.count
            if param.prefix(nameEnd).trimmed.equalsIgnoringCase(name) { return from - 1..<end }
            from = end + 1
        }
        return nil
    }

    /// The value of a parameter that `param` found; nil when it has none.
    public static func value(of param: Range<Int>, in uri: Text) -> Range<Int>? {
        guard let equals = uri[param].firstIndex(of: UInt8(ascii: "=")) else { return nil }
        return param.lowerBound + equals + 1..<param.upperBound
    }
}
