// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A value for each worker, which alone touches its own. They stand in plain memory: elements of one array that several
/// threads change would be changes of the array.
///
/// Made on the main thread before traffic, and there for as long as the process.
struct PerWorker<Value> {
    private let values: UnsafeMutablePointer<Value>?
    let count: Int

    /// There is none yet.
    init() {
        values = nil
        count = 0
    }

    /// [main]
    init(_ value: Value) {
        count = max(Host.workers, 1)
        let values = UnsafeMutablePointer<Value>.allocate(capacity: count)
        values.initialize(repeating: value, count: count)
        self.values = values
    }

    subscript(worker: Int) -> Value {
        unsafeAddress { UnsafePointer(place(worker)) }
        nonmutating unsafeMutableAddress { place(worker) }
    }

    private func place(_ worker: Int) -> UnsafeMutablePointer<Value> {
        guard let values, worker >= 0, worker < count else { fatalError("there is no worker \(worker)") }
        return values + worker
    }
}
