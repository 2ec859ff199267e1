// SPDX-License-Identifier: Apache-2.0
import SQLLogic
import Synchronization

/// How a database is, for all its lanes together: each trouble is told once, and its end when all are well again.
final class Wellbeing: Sendable {
    private let state = Mutex((trouble: Trouble(), lanes: Set<Int>()))

    /// True when this is to be told.
    func met(_ kind: Trouble.Kind, _ lane: Int) -> Bool {
        state.withLock { state in
            state.lanes.insert(lane)
            return state.trouble.met(kind)
        }
    }

    /// True when it is to be told that all is well again.
    func passed(_ lane: Int) -> Bool {
        state.withLock { state in
            guard state.lanes.remove(lane) != nil, state.lanes.isEmpty else { return false }
            return state.trouble.passed()
        }
    }
}
