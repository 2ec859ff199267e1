// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// A dialog that another server has taken over, thinking that its owner was no more. What the owner did before it heard
/// of that is not lost: it has been thought of by nobody else.
enum Parting {
    /// It goes without a word: whatever there is to be told of it is told there. What it has been through lately is
    /// noted for the new owner.
    static func leave(_ dialog: DialogPointer, to server: Int, since: Int) {
        Host.log(
            .notice, "server \(server) has taken over the call \(Text(unchecked: dialog.text(.callID)))")
        leaveProfiles(dialog)
        uncount(dialog)
        table(dialog).pointee.pings.remove(dialog.pointee.index)
        dialog.pointee.marks.remove([.dirty, .variablesDirty])
        Guests.enter(dialog, of: server)
        guard dialog.pointee.life.isOver || isChanged(dialog, since) else { return }
        dialog.pointee.marks.formUnion([.parting, .variablesDirty])
        save(dialog)
    }

    /// The heir may not have read what was written by then. The claim comes after the reading, by far less than the time
    /// that it takes to be thought dead.
    private static func isChanged(_ dialog: DialogPointer, _ since: Int) -> Bool {
        dialog.pointee.changed != 0 && (Int(dialog.pointee.changed) + 1) * 1000 >= since - shareTimeout.value
    }

    /// Whose a dialog is that has our number in its row: before the new owner has read what we noted for him, that may
    /// be there once more.
    static func owner(_ notes: [Note]) -> Int {
        for note in notes {
            if note.kind == .claimed, note.owner == Sharing.own { return note.writer }
            if note.data.isParting, note.writer == Sharing.own { return note.owner }
        }
        return Sharing.own
    }

    /// False: requests that came here are newer.
    static func isWorthAdopting(_ data: SavedData, _ dialog: DialogPointer) -> Bool {
        typealias Name = SavedData.Name
        return !dialog.pointee.life.isOver
            && data.numbers[Name.callerSequence] ?? 0 >= Int(dialog.pointee.callerSequence)
            && data.numbers[Name.calleeSequence] ?? 0 >= Int(dialog.pointee.calleeSequence)
    }

    /// The one before may have written over our rows.
    static func mend(_ call: CallPointer, _ dialog: DialogPointer) {
        if dialog.pointee.life.isOver {
            Storage.erase(call, UInt64(dialog.pointee.entry) << 32 | UInt64(dialog.pointee.id))
        } else {
            dialog.pointee.marks.insert(.variablesDirty)
            save(dialog)
        }
    }
}
