// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// What dialog knows of one message, in that message's memory; the message's word leads to it.
///
/// Of an INVITE that has no dialog yet it holds what the script said about the one to come.
struct MessageState {
    /// The number of the dialog at hand; 0 none.
    var dialog: UInt64 = 0
    var direction: UInt8 = 0
    /// The INVITE that makes it.
    var isInitial = false
    /// dialog.created is to come when the script has ended.
    var owesCreated = false
    /// The dialog is a guest, which stays at least as long as the message.
    var holdsGuest = false
    var properties: Properties = []
    var route: UInt32 = 0
    var flags: UInt32 = 0
    /// $dlg_ctx(timeout): a number that is only kept.
    var timeout = 0
    var variables: UnsafeMutablePointer<Pending>?
    var profiles: UnsafeMutablePointer<Pending>?
    /// A dialog of another worker, as it was when dlg_get() found it.
    var elsewhere: UnsafeMutablePointer<Elsewhere>?

    /// $dlg_var and set_dlg_profile() before there is a dialog.
    struct Pending {
        var next: UnsafeMutablePointer<Pending>?
        var name: mt_str
        /// Absent: it was taken away.
        var text: mt_str
        var number: Int32
    }

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

    /// In the message's memory, in front of what is there; one of that name is replaced when `replaces`.
    static func add(
        _ list: WritableKeyPath<MessageState, UnsafeMutablePointer<Pending>?>, _ message: Message,
        _ name: mt_str, _ text: mt_str, number: Int32 = 0, replaces: Bool
    ) {
        let state = make(message.raw)
        var one = state.pointee[keyPath: list]
        while replaces, let here = one {
            if isSame(here.pointee.name, name) {
                here.pointee.text = message.keep(text).raw
                return
            }
            one = here.pointee.next
        }
        guard let memory = message.allocate(MemoryLayout<Pending>.stride).baseAddress else { return }
        let new = memory.bindMemory(to: Pending.self, capacity: 1)
        new.initialize(
            to: Pending(
                next: state.pointee[keyPath: list], name: message.keep(name).raw,
                text: message.keep(text).raw,
                number: number))
        state.pointee[keyPath: list] = new
    }
}

/// The dialog at hand for a message: its own, or that of its transaction.
func dialog(of message: OpaquePointer?, on worker: Int) -> DialogPointer? {
    guard let message else { return nil }
    if let state = MessageState.find(message), state.pointee.dialog != 0 {
        return find(state.pointee.dialog)
    }
    guard tables[worker].transactions.count > 0,
        let entry = tables[worker].transactions.find(tm.table.pointee.find(message))
    else { return nil }
    let state = MessageState.make(message)
    state.pointee.dialog = entry.dialog
    state.pointee.direction = entry.direction
    return find(entry.dialog)
}

func dialog(_ call: CallPointer) -> DialogPointer? {
    dialog(of: call.pointee.msg, on: Int(call.pointee.worker))
}

/// Which way its request goes, with the numbers of dialog.h.
func direction(_ message: OpaquePointer) -> UInt8 { MessageState.find(message)?.pointee.direction ?? 0 }
