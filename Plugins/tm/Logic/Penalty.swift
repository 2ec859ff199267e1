// SPDX-License-Identifier: Apache-2.0

/// For how long a place that answered 503 gets nothing more: what it says in Retry-After, within limits.
///
/// All in seconds.
public struct Penalty: Equatable, Sendable {
    /// When it says nothing; 0: then it gets on.
    public var otherwise: Int
    public var least: Int
    public var most: Int

    public init(otherwise: Int, least: Int, most: Int) {
        self.otherwise = otherwise
        self.least = least
        self.most = most
    }

    /// 0: it is not left out.
    public func time(asked: Int?) -> Int {
        let wanted = asked ?? otherwise
        guard wanted > 0 || asked != nil && least > 0 else { return 0 }
        return min(max(wanted, least), max(most, 0))
    }
}

/// The bits that `blst_methods_add` and `blst_methods_lookup` are made of.
public enum MethodBits {
    /// - Parameter method: the server's number of it, `MT_INVITE` and its like.
    public static func bit(_ method: Int) -> Int {
        switch method {
        case 1: 1  // INVITE
        case 4: 2  // CANCEL
        case 2: 4  // ACK
        case 3: 8  // BYE
        case 12: 16  // INFO
        case 6: 32  // REGISTER
        case 9: 64  // SUBSCRIBE
        case 10: 128  // NOTIFY
        default: 256
        }
    }
}
