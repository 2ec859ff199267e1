// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import UsrlocLogic

extension Domain {
    /// Shows somebody the living contacts of one part. They are copied first: nothing is locked meanwhile.
    func visit(
        part: Int, _ call: UnsafeMutablePointer<mt_call>, _ each: mt_fn, _ user: UnsafeMutableRawPointer?
    ) {
        guard part < table.shardCount else { return }
        let now = Domain.now
        var kept: [KeptContact] = []
        table.visit(shard: part) { contact, _ in
            if contact.lives(at: now) { kept.append(KeptContact(contact)) }
        }
        var inner = call.pointee
        inner.user = user
        for one in kept {
            var contact = one.contact
            withUnsafePointer(to: &contact) {
                inner.data = UnsafeRawPointer($0)
                _ = each(&inner)
            }
            one.free()
        }
    }
}
