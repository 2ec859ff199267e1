// SPDX-License-Identifier: Apache-2.0

/// For how long after a reply to an INVITE its ACK is waited for.
///
/// One value per worker, and no lock: an ACK has the Call-ID of its INVITE, so the server hands it to the
/// same worker. While the window is shut, an ACK costs one comparison.
public struct AckWindow {
    /// RFC 3261, 17.2.1, timer H: 64 * T1. Kamailio waits for 2 s, and slow networks then show their ACKs to
    /// the script.
    public static let length: UInt64 = 32_000_000_000

    private var end: UInt64 = 0

    public init() {}

    /// A reply left.
    public mutating func open(at now: UInt64) { end = now &+ Self.length }
    public func isOpen(at now: UInt64) -> Bool { now < end }
    /// Was it ever opened? Saves asking for the time.
    public var wasOpened: Bool { end != 0 }
}
