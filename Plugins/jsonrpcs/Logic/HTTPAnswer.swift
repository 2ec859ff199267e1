// SPDX-License-Identifier: Apache-2.0

/// The answer to a request that came by HTTP: status, reason, and the body, of the type application/json.
///
/// JSON-RPC says nothing of HTTP. A fault has its own code as status where it is one of HTTP's, as with Kamailio;
/// what could not be understood is 400, what needs no answer 204 (RFC 9110, 15).
public struct HTTPAnswer: Equatable, Sendable {
    public static let type = "application/json"

    public let status: Int
    public let reason: String
    public let body: [UInt8]

    /// - Parameter json: nil when nobody is to be answered: the request was a notification.
    public init(_ json: JSON?, pretty: Bool) {
        guard let json else {
            (status, reason, body) = (204, "No Content", [])
            return
        }
        body = json.written(pretty: pretty)
        guard case .number(let digits)? = json["error"]?["code"] else {
            (status, reason) = (200, "OK")
            return
        }
        let code = Int(digits) ?? 500
        if code <= -32600 {
            (status, reason) = (400, "Bad Request")
            return
        }
        status = (400...599).contains(code) ? code : 500
        var words = "Error"
        // A control character would begin a line of its own.
        if case .text(let text)? = json["error"]?["message"], !text.isEmpty,
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        {
            words = text
        }
        reason = words
    }
}
