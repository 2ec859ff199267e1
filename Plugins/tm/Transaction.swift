// SPDX-License-Identifier: Apache-2.0
import CMartlet
import TmLogic

typealias TransactionPointer = UnsafeMutablePointer<Transaction>
typealias BranchPointer = UnsafeMutablePointer<Branch>
typealias CallPointer = UnsafeMutablePointer<mt_call>

/// The machine of the client's side.
enum ServerSide {
    case none
    case invite(InviteServer)
    case plain(PlainServer)
}

/// A request that was received or made here, its branches, and what is to become of it.
///
/// It stands in a table of its worker, at one place as long as it lives, and is plain memory: no reference is counted,
/// and its pointers are good until `Table.release`. Who wants to come back to it keeps its handle.
struct Transaction {
    struct Flags: OptionSet {
        let rawValue: UInt32
        static let local = Flags(rawValue: 1 << 0)
        static let reliable = Flags(rawValue: 1 << 1)
        /// The client has cancelled.
        static let cancelled = Flags(rawValue: 1 << 2)
        /// The script has relayed it, answered it, put it aside or given it up: somebody will end it.
        static let cared = Flags(rawValue: 1 << 3)
        /// t_suspend(): nothing is decided until t_continue().
        static let suspended = Flags(rawValue: 1 << 5)
        /// In the table of requests.
        static let listed = Flags(rawValue: 1 << 6)
        /// Its messages are gone; it is only there for copies that come late.
        static let faded = Flags(rawValue: 1 << 7)
        static let noSixxBlock = Flags(rawValue: 1 << 8)
        static let noInternalReply = Flags(rawValue: 1 << 9)
        static let noCancelReason = Flags(rawValue: 1 << 10)
        static let noTrying = Flags(rawValue: 1 << 11)
        /// Replies are absorbed: t_replicate().
        static let silent = Flags(rawValue: 1 << 12)
        /// Somebody wants the request until the end.
        static let held = Flags(rawValue: 1 << 13)
        /// Its 2xx was made here, and its ACK is waited for.
        static let awaitsACK = Flags(rawValue: 1 << 14)
        /// Nothing could be sent; the answer goes out when the script ends, unless it answers itself.
        static let owesError = Flags(rawValue: 1 << 15)
        static let expired = Flags(rawValue: 1 << 16)
        static let noACK = Flags(rawValue: 1 << 17)
        static let early = Flags(rawValue: 1 << 18)
        static let over = Flags(rawValue: 1 << 19)
        /// Its 2xx belongs to a dialog that there was before.
        static let inDialog = Flags(rawValue: 1 << 20)
        /// Nowhere else than to the first place that a name leads to.
        static let noFailover = Flags(rawValue: 1 << 21)
        /// The script sends the ACK to its 2xx, some time: t_uac_ack_local().
        static let scriptACK = Flags(rawValue: 1 << 22)
    }

    // Where it stands.
    var index: UInt32
    var generation: UInt32 = 0
    /// In its list of the table of requests, or of those that are free; 0 is none.
    var next: UInt32 = 0
    var worker: UInt32 = 0
    var key: UInt64 = 0

    var flags: Flags = []
    var method: UInt8 = 0
    var server = ServerSide.none
    /// Kept. nil: let go of.
    var request: OpaquePointer?
    var flow = mt_flow()
    /// What its flags were when it was let go of, and its attributes.
    var keptFlags = 0
    var keptAttributes: UnsafeMutableRawPointer?
    /// Replies go where their Via says: it has a maddr.
    var followsVia = false
    /// Those who are in the middle of something with it.
    var pins: Int32 = 0
    /// Routes for what failed that run, or wait.
    var failing: Int32 = 0

    // Time, in milliseconds of the loop's clock.
    var times = Times()
    var created: UInt64 = 0
    var lifeEnd: UInt64 = 0
    var lingerEnd: UInt64 = 0
    /// t_suspend(): until then.
    var suspendedUntil: UInt64 = 0
    /// A reply that was put aside in an onreply_route, and its branch.
    var heldReply: OpaquePointer?
    var heldBranch: Int32 = -1
    /// What t_uac_ack_local() has sent, for copies of the 2xx.
    var ack: OpaquePointer?
    var timer: UInt64 = 0
    var armedFor: UInt64 = 0

    // Its branches.
    var first: BranchPointer?
    var last: BranchPointer?
    var branchCount: Int32 = 0
    /// The first branch of the leg that runs.
    var leg: Int32 = 0
    /// Of the branch whose reply was chosen; -1 none.
    var picked: Int32 = -1
    /// What was set for the branches to come.
    var routes = Routes()
    /// t_drop_replies(): which replies of earlier legs count no more.
    var dropMode: UInt8 = 0

    // What the client got.
    var lastStatus: Int32 = 0
    var lastReply = Block()

    // Who sent it, when it was made here.
    var done: mt_fn?
    var doneUser: UnsafeMutableRawPointer?
    var doneHost: UnsafePointer<mt_host>?

    init(index: UInt32) { self.index = index }

    var handle: Handle { Handle(worker: worker, index: index, generation: generation) }
    var isInvite: Bool { method == UInt8(MT_INVITE) }
    var isFailing: Bool { failing > 0 }
    func has(_ flag: Flags) -> Bool { flags.contains(flag) }

    /// No final reply has been sent. A local request has nobody to answer until its owner was told.
    var isUnanswered: Bool {
        switch server {
        case .invite(let machine): machine.isOpen
        case .plain(let machine): machine.isOpen
        case .none: !has(.over)
        }
    }
}

/// The blocks that a script armed with t_on_*; 0 is none.
struct Routes: Equatable {
    var failure: UInt32 = 0
    var reply: UInt32 = 0
    var branch: UInt32 = 0
    var branchFailure: UInt32 = 0
}
