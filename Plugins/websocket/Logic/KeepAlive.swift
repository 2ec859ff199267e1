// SPDX-License-Identifier: Apache-2.0

/// Is the peer still there, and does the way to it stay open? Times are milliseconds of one clock.
///
/// Whoever was heard of is alive. Whoever was not for as long as the time-out is asked, with a ping; with no word from him
/// until the time has passed once more, he is gone.
public struct KeepAlive: Sendable {
    public enum Mechanism: Int, Sendable {
        case none = 0
        /// Ping: the peer has to answer.
        case ping = 1
        /// Pong that nobody asked for: keeps the way open, and is not answered (RFC 6455, 5.5.3).
        case pong = 2
        /// A message that is an empty line, for what lies between that sees nothing but messages (RFC 5626, 4.4.1).
        case blank = 3
    }
    public enum Action: Equatable, Sendable {
        case nothing
        case send(Mechanism)
        case giveUp
    }

    /// When something came, or when a keep-alive was sent.
    public private(set) var lastUsed: UInt64
    public private(set) var isAwaitingPong = false

    public init(at now: UInt64) { lastUsed = now }

    public mutating func heard(at now: UInt64) {
        lastUsed = now
        isAwaitingPong = false
    }

    /// - Parameter timeout: milliseconds; 0 is never.
    public mutating func look(at now: UInt64, _ mechanism: Mechanism, timeout: UInt64) -> Action {
        guard mechanism != .none, timeout > 0, now >= lastUsed + timeout else { return .nothing }
        if isAwaitingPong, mechanism == .ping { return .giveUp }
        lastUsed = now
        isAwaitingPong = mechanism == .ping
        return .send(mechanism)
    }
}
