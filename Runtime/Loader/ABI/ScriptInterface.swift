// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Synchronization

/// "martlet.script": expressions, routes, waiting.
extension mt_script_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_script_api> = {
        let table = UnsafeMutablePointer<mt_script_api>.allocate(capacity: 1)
        var api = mt_script_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_script_api>.size), major: 1, minor: 0)
        api.evaluate()
        api.routing()
        table.initialize(to: api)
        return UnsafePointer(table)
    }()

    private mutating func evaluate() {
        compile = { owner, source in
            guard let owner, let parser = host.parser?.takeUnretainedValue() else { return nil }
            switch parser.format(Slice(source)) {
            case .success(let format): return OpaquePointer(format.opaque)
            case .failure(let error):
                var what = error.what
                var help = error.help
                what.withUTF8 { what in
                    help.withUTF8 { help in
                        _ = owner.pointee.fail(
                            owner, Slice(UnsafeRawBufferPointer(what)).mt,
                            Slice(UnsafeRawBufferPointer(help)).mt)
                    }
                }
                return nil
            }
        }
        read = { call, message, expression, out in
            guard let expression, let out else { return mt_result(MT_ERROR) }
            return mt_script_api.withContext(call, message) { context in
                out.pointee = Format(opaque: UnsafeRawPointer(expression)).value(context).mt
                return mt_result(out.pointee.type == UInt32(MT_NULL) ? MT_NO : MT_OK)
            }
        }
        write = { call, message, expression, value in
            guard let expression, let value else { return mt_result(MT_ERROR) }
            return mt_script_api.withContext(call, message) { context in
                guard let variable = Format(opaque: UnsafeRawPointer(expression)).variable else {
                    return mt_result(MT_NO)
                }
                return answer(variable.write(ScriptValue(value.pointee), context))
            }
        }
        match = { regex, text in
            guard let regex else { return false }
            return Pattern(opaque: UnsafeRawPointer(regex)).matches(Slice(text))
        }
    }

    private mutating func routing() {
        route = { _, kind, name in
            host.routes?.takeUnretainedValue().number(kind, named: Slice(name).string) ?? 0
        }
        flag = { _, name in
            host.flags?.takeUnretainedValue().number(forPlugin: Slice(name).string).map { Int32($0) } ?? -1
        }
        run = { call, message, route, then, user in
            guard let call, let message, let state = WorkerState.current else { return mt_result(MT_ERROR) }
            let (run, machine) = state.pointee.scripts.run(route, on: Message(message))
            switch run {
            case .ended(let value, let isDropped): return isDropped ? mt_result(MT_STOP) : value
            case .suspended:
                machine?.then = then
                machine?.user = user
                machine?.host = call.pointee.host
                return mt_result(MT_SUSPEND)
            }
        }
        route_name = { route in
            host.program?.takeUnretainedValue().name(of: route).mt ?? mt_str()
        }
        suspend = { call, milliseconds, then, user in
            guard let call else { return 0 }
            return Waiting.suspend(call, milliseconds, then, user)
        }
        resume = { ticket, result in Waiting.answer(ticket, result) }
    }

    /// Where expressions of a plugin's are evaluated: on the worker of the call, or on the main thread with no
    /// message to speak of.
    private static func withContext(
        _ call: UnsafeMutablePointer<mt_call>?, _ message: OpaquePointer?, _ body: (Context) -> mt_result
    ) -> mt_result {
        guard let services = host.services else { return mt_result(MT_ERROR) }
        let state = WorkerState.current
        guard
            let subject = message.map({ Message($0) }) ?? state?.idleMessage()
                ?? host.commands?.takeUnretainedValue().idle
        else { return mt_result(MT_ERROR) }
        var context = EvaluationContext(
            message: subject, values: state?.pointee.values ?? WorkerValues.of(worker: subject.worker),
            services: services, worker: state?.pointee.index ?? subject.worker,
            route: call?.pointee.route ?? 0)
        // What the script sees at this moment, a function that it calls sees as well.
        if let call, let script = state?.pointee.scripts.context(of: call) {
            context.rc = script.pointee.rc
            context.sending = script.pointee.sending
            context.place = script.pointee.place
            context.user = script.pointee.user
        }
        return withUnsafeMutablePointer(to: &context) { body($0) }
    }
}

/// Compiles expressions while the server is set up, and later for commands, always on the main thread.
final class RunningParser: @unchecked Sendable {
    private let starting: VariableParser
    private let running: VariableParser
    private let failures: Failures
    /// What the parsers share is theirs while one of them reads: expressions are compiled on any thread.
    private let turn = Mutex(())

    init(starting: VariableParser, running: VariableParser, failures: Failures) {
        self.starting = starting
        self.running = running
        self.failures = failures
    }

    func format(_ source: Slice) -> Result<Format, VariableError> {
        turn.withLock { _ in
            (failures.isCollecting ? starting : running).format(bytes: Array(source.bytes))
        }
    }
}
