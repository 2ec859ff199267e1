// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Which lines have to be looked at when: in steps of a tenth of a second. A line may stand in it more often than it has
/// to, and is looked at in vain then.
public final class Deadlines: Sendable {
    private struct State {
        var steps: [Int64: [Group]] = [:]
        /// The last step that was taken.
        var last: Int64 = 0
    }
    public static let step: Int64 = 100
    private let state = Mutex(State())

    public init() {}

    /// - Parameter moment: Unix time in milliseconds.
    public func add(_ group: Group, at moment: Int64) {
        state.withLock { state in
            // Never before it: whoever is looked at has expired.
            let step = max((moment + Self.step - 1) / Self.step, state.last + 1)
            state.steps[step, default: []].append(group)
        }
    }

    /// The lines whose time has come.
    public func take(at now: Int64) -> [Group] {
        state.withLock { state in
            let step = now / Self.step
            var due: [Group] = []
            if state.last == 0 || step - state.last > 36_000 {
                // The clock was set, or this is the first look.
                for (at, groups) in state.steps where at <= step {
                    due += groups
                    state.steps[at] = nil
                }
            } else if step > state.last {
                for at in (state.last + 1)...step {
                    guard let groups = state.steps.removeValue(forKey: at) else { continue }
                    due += groups
                }
            }
            state.last = max(step, state.last)
            return due
        }
    }
}
