// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message
import Script
import Worker

/// The functions of `mt_host`.
enum HostFunctions {
    static func fill(_ abi: inout mt_host) {
        abi.log = { owner, level, text in
            guard let owner else { return }
            Log.write(from: owner, level, Slice(text).string)
        }
        abi.fail = { owner, what, help in
            guard let owner else { return mt_result(MT_ERROR) }
            return HostFunctions.fail(owner, Slice(what).string, Slice(help).string)
        }
        abi.count = { owner, counter, by in
            guard let owner else { return }
            let block = HostBlock.of(owner)
            guard counter < block.pointee.counters else { return }
            count(Statistics.ID(rawValue: block.pointee.firstCounter + counter), by)
        }
        abi.emit = { HostFunctions.emit($0, $1, $2, $3) }
        abi.heard = { owner, event in
            guard let owner, let entries = host.events else { return true }
            let block = HostBlock.of(owner)
            guard event < block.pointee.events else { return false }
            let entry = entries + Int(block.pointee.firstEvent + event)
            return entry.pointee.count > 0 || entry.pointee.route != 0
        }
        guard host.isStrict else { return }
        abi.emit = { call, event, message, data in
            Strict.owns(call, "emit of mt_host")
            Strict.owns(message, "emit of mt_host")
            return HostFunctions.emit(call, event, message, data)
        }
    }

    @inline(__always) private static func emit(
        _ call: UnsafeMutablePointer<mt_call>?, _ event: UInt32, _ message: OpaquePointer?,
        _ data: UnsafeRawPointer?
    ) -> mt_result {
        guard let call, let owner = call.pointee.host else { return mt_result(MT_ERROR) }
        let block = HostBlock.of(owner)
        guard event < block.pointee.events, let entries = host.events else { return mt_result(MT_OK) }
        return emit(
            entries + Int(block.pointee.firstEvent + event), message.map { Message($0) }, data,
            route: call.pointee.route)
    }

    private static func fail(_ owner: UnsafePointer<mt_host>, _ what: String, _ help: String) -> mt_result {
        if let failures = host.failures?.takeUnretainedValue(), failures.isCollecting, cl_worker() == nil {
            failures.add(what, help)
        } else {
            Log.write(from: owner, MT_LOG_ERROR, help.isEmpty ? what : "\(what) (help: \(help))")
        }
        return mt_result(MT_ERROR)
    }

    /// Runs the hooks, then the event's block. MT_STOP when one of them consumed it.
    private static func emit(
        _ entry: UnsafeMutablePointer<Events.Entry>, _ message: Message?, _ data: UnsafeRawPointer?,
        route: UInt32
    ) -> mt_result {
        guard entry.pointee.count > 0 || entry.pointee.route != 0 else { return mt_result(MT_OK) }
        let state = WorkerState.current
        if !runHooks(entry, message, data, on: state, route: route) { return mt_result(MT_STOP) }
        guard entry.pointee.route != 0, let state else { return mt_result(MT_OK) }
        return runBlock(entry.pointee.route, message, on: state)
    }

    /// MT_STOP when the block said `drop`.
    static func runBlock(_ route: UInt32, _ message: Message?, on state: WorkerState.Pointer) -> mt_result {
        guard let subject = message ?? state.idleMessage() else { return mt_result(MT_ERROR) }
        let (run, machine) = state.pointee.scripts.run(route, on: subject)
        machine?.then = nil
        if case .ended(_, let isDropped) = run, isDropped { return mt_result(MT_STOP) }
        return mt_result(MT_OK)
    }
}

extension WorkerState.Pointer {
    /// A request that nobody sent, for blocks that no message starts.
    func idleMessage() -> Message? {
        if let idle = pointee.idle { return idle }
        let message = pointee.messages.take()
        let text: StaticString = """
            OPTIONS sip:nobody@localhost SIP/2.0\r
            Via: SIP/2.0/UDP 127.0.0.1\r
            From: <sip:nobody@localhost>;tag=1\r
            To: <sip:nobody@localhost>\r
            Call-ID: 1\r
            CSeq: 1 OPTIONS\r
            Content-Length: 0\r
            \r

            """
        guard message.load(Slice(text)) == nil else { return nil }
        pointee.idle = message
        return message
    }
}

extension Log {
    /// A plugin's line: the server adds who, on which worker, for which call, and where the script stood.
    static func write(from owner: UnsafePointer<mt_host>, _ level: some BinaryInteger, _ text: String) {
        guard let level = Level(rawValue: Int32(level)), level >= Log.level else { return }
        let subject = Subject.of(owner)
        write(level, subject.prefix + text, subject.subject)
    }
}

extension Log.Subject {
    /// Who is speaking, and what is being done on this thread.
    static func of(_ owner: UnsafePointer<mt_host>) -> (subject: Log.Subject, prefix: String) {
        var subject = Log.Subject(plugin: String(cString: HostBlock.of(owner).pointee.name))
        guard let state = WorkerState.current else { return (subject, "") }
        subject.worker = Int(state.pointee.index)
        let note = state.pointee.note.pointee
        if let site = note.site, let file = site.pointee.file {
            subject.place = "\(String(cString: file)):\(site.pointee.line)"
        }
        guard let raw = note.message else { return (subject, "") }
        let message = Message(OpaquePointer(raw))
        if message.isIndexed, message.callID.isPresent { subject.callID = message.callID.string }
        return (subject, state.logPrefix(message))
    }
}

extension WorkerState.Pointer {
    /// `log_prefix`, evaluated for this message.
    func logPrefix(_ message: Message) -> String {
        guard let prefix = host.prefix, let services = host.services, message.isIndexed else { return "" }
        var context = EvaluationContext(
            message: message, values: pointee.values, services: services, worker: pointee.index, route: 0)
        return withUnsafeMutablePointer(to: &context) { prefix.pointee.text($0).string }
    }
}
