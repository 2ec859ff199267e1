// SPDX-License-Identifier: Apache-2.0
// Path (RFC 3327) for a proxy in front of a registrar.
import CMartlet
import PathLogic
import PluginKit

private var user: Arg<Text?> {
    Arg("user", Text?.self, "The user part of its URI; without one, a flow token where there is one.")
}
private var params: Arg<Text?> { Arg("params", Text?.self, "What to add to its URI: \"ob\".") }
private var address: Arg<Text> { Arg("address", Text.self, "host[:port]") }

private let plugin = Plugin("path", "1.0.0", "Path: a registrar reaches clients back through this server.") {
    outbound
    rr
    path
    via
    parameters()
    unknownReceived

    Function("add_path", in: .request, "Adds a Path of ours.", user, params) { call, user, params in
        addPath(call, Wish(user: user?.raw ?? mt_str(), params: params?.raw ?? mt_str()))
    }
    Function(
        "add_path_received", in: .request, "Adds a Path of ours, with where the request came from.", user,
        params
    ) { call, user, params in
        addPath(
            call, Wish(user: user?.raw ?? mt_str(), params: params?.raw ?? mt_str(), addsReceived: true))
    }
    Function(
        "add_path_advertised_address", in: .request, "Adds a Path with this address.", address, user, params
    ) { call, address, user, params in
        addPath(
            call,
            Wish(user: user?.raw ?? mt_str(), params: params?.raw ?? mt_str(), address: address.raw))
    }
    Function(
        "add_path_received_advertised_address", in: .request,
        "Adds a Path with this address, and with where the request came from.", address, user, params
    ) { call, address, user, params in
        addPath(
            call,
            Wish(
                user: user?.raw ?? mt_str(), params: params?.raw ?? mt_str(), address: address.raw,
                addsReceived: true))
    }

    Hook("rr.routed", optional: true) { followReceived($0) }
    Hook("core.sending") { call in
        guard let flow = call.data(as: mt_flow.self) else { return .yes }
        return settle(call.message, flow.pointee)
    }
    Hook("core.copied") { call in
        if call.hasMessage, let original = call.raw.pointee.data {
            carryOver(from: Message(OpaquePointer(original)), to: call.message)
        }
        return .yes
    }
    Hook("core.complete") { _ in
        guard useReceived.value != 0, !rr.isThere else { return .yes }
        return Host.fail(
            "use_received needs rr, whose loose_route() takes the Routes", help: "add loadmodule \"rr.so\"")
    }
    Hook("core.ready") { _ in
        Sockets.prepare()
        return .yes
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
