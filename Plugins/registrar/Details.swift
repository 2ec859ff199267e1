// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// What a script may want to know of contacts that were found: `$xavp(NAME[0]=>ruid)` is of the first of
/// them.
enum Details {
    /// Beside `xavp_rcd_mask`.
    private static let names: [StaticString] = ["ruid", "contact", "received", "path", "expires"]

    static func forget(_ message: Message) {
        guard let name = recordVariable.value else { return }
        message.attributes(.xavp).remove(name)
    }

    /// Each goes in front of those before it, so the last contact goes first.
    static func add(_ contact: ul_contact, _ message: Message) {
        guard let root = recordVariable.value else { return }
        let attributes = message.attributes(.xavp)
        attributes.add(root, mt_value())
        for index in names.indices.reversed() where recordMask.value >> index & 1 == 0 {
            let name = Text(names[index])
            switch index {
            case 0: attributes.add(root, member: name, contact.ruid)
            case 1: attributes.add(root, member: name, contact.uri)
            case 2 where contact.received.len > 0: attributes.add(root, member: name, contact.received)
            case 3 where contact.path.len > 0: attributes.add(root, member: name, contact.path)
            case 4: attributes.add(root, member: name, Int(contact.expires))
            default: break
            }
        }
    }
}
