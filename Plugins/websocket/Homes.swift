// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import WebsocketLogic

/// What one worker has: its connections, and memory that they use one after the other.
struct Home {
    /// Those whose handshake is done, by their numbers.
    var links: [UInt64: Unmanaged<Link>] = [:]
    /// Where messages are unmasked, until they have been handed over.
    let arriving = UnsafeMutableRawBufferPointer.allocate(byteCount: Home.room, alignment: 16)
    /// Where frames are put together.
    let leaving = UnsafeMutableRawBufferPointer.allocate(byteCount: Home.room, alignment: 16)
    /// The handshake that a script looks at just now.
    var asking: Asking?
    /// What the handshake asked for of a connection that becomes a WebSocket just now: it has shaken hands already.
    var upgrading: String?

    static let room = 65_536

    typealias Pointer = UnsafeMutablePointer<Home>
}

/// What a script has said of a handshake.
struct Asking {
    var refusal: Handshake.Refusal?
}

/// Set before traffic; each is used by its worker alone.
enum Homes {
    nonisolated(unsafe) private static var first: Home.Pointer?

    /// [main]
    static func prepare() {
        let place = Home.Pointer.allocate(capacity: Host.workers)
        for worker in 0..<Host.workers { (place + worker).initialize(to: Home()) }
        first = place
    }

    static func of(_ worker: Int) -> Home.Pointer { first.unsafelyUnwrapped + worker }
}
