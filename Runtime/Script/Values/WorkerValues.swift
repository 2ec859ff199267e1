// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// What one worker keeps for the scripts it runs: `$var`, memory for attributes, patterns compiled while
/// running. Used by that worker only; it stays where it is until `close`.
public struct WorkerValues {
    public internal(set) var attributes = AttributePool()
    var variables = ScriptVariables()
    var patterns = PatternCache()
    var notes = MessageNotes()
    var uris = URICache()
    /// `$sbranch`: put together here, then made a branch.
    var scratch = ScratchBranch()

    private static let limit = 1024
    /// By worker. Filled at start, read by everyone after.
    private nonisolated(unsafe) static let all: UnsafeMutablePointer<UnsafeMutablePointer<WorkerValues>?> = {
        let all = UnsafeMutablePointer<UnsafeMutablePointer<WorkerValues>?>.allocate(capacity: limit)
        all.initialize(repeating: nil, count: limit)
        return all
    }()

    /// Makes the values of a worker. [main], or the worker itself before its first message.
    public static func open(worker: Int) -> UnsafeMutablePointer<WorkerValues> {
        precondition(worker >= 0 && worker < limit, "more workers than can be")
        _ = Attributes.installed
        if let there = all[worker] { return there }
        let values = UnsafeMutablePointer<WorkerValues>.allocate(capacity: 1)
        values.initialize(to: WorkerValues())
        all[worker] = values
        return values
    }

    /// Gives everything back. The worker has ended, and its messages are gone.
    public static func close(worker: Int) {
        guard let values = all[worker] else { return }
        all[worker] = nil
        values.pointee.attributes.close()
        values.pointee.variables.close()
        values.pointee.scratch.close()
        values.pointee.notes.close()
        values.pointee.uris.close()
        values.deinitialize(count: 1)
        values.deallocate()
    }

    public static func of(worker: UInt32) -> UnsafeMutablePointer<WorkerValues> {
        if Int(worker) < limit, let there = all[Int(worker)] { return there }
        return open(worker: Int(worker))
    }

    static func pool(of message: Message) -> UnsafeMutablePointer<AttributePool> {
        UnsafeMutableRawPointer(of(worker: message.worker))
            .advanced(by: MemoryLayout<WorkerValues>.offset(of: \WorkerValues.attributes)!)
            .assumingMemoryBound(to: AttributePool.self)
    }
}

/// `$var` kept aside while a script waits, for others may run on the worker meanwhile.
extension WorkerValues {
    /// The values as they are now, in the message's arena.
    public mutating func saveVariables(_ message: Message) -> UnsafeMutableRawPointer? {
        variables.save(message)
    }

    public mutating func restoreVariables(_ saved: UnsafeMutableRawPointer?) { variables.restore(saved) }
}
