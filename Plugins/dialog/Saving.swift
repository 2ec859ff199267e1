// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// The database is to know what has changed.
func save(_ dialog: DialogPointer) {
    guard Storage.writes else { return }
    dialog.pointee.marks.insert(.dirty)
    if Sharing.isOn { dialog.pointee.changed = Now.seconds }
    guard !dialog.pointee.has(.queued) else { return }
    dialog.pointee.marks.insert(.queued)
    let table = table(dialog)
    if !dialog.pointee.isGuest {
        if dialog.pointee.variables != nil, !dialog.pointee.has(.stored) {
            dialog.pointee.marks.insert(.variablesDirty)
        }
        dialog.pointee.marks.insert(.stored)
    }
    table.pointee.unsaved.add(dialog.number.number)
    Storage.wake(Int(dialog.pointee.worker))
}

func eraseRow(_ call: CallPointer, _ dialog: DialogPointer) {
    guard Storage.writes, dialog.pointee.has(.stored), !dialog.pointee.isGuest else { return }
    dialog.pointee.marks.remove([.stored, .dirty])
    let row = UInt64(dialog.pointee.entry) << 32 | UInt64(dialog.pointee.id)
    if Sharing.isOn { Storage.noteEnd(Int(dialog.pointee.worker), row) }
    Storage.erase(call, row)
}

/// $dlg_var was taken away: so is its row.
func eraseVariable(_ dialog: DialogPointer, _ name: mt_str) {
    guard Storage.writes, dialog.pointee.has(.stored), !dialog.pointee.isGuest else { return }
    var call = mt_call()
    call.host = Server.host
    call.worker = UInt32(dialog.pointee.worker)
    Storage.erase(&call, dialog, variable: name)
}
