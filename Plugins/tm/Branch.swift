// SPDX-License-Identifier: Apache-2.0
import CMartlet
import TmLogic

/// The machine towards one destination.
enum ClientSide {
    /// Nothing has been sent, or nothing ever will be.
    case none
    case invite(InviteClient)
    case plain(PlainClient)

    var isOpen: Bool {
        switch self {
        case .none: false
        case .invite(let machine): machine.isOpen
        case .plain(let machine): machine.isOpen
        }
    }

    /// Something may still have to be sent for it.
    var isAlive: Bool {
        switch self {
        case .none: false
        case .invite(let machine): machine.state != .terminated
        case .plain(let machine): machine.isOpen
        }
    }

    var wakeAt: UInt64 {
        switch self {
        case .none: 0
        case .invite(let machine): machine.wakeAt
        case .plain(let machine): machine.wakeAt
        }
    }
}

/// One copy of a request on its way to one destination. It belongs to its transaction and goes with it.
struct Branch {
    struct Flags: OptionSet {
        let rawValue: UInt16
        /// Its status stands for an answer that never came.
        static let faked = Flags(rawValue: 1 << 0)
        static let timedOut = Flags(rawValue: 1 << 1)
        /// Some reply came.
        static let heardOf = Flags(rawValue: 1 << 2)
        static let cancelWanted = Flags(rawValue: 1 << 3)
        static let cancelSent = Flags(rawValue: 1 << 4)
        /// Its message is the transaction's own.
        static let sharesRequest = Flags(rawValue: 1 << 5)
        /// branch_route runs or waits, or a name is looked up.
        static let preparing = Flags(rawValue: 1 << 6)
        /// t_suspend(): stands for branches to come.
        static let blind = Flags(rawValue: 1 << 7)
        /// Its reply counts no more.
        static let dropped = Flags(rawValue: 1 << 8)
        static let sent = Flags(rawValue: 1 << 9)
        /// Another branch goes to the next place of its name.
        static let replaced = Flags(rawValue: 1 << 10)
    }

    var next: BranchPointer?
    /// Whose it is.
    var transaction: TransactionPointer?
    // Among those sent along the same connection, if it is: see Streams.
    var streamBefore: BranchPointer?
    var streamAfter: BranchPointer?
    var number: Int32 = 0
    /// The branch whose name leads here too, and that came to nothing; -1: none.
    var insteadOf: Int32 = -1
    /// Where it stands.
    let index: UInt32
    var flags: Flags = []
    var isOnStream = false
    var client = ClientSide.none
    /// The CANCEL on its way to the same place.
    var cancel = ClientSide.none
    var message: OpaquePointer?
    var cancelMessage: OpaquePointer?
    var flow = mt_flow()
    /// The last reply, or what stands for it; 0 is none yet.
    var status: Int32 = 0
    /// The final reply other than 2xx, kept until one is chosen.
    var reply: OpaquePointer?
    var routes = Routes()
    /// What its flags were when its message was let go of.
    var keptFlags = 0
    /// `t_vbflag_set()`: flags of a branch that go into no message.
    var ownFlags: UInt32 = 0
    /// How often its final reply came again.
    var copies: UInt16 = 0

    init(index: UInt32) { self.index = index }

    func has(_ flag: Flags) -> Bool { flags.contains(flag) }
    var hasFinal: Bool { status >= 200 }
    var cancelOpen: Bool { cancel.isOpen }
}
