// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// Does what `Life` decided, in its order.
func perform(
    _ actions: Life.Actions, _ call: CallPointer, _ dialog: DialogPointer, _ occasion: Occasion
) {
    if actions.isEmpty { return }
    if dialog.pointee.isGuest {
        // Its owner hears of it, and does the rest.
        if !actions.isDisjoint(with: [.save, .erase]) { save(dialog) }
        return
    }
    if actions.contains(.arm) { arm(dialog) }
    if actions.contains(.save) { save(dialog) }
    if actions.contains(.erase) { eraseRow(call, dialog) }
    count(dialog)
    if actions.contains(.early) { tell(.early, call, dialog, occasion) }
    if actions.contains(.start) {
        startPings(dialog)
        tell(.start, call, dialog, occasion)
    }
    if actions.contains(.confirm) { tell(.confirmed, call, dialog, occasion) }
    if actions.contains(.fail) {
        Counts.failed.add()
        leaveProfiles(dialog)
        tell(.failed, call, dialog, occasion)
    }
    if actions.contains(.end) {
        table(dialog).pointee.pings.remove(dialog.pointee.index)
        if dialog.pointee.life.cause == .expired { Counts.expired.add() }
        leaveProfiles(dialog)
        tell(.end, call, dialog, occasion)
    }
}

/// Whoever was in the middle of something with it is done.
func unpin(_ call: CallPointer, _ dialog: DialogPointer) {
    dialog.pointee.pins -= 1
    guard dialog.pointee.pins == 0, !dialog.pointee.isGuest, dialog.pointee.life.checked().contains(.forget)
    else { return }
    release(call, dialog)
}

/// The record goes, whatever it was.
func release(_ call: CallPointer, _ dialog: DialogPointer) {
    dialog.pointee.pins += 1
    leaveProfiles(dialog)
    tell(.forgotten, call, dialog, .none)
    uncount(dialog)
    table(dialog).pointee.release(dialog)
}

/// Makes sure that it wakes in time. What wakes too early is sent to sleep again, so a lifetime that is prolonged,
/// which is what happens most, costs nothing.
func arm(_ dialog: DialogPointer) {
    let index = dialog.pointee.index
    if dialog.pointee.isGuest { return }
    let wanted = dialog.pointee.life.wakesAt(Settings.patience)
    let due = table(dialog).pointee.timers.due(index)
    if due == 0 || wanted < due { table(dialog).pointee.timers.set(index, at: wanted) }
}

/// The statistics of the group dialog.
enum Counts: Int, CaseIterable {
    case active, early, processed, expired, failed

    private static let names: [StaticString] = [
        "active_dialogs", "early_dialogs", "processed_dialogs", "expired_dialogs", "failed_dialogs",
    ]
    /// Written once, before any traffic; nil: nobody counts.
    nonisolated(unsafe) private static var numbers: UnsafeMutablePointer<UInt32>?

    static func define() {
        guard enableStats.value != 0 else { return }
        let all = UnsafeMutablePointer<UInt32>.allocate(capacity: names.count)
        for one in allCases {
            all[one.rawValue] = Statistic.define("dialog", "\(names[one.rawValue])")?.number ?? 0
        }
        numbers = all
    }

    @inline(__always) func add(_ count: Int64 = 1) {
        guard let numbers = Self.numbers else { return }
        _ = Server.statistic.pointee.add(numbers[rawValue], count)
    }
}

/// Of those that are there now: each counts once, as what it is.
private func count(_ dialog: DialogPointer) {
    let life = dialog.pointee.life
    set(dialog, .countedEarly, life.state == .early, .early)
    set(dialog, .countedActive, life.isCall, .active)
}

func countLoaded(_ dialog: DialogPointer) { count(dialog) }

func uncount(_ dialog: DialogPointer) {
    set(dialog, .countedEarly, false, .early)
    set(dialog, .countedActive, false, .active)
}

private func set(_ dialog: DialogPointer, _ mark: Dialog.Marks, _ isSo: Bool, _ counter: Counts) {
    guard dialog.pointee.has(mark) != isSo else { return }
    if isSo { dialog.pointee.marks.insert(mark) } else { dialog.pointee.marks.remove(mark) }
    counter.add(isSo ? 1 : -1)
}
