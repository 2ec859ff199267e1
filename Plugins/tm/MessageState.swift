// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// What tm knows of one message, in that message's memory; the message's word leads to it.
///
/// Of a request that has no transaction yet it holds what the script said about the one to come.
struct MessageState {
    var handle = Handle.none
    /// Of a reply, and of a branch's request; -1 none.
    var branch: Int32 = -1
    var routes = Routes()
    // 0: the parameter counts.
    var answer: UInt32 = 0
    var ringing: UInt32 = 0
    var t1: UInt32 = 0
    var t2: UInt32 = 0
    var inviteLife: UInt32 = 0
    var plainLife: UInt32 = 0
    var flags: Transaction.Flags = []
    var hasTryingChoice = false
    /// What the Request-URI and the next hop were when they were last taken for a branch.
    var destination: UInt64 = 0
    /// t_next_contacts() made one of those put aside the Request-URI.
    var hasContact = false

    static func find(_ message: OpaquePointer) -> UnsafeMutablePointer<MessageState>? {
        UnsafeMutablePointer(
            bitPattern: UInt(Server.message.pointee.slot(message, Server.host).unsafelyUnwrapped.pointee))
    }

    static func make(_ message: OpaquePointer) -> UnsafeMutablePointer<MessageState> {
        let word = Server.message.pointee.slot(message, Server.host).unsafelyUnwrapped
        if let state = UnsafeMutablePointer<MessageState>(bitPattern: UInt(word.pointee)) { return state }
        let memory = Server.message.pointee.alloc(message, MemoryLayout<MessageState>.stride)
            .unsafelyUnwrapped
        let state = memory.bindMemory(to: MessageState.self, capacity: 1)
        state.initialize(to: MessageState())
        word.pointee = UInt64(UInt(bitPattern: state))
        return state
    }
}

/// The transaction of this message, while it lives.
func transaction(_ message: OpaquePointer?) -> TransactionPointer? {
    guard let message, let state = MessageState.find(message) else { return nil }
    return transaction(state.pointee.handle)
}

func transaction(_ handle: Handle) -> TransactionPointer? {
    guard handle != .none, Int(handle.worker) < max(Host.workers, 1) else { return nil }
    return tables[Int(handle.worker)].find(handle)
}

func branch(_ message: OpaquePointer?) -> BranchPointer? {
    guard let message, let state = MessageState.find(message), state.pointee.branch >= 0 else { return nil }
    return transaction(state.pointee.handle)?.branch(Int(state.pointee.branch))
}
