// SPDX-License-Identifier: Apache-2.0
import CMartlet
import MaxfwdLogic
import PluginKit

/// A plain number: this runs once per request. Written by `Start`, before any.
nonisolated(unsafe) private var maxForwards = HeaderName.any
private let maxLimit = Param<Int>(
    "max_limit", default: "70", in: 1...255, is: .reloadable, "The most hops that a request may still make.")

private let plugin = Plugin("maxfwd", "1.0.0", "Counts Max-Forwards down.") {
    maxLimit

    functions()

    Start {
        maxForwards = HeaderName(token: Server.sip.pointee.token("Max-Forwards"))
        return .yes
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

@Declarations private func functions() -> [any Declaration] {
    for name in ["mf_process_maxfwd_header", "maxfwd_process", "process_maxfwd"] as [StaticString] {
        Function(
            name, in: [.request, .event, .local], "Takes one off Max-Forwards; no when none is left.",
            Arg("limit", Int.self, "The value to add when there is none.")
        ) { call, limit in process(call.message, limit) }
    }
    for name in ["is_maxfwd_lt", "maxfwd_at_least", "mf_lowlimit"] as [StaticString] {
        Function(
            name, in: [.request, .event, .local, .failure, .branch], "Is Max-Forwards less than that?",
            Arg("limit", Int.self)
        ) { call, limit in isLess(call.message, than: limit) }
    }
}

/// 1 counted down, 2 added, -1 none left or a bad limit, -2 not a number.
private func process(_ message: Message, _ limit: Int) -> Outcome {
    guard limit >= 0, limit <= 255 else {
        Host.log(.error, "mf_process_maxfwd_header: the limit is 0 to 255, not \(limit)")
        return .no
    }
    guard let field = message.first(maxForwards) else {
        let least = min(limit, maxLimit.value)
        return message.prepend(Line("Max-Forwards", least)).isYes ? Outcome(2) : .error
    }
    let body = field.body
    switch HopCount(body) {
    case .malformed:
        return .error
    case .number(0):
        return .no
    case .number(let value):
        let next = HopCount.next(after: value, limit: maxLimit.value)
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: body.count) { room in
            HopCount.write(next, into: room)
            guard let start = room.baseAddress else { return .error }
            let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
            return message.replace(field, mt_str(ptr: bytes, len: room.count)).isYes ? .yes : .error
        }
    }
}

/// 1 less, -1 not less, -2 no such header, -3 not a number.
private func isLess(_ message: Message, than limit: Int) -> Outcome {
    guard limit >= 0, limit <= 255 else { return .error }
    guard let field = message.first(maxForwards) else { return Outcome(-2) }
    switch HopCount(field.body) {
    case .malformed: return Outcome(-3)
    case .number(let value): return Outcome(value < limit)
    }
}
