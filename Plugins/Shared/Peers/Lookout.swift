// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Looks into a table for what other servers have written, when the database tells of it and from time to time.
///
/// Everything happens on the worker that `start` is called on.
public final class Lookout: @unchecked Sendable {
    public typealias CallPointer = UnsafeMutablePointer<mt_call>

    private let api: UnsafePointer<mt_store_api>
    private let store: OpaquePointer
    private let look: (CallPointer) -> Void
    private var times: LookTimes
    private var worker = 0
    private var next: Loop.Timer?

    /// - Parameters:
    ///   - interval: milliseconds between two looks, where nobody tells.
    ///   - look: asks for rows, and calls `looked` once when all have been read.
    public init(
        _ api: UnsafePointer<mt_store_api>, _ store: OpaquePointer, interval: Int,
        look: @escaping (CallPointer) -> Void
    ) {
        self.api = api
        self.store = store
        self.look = look
        times = LookTimes(interval: interval)
    }

    /// [worker] In "core.worker".
    public func start(on worker: Int) {
        self.worker = worker
        Loop.post(to: worker) { [self] call in
            watch(call.raw)
            want(call.raw)
            return .yes
        }
    }

    private func watch(_ call: CallPointer) {
        guard api.has(\.watch) else { return }
        // It is called for as long as the process lives.
        let held = Unmanaged.passRetained(self)
        let code = api.pointee.watch(
            call, store,
            { call in
                guard let call, let user = call.pointee.user else { return 1 }
                let lookout = Unmanaged<Lookout>.fromOpaque(user).takeUnretainedValue()
                lookout.plan(call, lookout.times.hears(isTold: call.pointee.result > 0, at: lookout.now))
                return 1
            }, held.toOpaque())
        if code <= 0 { held.release() }
    }

    private var now: Int { Int(Loop.ticks / 1_000_000) }

    /// As soon as can be: there may be something new.
    public func want(_ call: CallPointer) { plan(call, times.wants(at: now)) }

    /// - Parameter isSettled: nothing is left that has to be looked at again soon.
    public func looked(_ call: CallPointer, isSettled: Bool) {
        plan(call, times.looked(isSettled: isSettled, at: now))
    }

    private func plan(_ call: CallPointer, _ delay: Int?) {
        guard let delay else { return }
        next?.cancel()
        next = nil
        guard delay > 0 else { return begin(call) }
        next = Loop.after(Milliseconds(delay), on: worker) { [self] call in
            next = nil
            begin(call.raw)
            return .yes
        }
    }

    private func begin(_ call: CallPointer) {
        times.looks()
        look(call)
    }
}

extension UnsafePointer<mt_store_api> {
    /// MT_HAS: what was built before there was such a function has a shorter table, and others have none.
    func has(_ function: PartialKeyPath<mt_store_api>) -> Bool {
        guard let offset = MemoryLayout<mt_store_api>.offset(of: function),
            Int(pointee.head.size) >= offset + MemoryLayout<UInt>.size
        else { return false }
        return UnsafeRawPointer(self).load(fromByteOffset: offset, as: UInt.self) != 0
    }
}
