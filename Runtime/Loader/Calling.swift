// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message
import Script
import Synchronization

/// Calls a function of a plugin's from outside of the script, and leaves a note of who is being called.
///
/// `state` is the worker that it runs on; nil on other threads.
@inline(__always)
func invoke(
    _ function: mt_fn, _ owner: UnsafePointer<mt_host>?, _ user: UnsafeMutableRawPointer?,
    as site: UnsafePointer<CallSite>, on state: WorkerState.Pointer?, message: OpaquePointer? = nil,
    data: UnsafeRawPointer? = nil, result: mt_result = 0, route: UInt32 = 0
) -> mt_result {
    var call = mt_call()
    call.host = owner
    call.user = user
    call.msg = message
    call.data = data
    call.result = result
    call.route = route
    call.worker = state.map { $0.pointee.index } ?? 0
    let note = state.map { $0.pointee.note } ?? CallNote.ofThread
    let outer = note.pointee
    note.pointee.site = site
    note.pointee.message = message.map { UnsafeRawPointer($0) }
    let answer = function(&call)
    note.pointee = outer
    return answer
}

/// The same, with a look at how long it takes: for what is not called for every message.
func invokeTimed(
    _ function: mt_fn, _ owner: UnsafePointer<mt_host>, _ user: UnsafeMutableRawPointer?,
    as site: UnsafePointer<CallSite>, result: mt_result = 0, message: OpaquePointer? = nil,
    data: UnsafeRawPointer? = nil
) -> mt_result {
    guard let state = WorkerState.current else {
        return invoke(function, owner, user, as: site, on: nil, message: message, data: data, result: result)
    }
    let before = CoarseClock.milliseconds()
    state.pointee.scripts.watch(from: before)
    let answer = invoke(
        function, owner, user, as: site, on: state, message: message, data: data, result: result)
    let after = CoarseClock.milliseconds()
    if let complaint = state.pointee.scripts.complaint(of: site, from: before, to: after) {
        Log.write(
            .warning, "\(String(cString: site.pointee.function)) \(complaint)",
            Log.Subject(plugin: String(cString: site.pointee.plugin), worker: Int(cl_worker_index())))
    }
    return answer
}

/// A C function as one of the words of a job, and back.
func word(_ function: mt_fn?) -> UnsafeMutableRawPointer? {
    unsafeBitCast(function, to: UnsafeMutableRawPointer?.self)
}

func function(_ word: UnsafeMutableRawPointer?) -> mt_fn? { unsafeBitCast(word, to: mt_fn?.self) }

/// What plugins said to `fail` while they were being set up: the loader knows the place, and tells it.
final class Failures: Sendable {
    private let latest = Mutex<(what: String, help: String)?>(nil)
    private let collecting = Atomic<Bool>(true)

    /// From the first line that is read until traffic flows.
    var isCollecting: Bool {
        get { collecting.load(ordering: .relaxed) }
        set { collecting.store(newValue, ordering: .relaxed) }
    }

    func add(_ what: String, _ help: String) { latest.withLock { $0 = (what, help) } }

    func take() -> (what: String, help: String)? {
        latest.withLock { failure in
            defer { failure = nil }
            return failure
        }
    }
}

/// Runs the hooks of an event. False: one of them stopped it.
@inline(__always)
func runHooks(
    _ event: Events.Core, _ message: Message?, _ data: UnsafeRawPointer? = nil, on state: WorkerState.Pointer?
) -> Bool {
    guard let entry = host.events.map({ $0 + event.rawValue }), entry.pointee.count > 0 else { return true }
    return runHooks(entry, message, data, on: state, route: 0)
}

func runHooks(
    _ entry: UnsafeMutablePointer<Events.Entry>, _ message: Message?, _ data: UnsafeRawPointer?,
    on state: WorkerState.Pointer?, route: UInt32
) -> Bool {
    for index in 0..<entry.pointee.count {
        let hook = entry.pointee.first + index
        let answer = invoke(
            hook.pointee.call, hook.pointee.host, hook.pointee.user, as: hook.pointee.site, on: state,
            message: message?.opaque, data: data, route: route)
        if answer == mt_result(MT_STOP) { return false }
    }
    return true
}
