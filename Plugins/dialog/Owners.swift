// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Those plugins that keep a word per dialog, and may own its lifetime. Entered on the main thread before traffic.
enum Owners {
    static let most = 16
    nonisolated(unsafe) private static var names: [String] = []
    nonisolated(unsafe) private static var reasons: [mt_str] = []

    static var count: Int { names.count }

    /// Counted from 1; 0: too many.
    static func add(_ name: mt_str) -> UInt32 {
        let name = String(Text(unchecked: name))
        if let known = names.firstIndex(of: name) { return UInt32(known + 1) }
        guard names.count < most, !name.isEmpty else { return 0 }
        names.append(name)
        // It stays as long as the process.
        let text = Array("\(name): lifetime over".utf8)
        let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
        for (index, byte) in text.enumerated() { bytes[index] = CChar(bitPattern: byte) }
        reasons.append(mt_str(ptr: UnsafePointer(bytes), len: text.count))
        return UInt32(names.count)
    }

    static func isKnown(_ owner: UInt32) -> Bool { owner > 0 && Int(owner) <= names.count }
    static func name(_ owner: Int) -> String { owner > 0 && owner <= names.count ? names[owner - 1] : "" }
    static func number(_ name: String) -> Int? { names.firstIndex(of: name).map { $0 + 1 } }

    static func reason(_ owner: UInt8) -> mt_str {
        isKnown(UInt32(owner)) ? reasons[Int(owner) - 1] : mt_str("Dialog lifetime over")
    }
}

// MARK: - variables

/// $dlg_var(name); absent: there is none.
func variable(_ dialog: DialogPointer, _ name: mt_str) -> mt_str {
    var one = dialog.pointee.variables
    while let here = one {
        if isSame(here.name, name) { return here.text }
        one = here.pointee.next
    }
    return mt_str()
}

/// An absent text takes it away. False: it is too long.
@discardableResult
func setVariable(_ dialog: DialogPointer, _ name: mt_str, _ text: mt_str) -> Bool {
    let table = table(dialog)
    var new: UnsafeMutablePointer<NamedText>?
    if text.ptr != nil {
        new = NamedText.make(&table.pointee.pool, name, text)
        guard new != nil else { return false }
    }
    var before: UnsafeMutablePointer<NamedText>?
    var one = dialog.pointee.variables
    while let here = one {
        if isSame(here.name, name) {
            let next = here.pointee.next
            if let before { before.pointee.next = next } else { dialog.pointee.variables = next }
            if new == nil { eraseVariable(dialog, name) }
            here.free(&table.pointee.pool)
            break
        }
        before = here
        one = here.pointee.next
    }
    if let new {
        new.pointee.next = dialog.pointee.variables
        dialog.pointee.variables = new
    }
    if dialog.pointee.life.hasRow {
        dialog.pointee.marks.insert(.variablesDirty)
        save(dialog)
    }
    return true
}
