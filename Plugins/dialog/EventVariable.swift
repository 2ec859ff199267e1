// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// `xavp_cfg`: while an event of a call is told, `$xavp(NAME=>field)` is what is known of that call, by the names that
/// `$dlg(field)` has. A snapshot: it stays what it was when the script changes the call.
enum EventVariable {
    private static let texts: [(StaticString, Texts.Part)] = [
        ("callid", .callID), ("from_uri", .fromURI), ("from_tag", .fromTag), ("to_uri", .toURI),
        ("to_tag", .toTag), ("req_uri", .requestURI), ("from_contact", .callerContact),
        ("to_contact", .calleeContact), ("end_reason", .reason),
    ]

    static func isFilled(at step: Step) -> Bool {
        switch step {
        case .start, .confirmed, .end, .failed, .expiring, .expired: true
        default: false
        }
    }

    static func fill(_ message: OpaquePointer, _ dialog: DialogPointer) {
        guard let root = xavpName.value else { return }
        let attributes = Message(message).attributes(.xavp)
        attributes.remove(root)
        attributes.add(root, mt_value())
        for (name, part) in texts where dialog.text(part).len > 0 {
            attributes.add(root, member: Text(name), dialog.text(part))
        }
        let life = dialog.pointee.life
        let numbers: [(StaticString, UInt32)] = [
            ("h_entry", dialog.pointee.entry), ("h_id", dialog.pointee.id),
            ("state", UInt32(life.state.rawValue)), ("start_ts", life.started), ("lifetime", life.lifetime),
            ("sflags", dialog.pointee.flags),
        ]
        for (name, number) in numbers { attributes.add(root, member: Text(name), Int(number)) }
    }
}
