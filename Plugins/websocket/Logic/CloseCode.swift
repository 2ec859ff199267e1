// SPDX-License-Identifier: Apache-2.0

/// Why a connection ends (RFC 6455, 7.4): the number in a Close frame.
public struct CloseCode: Equatable, Sendable {
    public let number: UInt16
    public init(number: UInt16) { self.number = number }

    public static let normal = CloseCode(number: 1000)
    /// The server stops.
    public static let goingAway = CloseCode(number: 1001)
    public static let protocolError = CloseCode(number: 1002)
    public static let badData = CloseCode(number: 1007)
    /// What is asked of the peer beside the protocol: to answer in time.
    public static let violation = CloseCode(number: 1008)
    public static let tooLarge = CloseCode(number: 1009)
    public static let internalError = CloseCode(number: 1011)

    /// Numbers that may stand in a frame: those of the RFC and of the IANA registry, without 1004 to 1006 and 1015,
    /// which stand for things that no frame says; 3000 to 3999 are registered by others, 4000 to 4999 are anybody's.
    public var mayBeSent: Bool {
        switch number {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
