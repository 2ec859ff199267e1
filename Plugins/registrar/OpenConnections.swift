// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization

/// Which connections there are, for a `lookup()` that leaves out who can no longer be reached by his.
enum OpenConnections {
    private static let numbers = Mutex<Set<UInt64>>([])

    static func opened(_ call: borrowing Call) -> Outcome {
        guard let flow = call.data(as: mt_flow.self) else { return .yes }
        let number = flow.pointee.connection
        numbers.withLock { _ = $0.insert(number) }
        return .yes
    }

    static func closed(_ call: borrowing Call) -> Outcome {
        guard let flow = call.data(as: mt_flow.self) else { return .yes }
        let number = flow.pointee.connection
        numbers.withLock { _ = $0.remove(number) }
        return .yes
    }

    static func has(_ number: UInt64) -> Bool { numbers.withLock { $0.contains(number) } }
}
