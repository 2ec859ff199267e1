// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

private let plugin = Plugin("kex", "1.0.0", "Flags, the destination, and counters, for scripts.") {
    scriptFlagFunctions()
    branchFlagFunctions()
    destinationFunctions()
    valueFunctions()
    statisticFunctions()
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

@Declarations private func destinationFunctions() -> [any Declaration] {
    Function("setdsturi", in: .any, "Sets the destination URI.", Arg("uri", Text.self)) { call, uri in
        guard URI(uri) != nil else {
            Host.log(.error, "setdsturi: \(uri) is no URI")
            return .no
        }
        return call.message.set(.nextHop, uri).isYes ? .yes : .no
    }
    Function("resetdsturi", in: .any, "Takes the destination URI away.") { call in
        call.message.clear(.nextHop)
        return .yes
    }
    Function("isdsturiset", in: .any, "Is there a destination URI?") { call in
        Outcome(!call.message.nextHop.isEmpty)
    }
    Function(
        "is_myself", in: .any, "Does it name this server?",
        Arg("uri", Text.self, "A URI, or a host alone. Without a port, any will do.")
    ) { _, text in
        if let uri = URI(text) { return Outcome(uri.isMine || isMineOverAny(uri)) }
        var host = mt_uri()
        host.host = text.raw
        return Outcome(!text.isEmpty && Server.net.pointee.mine(&host))
    }
}

/// A URI that names no transport, by a port of ours of any.
private func isMineOverAny(_ uri: URI) -> Bool {
    guard uri.param("transport") == nil else { return false }
    for transport in ["transport=tcp", "transport=tls", "transport=ws", "transport=wss"] as [StaticString] {
        var other = uri.raw
        other.params = mt_str(transport)
        if Server.net.pointee.mine(&other) { return true }
    }
    return false
}

@Declarations private func valueFunctions() -> [any Declaration] {
    for name in ["pv_printf", "avp_printf"] as [StaticString] {
        Function(
            name, in: .any, "Stores a text with variables in it.",
            Arg("var", Expression.self, "A variable that can be written."), Arg("text", Text.self)
        ) { call, variable, text in
            call.write(variable, text).isYes ? .yes : .no
        }
    }
}
