// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// What the floor above does with what arrives. Everything but `notice` is called on the worker it concerns.
///
/// A message belongs to the worker: whoever wants it to outlast the call retains it. Inside a call,
/// `worker.commit` and `worker.close` never call back: connections end when the turn does.
public protocol WorkerHandler: AnyObject, Sendable {
    /// The worker's thread runs; nothing has been read yet.
    func started(_ worker: Worker)
    func request(_ message: Message, _ worker: Worker)
    func reply(_ message: Message, _ worker: Worker)
    /// Bytes that are no message. What could be read of it is there, so that it may be answered. After a
    /// fault in the framing of a stream, the connection is closed once the answer has left.
    func fault(_ message: Message, _ fault: Fault, _ worker: Worker)
    func opened(_ flow: mt_flow, _ worker: Worker)
    func closed(_ flow: mt_flow, _ worker: Worker)
    /// Calls a filter of a connection. False: that is its end.
    func filter(_ stage: StagePointer, _ step: FilterStep, _ worker: Worker) -> Bool
    /// Will something happen that nothing has to arrive for? Asked while the server stops, after each turn.
    func isWaiting(_ worker: Worker) -> Bool
    /// There was much to do, and is not any more: what is kept ready for more of it may go.
    func burstEnded(_ worker: Worker)
    /// Something for the log; level is MT_LOG_... Any thread.
    func notice(_ level: Int32, _ text: String)
}

extension WorkerHandler {
    public func started(_ worker: Worker) {}
    public func opened(_ flow: mt_flow, _ worker: Worker) {}
    public func closed(_ flow: mt_flow, _ worker: Worker) {}
    public func filter(_ stage: StagePointer, _ step: FilterStep, _ worker: Worker) -> Bool {
        var call = mt_call()
        call.host = stage.pointee.filter.pointee.host
        call.worker = UInt32(worker.index)
        return Stage.run(stage, step, &call)
    }
    public func isWaiting(_ worker: Worker) -> Bool { false }
    public func burstEnded(_ worker: Worker) {}
    public func notice(_ level: Int32, _ text: String) {}
}
