// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RrLogic

private let inRequest: Where = [.request, .event, .local]
private let inRouting: Where = [.request, .event, .local, .branch, .failure]

let routed = Event("routed", "loose_route() took a Route of ours that had parameters. Data: rr_routed.")

private let plugin = Plugin("rr", "1.0.0", "Stays on the path of dialogs, and follows Route headers.") {
    outbound
    route
    recordRouteHeader
    parameters
    routed

    recordFunctions()
    routeFunctions()
    variables()

    Hook("core.sending") { call in
        guard let flow = call.data(as: mt_flow.self) else { return .yes }
        return settle(call.message, flow.pointee)
    }
    Hook("core.copied") { call in
        if call.hasMessage, let original = call.raw.pointee.data {
            RouteState.carryOver(from: Message(OpaquePointer(original)), to: call.message)
        }
        return .yes
    }
    Hook("core.ready") { _ in
        Sockets.prepare()
        return .yes
    }
    Offer("rr", 1, 1) { head in
        rr_api(
            head: head,
            record_route: { call, message, params in
                recordRoute(Call(call.unsafelyUnwrapped), Message(message.unsafelyUnwrapped), params).code
            },
            record_route_preset: { call, message, first, second in
                recordRoutePreset(
                    Call(call.unsafelyUnwrapped), Message(message.unsafelyUnwrapped), first, second
                ).code
            },
            loose_route: { call, message in
                looseRoute(
                    Call(call.unsafelyUnwrapped), Message(message.unsafelyUnwrapped),
                    mode: looseRouteMode.value
                ).code
            },
            add_param: { message, param in addParam(Message(message.unsafelyUnwrapped), param).code },
            param: { message, name, value in routeParam(Message(message.unsafelyUnwrapped), name, value) },
            direction: { message in direction(Message(message.unsafelyUnwrapped)).rawValue },
            set_gate: { Gate.set($0) })
    }
    Start { checkParameters() }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

@Declarations private func recordFunctions() -> [any Declaration] {
    Function(
        "record_route", in: inRouting,
        "Adds Record-Route: this server sees the later requests of the dialog.",
        Arg("params", Text.self, default: "", "What to add to its URI: \";name=value\".")
    ) { call, params in recordRoute(call, call.message, params.raw) }
    Function(
        "record_route_preset", in: inRouting, "Adds Record-Route with these addresses.",
        Arg("uri", Text.self, "host[:port][;params], on the side that the request leaves by."),
        Arg("uri2", Text.self, default: "", "The same, on the side that it came by.")
    ) { call, first, second in recordRoutePreset(call, call.message, first.raw, second.raw) }
    Function(
        "record_route_advertised_address", in: inRouting,
        "Adds Record-Route with this address and our transports.",
        Arg("address", Text.self, "host[:port]")
    ) { call, address in recordRouteAdvertised(call, call.message, address.raw) }
    Function(
        "add_rr_param", in: inRouting,
        "Adds a parameter to our Record-Route, before or after it is inserted.",
        Arg("param", Text.self, "\";name=value\"")
    ) { call, param in addParam(call.message, param.raw) }
    Function(
        "remove_record_route", in: [.request, .event, .local, .failure], "Takes our Record-Route out again."
    ) { call in removeRecordRoute(call.message) }
}

@Declarations private func routeFunctions() -> [any Declaration] {
    Function("loose_route", in: inRequest, suspends: true, "Goes where the Route headers say.") { call in
        Gate.pass(call, mode: looseRouteMode.value)
    }
    Function("loose_route_preloaded", in: inRequest, "The same, only for requests outside dialogs.") { call in
        loosePreloaded(call, call.message)
    }
    Function(
        "loose_route_mode", in: inRequest, suspends: true, "The same, without some of it.",
        Arg("mode", Int.self, "1: no strict routers; 2: no flow tokens.")
    ) { call, mode in Gate.pass(call, mode: mode) }
    Function(
        "check_route_param", in: inRequest, "Do the parameters of our Route match?", Arg("re", Pattern.self)
    ) { call, pattern in
        guard let state = RouteState.find(call.message), state.pointee.params.len > 0 else { return .no }
        return Outcome(pattern.matches(state.pointee.params))
    }
    Function(
        "is_direction", in: inRequest, "Which way does a request inside a dialog go?",
        Arg("dir", Text.self, prepare: checkDirection, "upstream or downstream")
    ) { call, wanted in
        guard let wanted = Direction(named: wanted) else { return .no }
        return Outcome(direction(call.message) == wanted)
    }
    Function("rr_next_hop_route", in: .any, "Does the next hop come from a Route behind ours?") { call in
        guard let state = RouteState.find(call.message) else { return .no }
        return Outcome(state.pointee.followsRoute)
    }
}

/// A constant is looked at while the configuration is read; is_direction() is no use without the tag that it
/// compares.
private func checkDirection(_ raw: UnsafeMutablePointer<mt_call>?) -> mt_result {
    guard let raw else { return Outcome.error.code }
    if appendFromTag.value == 0 {
        return Host.fail(
            "is_direction needs append_fromtag, which is 0",
            help: "set modparam(\"rr\", \"append_fromtag\", 1)"
        ).code
    }
    guard Direction(named: Text(unchecked: raw.pointee.args.pointee.str)) != nil else {
        return Host.fail("is_direction takes \"upstream\" or \"downstream\"", help: "write one of them").code
    }
    return Outcome.yes.code
}
