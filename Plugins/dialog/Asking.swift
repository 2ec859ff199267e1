// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Asks the database several things at once, and lives until the last of them is answered. Answers come to the worker
/// that asked, after `ask` has returned.
class Asking {
    /// Questions without an answer.
    private(set) final var asked = 0

    /// False: it cannot be asked.
    /// - Parameter body: gets what goes along with the question, as its `user`.
    @discardableResult
    final func ask(_ body: (_ user: UnsafeMutableRawPointer) -> Bool) -> Bool {
        let held = Unmanaged.passRetained(self)
        asked += 1
        if body(held.toOpaque()) { return true }
        held.release()
        asked -= 1
        return false
    }

    /// Whose question has been answered; nil: nobody's.
    final class func answered(_ call: CallPointer?) -> Self? {
        guard let user = call?.pointee.user else { return nil }
        let asking = Unmanaged<Self>.fromOpaque(user).takeRetainedValue()
        asking.asked -= 1
        return asking
    }
}
