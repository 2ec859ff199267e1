// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message
import Script
import Worker

/// `--strict`: looks over the shoulders of plugins, and stops at the first thing that none of them may do.
///
/// It costs nothing when it is off: the tables, functions and hooks that are handed out then are the plain
/// ones.
enum Strict {
    nonisolated(unsafe) private static var main = pthread_self()

    /// Nobody reads a log: what is wrong is told as by a check. Set before any worker runs.
    nonisolated(unsafe) static var isRehearsal = false

    /// [main] Before any plugin is loaded.
    static func begin() { main = pthread_self() }

    static var isMain: Bool { pthread_equal(pthread_self(), main) != 0 }

    // MARK: - what functions of the server's ask before they do anything

    /// A message is used by the worker that has it, and as long as somebody keeps it.
    static func owns(_ message: OpaquePointer?, _ function: StaticString) {
        guard let message = message.map({ Message($0) }) else { return }
        guard message.references > 0 else {
            offence("\(function) got a message that was given back", of: WorkerState.current)
        }
        if let state = WorkerState.current {
            guard message.worker != state.pointee.index else { return }
        } else if isMain, message.worker >= host.workerCount {
            return
        }
        offence(
            "\(function) was called on a thread that does not have the message",
            of: WorkerState.of(message.worker))
    }

    /// A call is answered where the server made it.
    static func owns(_ call: UnsafePointer<mt_call>?, _ function: StaticString) {
        guard let call else { return }
        if let state = WorkerState.current {
            guard call.pointee.worker != state.pointee.index else { return }
        } else if isMain {
            return
        }
        offence(
            "\(function) was called on a thread that does not have the call",
            of: WorkerState.of(call.pointee.worker))
    }

    static func isOnMain(_ function: StaticString) {
        guard !isMain else { return }
        offence("\(function) may be called while the server starts, and by commands", of: WorkerState.current)
    }

    /// Bytes that are none.
    static func isText(_ text: mt_str, _ function: StaticString) {
        guard text.ptr == nil, text.len > 0 else { return }
        offence("\(function) got a text of \(text.len) bytes that is nowhere", of: WorkerState.current)
    }

    // MARK: - what plugins answer

    static func isResult(_ result: mt_result) {
        guard !(mt_result(MT_GONE)...mt_result(MT_OK)).contains(result) else { return }
        offence("it answered \(shown(result)), which is no mt_result that fits here", of: WorkerState.current)
    }

    static func isValue(_ value: mt_value) {
        guard value.type > UInt32(MT_STR) || value.type == UInt32(MT_STR) && value.str.ptr == nil else {
            return
        }
        offence(
            value.type > UInt32(MT_STR)
                ? "it answered a value of type \(value.type), which is none for a variable"
                : "it answered a text that is nowhere", of: WorkerState.current)
    }

    static func shown(_ result: mt_result) -> String {
        result == mt_result(MT_SUSPEND) ? "MT_SUSPEND" : "\(result)"
    }

    // MARK: - the end

    /// Says who did what, and ends the process: what comes after an offence cannot be trusted.
    ///
    /// `state` is the worker whose plugin it was: its note knows which one.
    static func offence(_ what: String, of state: WorkerState.Pointer?) -> Never {
        let note = (state?.pointee.note ?? CallNote.ofThread).pointee
        var subject = Log.Subject(plugin: note.site.map { String(cString: $0.pointee.plugin) } ?? "a plugin")
        subject.worker = state.map { Int($0.pointee.index) }
        if let site = note.site, let file = site.pointee.file {
            subject.place = "\(String(cString: file)):\(site.pointee.line)"
        }
        if let raw = note.message {
            let message = Message(OpaquePointer(raw))
            if message.isIndexed, message.callID.isPresent { subject.callID = message.callID.string }
        }
        let function = note.site.map { String(cString: $0.pointee.function) + ": " } ?? ""
        if isRehearsal {
            Log.tell("error: \(subject.plugin): \(function)\(what)\n")
            _exit(1)
        }
        Log.write(.error, "\(function)\(what); --strict ends here", subject)
        _exit(1)
    }
}

/// Takes messages through the server as always, and overwrites each at its end: whoever has kept a slice of
/// it without keeping the message finds that out.
final class StrictTraffic: WorkerHandler {
    private let traffic: Traffic

    init(_ traffic: Traffic) { self.traffic = traffic }

    func started(_ worker: Worker) { traffic.started(worker) }

    func request(_ message: Message, _ worker: Worker) {
        traffic.request(message, worker)
        if message.references == 1 { message.poison() }
    }

    func reply(_ message: Message, _ worker: Worker) {
        traffic.reply(message, worker)
        if message.references == 1 { message.poison() }
    }

    func fault(_ message: Message, _ fault: Fault, _ worker: Worker) { traffic.fault(message, fault, worker) }
    func opened(_ flow: mt_flow, _ worker: Worker) { traffic.opened(flow, worker) }
    func closed(_ flow: mt_flow, _ worker: Worker) { traffic.closed(flow, worker) }
    func filter(_ stage: StagePointer, _ step: FilterStep, _ worker: Worker) -> Bool {
        traffic.filter(stage, step, worker)
    }
    func isWaiting(_ worker: Worker) -> Bool { traffic.isWaiting(worker) }
    func burstEnded(_ worker: Worker) { traffic.burstEnded(worker) }
    func notice(_ level: Int32, _ text: String) { traffic.notice(level, text) }
}
