// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Which lines have to be looked at when: in steps of a tenth of a second. A line stands in it once at most.
public final class Deadlines: Sendable {
    /// Where a line stands.
    struct Place {
        let step: Int64
        var at: Int
    }
    private struct State {
        var steps: [Int64: [Group]] = [:]
        /// The last step that was taken.
        var last: Int64 = 0

        mutating func add(_ group: Group, _ step: Int64) {
            group.place = Place(step: step, at: steps[step]?.count ?? 0)
            steps[step, default: []].append(group)
        }

        /// The last one of its step takes its place.
        mutating func remove(_ group: Group) {
            guard let place = group.place, let index = steps.index(forKey: place.step) else { return }
            group.place = nil
            let last = steps.values[index].removeLast()
            if last !== group {
                steps.values[index][place.at] = last
                last.place?.at = place.at
            }
            if steps.values[index].isEmpty { steps.remove(at: index) }
        }

        mutating func take(_ step: Int64) -> [Group] {
            let groups = steps.removeValue(forKey: step) ?? []
            for group in groups { group.place = nil }
            return groups
        }
    }
    public static let step: Int64 = 100
    private let state = Mutex(State())

    public init() {}

    /// How many lines stand in it.
    public var count: Int { state.withLock { $0.steps.values.reduce(0) { $0 + $1.count } } }

    /// Instead of when it was to be looked at so far.
    /// - Parameter moment: Unix time in milliseconds.
    public func set(_ group: Group, at moment: Int64) {
        state.withLock { state in
            state.remove(group)
            // Never before it: whoever is looked at has expired.
            state.add(group, max((moment + Self.step - 1) / Self.step, state.last + 1))
        }
    }

    public func remove(_ group: Group) { state.withLock { $0.remove(group) } }

    /// The lines whose time has come.
    public func take(at now: Int64) -> [Group] {
        state.withLock { state in
            let step = now / Self.step
            var due: [Group] = []
            if state.last == 0 || step - state.last > 36_000 {
                // The clock was set, or this is the first look.
                for at in state.steps.keys.filter({ $0 <= step }) { due += state.take(at) }
            } else if step > state.last {
                for at in (state.last + 1)...step { due += state.take(at) }
            }
            state.last = max(step, state.last)
            return due
        }
    }
}
