// SPDX-License-Identifier: Apache-2.0

/// What a server transaction wants done, all of it.
public struct ServerActions: OptionSet, Equatable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Send this reply.
    public static var send: ServerActions { ServerActions(rawValue: 1) }
    /// Send the last reply once more.
    public static var resend: ServerActions { ServerActions(rawValue: 2) }
    /// Nobody acknowledged the answer.
    public static var unacknowledged: ServerActions { ServerActions(rawValue: 4) }
    /// Send 100: the client would else go on asking.
    public static var trying: ServerActions { ServerActions(rawValue: 8) }
    /// It is over.
    public static var end: ServerActions { ServerActions(rawValue: 16) }
}
