// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// Something to do later. Make one where it must not cost anything, and use it again and again; the functions
/// of `Loop` also take a closure and make one themselves.
///
///     private let sweep = Action { call in
///         table[call.worker].sweep()
///         return .yes
///     }
///     Loop.every(.seconds(1), on: worker, sweep)
///
/// The server holds it as long as it may still run it.
public final class Action: Sendable {
    let body: @Sendable (borrowing Call) -> Outcome

    public init(_ body: @escaping @Sendable (borrowing Call) -> Outcome) { self.body = body }

    /// Was handed over retained, and is called once.
    static let enterOnce: mt_fn = { raw in
        let raw = raw.unsafelyUnwrapped
        let action = Unmanaged<Action>.fromOpaque(raw.pointee.user.unsafelyUnwrapped)
        let code = action._withUnsafeGuaranteedRef { $0.body(Call(raw)).code }
        action.release()
        return code
    }

    /// Was handed over retained, and is called again and again.
    static let enterAgain: mt_fn = { raw in
        let raw = raw.unsafelyUnwrapped
        return Unmanaged<Action>.fromOpaque(raw.pointee.user.unsafelyUnwrapped)._withUnsafeGuaranteedRef {
            $0.body(Call(raw)).code
        }
    }
}

/// Time and workers. From any thread.
public enum Loop {
    /// A timer. A number underneath: to cancel one that has run already does nothing.
    public struct Timer: @unchecked Sendable {
        let number: UInt64
        let action: Unmanaged<Action>

        /// 0 is none: the server is stopping.
        init(_ number: UInt64, _ action: Unmanaged<Action>) {
            self.number = number
            self.action = action
            if number == 0 { action.release() }
        }

        /// True when it was in time: it will not run (again).
        @discardableResult public func cancel() -> Bool {
            guard number != 0, Server.loop.pointee.cancel(number) > 0 else { return false }
            action.release()
            return true
        }
    }

    /// Monotonic, in nanoseconds.
    @inlinable public static var ticks: UInt64 { Server.loop.pointee.ticks() }
    /// Unix time, in milliseconds.
    @inlinable public static var clock: Int { Int(Server.loop.pointee.clock()) }

    /// Once. Without a worker: on any; inside a callback give `call.worker`, to stay with the call.
    @discardableResult
    public static func after(_ delay: Milliseconds, on worker: Int? = nil, _ action: Action) -> Timer {
        let held = Unmanaged.passRetained(action)
        let number = Server.loop.pointee.after(
            Server.host, index(worker), delay.word, Action.enterOnce, held.toOpaque())
        return Timer(number, held)
    }
    @discardableResult
    public static func after(
        _ delay: Milliseconds, on worker: Int? = nil, _ body: @escaping @Sendable (borrowing Call) -> Outcome
    ) -> Timer { after(delay, on: worker, Action(body)) }

    /// Again and again.
    @discardableResult
    public static func every(_ period: Milliseconds, on worker: Int? = nil, _ action: Action) -> Timer {
        let held = Unmanaged.passRetained(action)
        let number = Server.loop.pointee.every(
            Server.host, index(worker), period.word, Action.enterAgain, held.toOpaque())
        return Timer(number, held)
    }
    @discardableResult
    public static func every(
        _ period: Milliseconds, on worker: Int? = nil, _ body: @escaping @Sendable (borrowing Call) -> Outcome
    ) -> Timer { every(period, on: worker, Action(body)) }

    /// As soon as that worker comes to it.
    @discardableResult public static func post(to worker: Int? = nil, _ action: Action) -> Outcome {
        let held = Unmanaged.passRetained(action)
        let code = Server.loop.pointee.post(Server.host, index(worker), Action.enterOnce, held.toOpaque())
        if code <= 0 { held.release() }
        return Outcome(code: code)
    }
    @discardableResult public static func post(
        to worker: Int? = nil, _ body: @escaping @Sendable (borrowing Call) -> Outcome
    ) -> Outcome { post(to: worker, Action(body)) }

    /// Runs `work` on a helper thread, where it may block, then `done` on the worker.
    @discardableResult
    public static func offload(
        on worker: Int? = nil, work: @escaping @Sendable (borrowing Call) -> Outcome,
        done: @escaping @Sendable (borrowing Call) -> Outcome
    ) -> Outcome {
        let held = Unmanaged.passRetained(Pair(work, done))
        let code = Server.loop.pointee.offload(
            Server.host, index(worker), Pair.enterFirst, Pair.enterSecond, held.toOpaque())
        if code <= 0 { held.release() }
        return Outcome(code: code)
    }

    /// Runs `each` on every worker, one after the other, then `done` on the thread that commands run on.
    @discardableResult
    public static func visit(
        each: @escaping @Sendable (borrowing Call) -> Outcome,
        done: @escaping @Sendable (borrowing Call) -> Outcome
    ) -> Outcome {
        let held = Unmanaged.passRetained(Pair(each, done))
        let code = Server.loop.pointee.visit(Server.host, Pair.enterFirst, Pair.enterSecond, held.toOpaque())
        if code <= 0 { held.release() }
        return Outcome(code: code)
    }

    private static func index(_ worker: Int?) -> UInt32 { worker.map { UInt32($0) } ?? UInt32.max }
}

/// Two steps with one `user`; the second is the last.
private final class Pair: Sendable {
    let first, second: @Sendable (borrowing Call) -> Outcome

    init(
        _ first: @escaping @Sendable (borrowing Call) -> Outcome,
        _ second: @escaping @Sendable (borrowing Call) -> Outcome
    ) {
        self.first = first
        self.second = second
    }

    static let enterFirst: mt_fn = { raw in
        let raw = raw.unsafelyUnwrapped
        return Unmanaged<Pair>.fromOpaque(raw.pointee.user.unsafelyUnwrapped)._withUnsafeGuaranteedRef {
            $0.first(Call(raw)).code
        }
    }
    static let enterSecond: mt_fn = { raw in
        let raw = raw.unsafelyUnwrapped
        let pair = Unmanaged<Pair>.fromOpaque(raw.pointee.user.unsafelyUnwrapped)
        let code = pair._withUnsafeGuaranteedRef { $0.second(Call(raw)).code }
        pair.release()
        return code
    }
}
