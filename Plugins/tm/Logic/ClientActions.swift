// SPDX-License-Identifier: Apache-2.0

/// What a client transaction wants done, all of it.
public struct ClientActions: OptionSet, Equatable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Send the request once more.
    public static var resend: ClientActions { ClientActions(rawValue: 1) }
    /// Send the ACK for a final answer other than 2xx.
    public static var acknowledge: ClientActions { ClientActions(rawValue: 2) }
    /// Hand the reply on to whoever made the request.
    public static var deliver: ClientActions { ClientActions(rawValue: 4) }
    /// Tell whoever made the request that no final answer came.
    public static var timeOut: ClientActions { ClientActions(rawValue: 8) }
    /// Send a CANCEL: it may still ring there.
    public static var cancel: ClientActions { ClientActions(rawValue: 16) }
    /// It is over: nothing is expected any more.
    public static var end: ClientActions { ClientActions(rawValue: 32) }
}
