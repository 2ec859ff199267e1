// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// One stream, in some 200 bytes: buffers exist only while a message is there in part, or waits for a slow
/// reader.
struct Connection {
    enum State: UInt8 {
        case free, connecting, open
        /// The peer has finished sending and may still be answered.
        case halfClosed
        /// We have finished sending; what still arrives is thrown away, so that it does not reset our last
        /// words.
        case lingering
    }
    enum End: UInt8 {
        case none
        /// Once all that is queued has left.
        case whenSent
        case now
    }

    var descriptor: Int32 = -1
    var state = State.free
    var end = End.none
    /// Already on the list of those that end with the turn.
    var isDoomed = false
    /// Has the handler been told that it is open?
    var isKnown = false
    /// Has the handler been told that it is closed?
    var isToldClosed = false
    /// It began as a connection of another transport, and has become a WebSocket.
    var isUpgraded = false
    /// Nothing goes to its wire but what filters make, also when they are gone.
    var isFiltered = false
    /// We opened it.
    var isOutgoing = false
    /// The kernel says when its bytes came.
    var isStamped = false
    /// What it brought last was a reply.
    var bringsReplies = false
    /// What epoll watches for.
    var interest: UInt32 = 0
    var flow = mt_flow()
    var framer = Framer()
    /// Bytes that have arrived and are no whole message yet.
    var input: UnsafeMutablePointer<UInt8>?
    var inputCount: UInt32 = 0
    var inputRoom: UInt32 = 0
    /// Bytes that wait for the peer to read, from `outputStart` on.
    var output: UnsafeMutablePointer<UInt8>?
    var outputStart: UInt32 = 0
    var outputCount: UInt32 = 0
    var outputRoom: UInt32 = 0
    /// Milliseconds of the worker's clock.
    var lastUsed: UInt64 = 0
    /// Since when its socket has been more than half full, in nanoseconds of that clock, 0: it is not; only while
    /// somebody asks how far behind we are.
    var fillingSince: UInt64 = 0
    /// Not idle before that, whatever is sent; on the same clock.
    var heldUntil: UInt64 = 0
    /// Ends it when idle.
    var idleTimer: UInt64 = 0
    /// Ends a connect, a send or a linger that takes too long.
    var deadline: UInt64 = 0
    /// The filters between the wire and the framer, when its transport has any: `tls`, `ws`. What comes off
    /// the wire goes to them in `arrived`, what they make of it to `take`; the other way round `write` and
    /// `wire`.
    var filters: FilterChain.Pointer?
    /// Another port of its peer that leads here; 0: none.
    var aliasPort: UInt16 = 0
    /// What `destinations` knows it by, besides its address: the domain that it was opened for.
    var name = DomainHash.none
    /// Of the free ones.
    var next: UInt32 = .max
}
