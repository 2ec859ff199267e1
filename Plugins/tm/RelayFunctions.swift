// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

@Declarations func relayFunctions() -> [any Declaration] {
    Function(
        "t_relay", in: inRequestOrFailure, "Sends the request on, in a transaction.", Arg("host", Text?.self),
        Arg("port", Int.self, default: "0", in: 0...65_535)
    ) { call, host, port in
        var to = Destination()
        if let host { to.host = host.raw }
        to.port = port
        return relay(call.raw, to)
    }
    for (name, transport): (StaticString, StaticString) in [
        ("t_relay_to_udp", "udp"), ("t_relay_to_tcp", "tcp"), ("t_relay_to_tls", "tls"),
        ("t_relay_to_sctp", "sctp"),
    ] {
        Function(
            name, in: inRequestOrFailure, "The same over that transport.", Arg("host", Text?.self),
            Arg("port", Int.self, default: "0", in: 0...65_535)
        ) { call, host, port in
            var to = Destination()
            to.transport = mt_str(transport)
            if let host { to.host = host.raw }
            to.port = port
            return relay(call.raw, to)
        }
    }
    for name in ["t_relay_to", "t_relay_to_proxy"] as [StaticString] {
        Function(
            name, in: inRequestOrFailure, "Sends the request to a proxy, as proto:host:port.",
            Arg("proxy", Text?.self),
            Arg("flags", Text?.self, "1: no 100; 2: no reply for errors; 4: only the first place of a name.")
        ) { call, proxy, flags in relayTo(call.raw, proxy, flags) }
    }
    Function(
        "t_forward_nonack", in: inRequestOrFailure, "Sends the request to host and port.",
        Arg("host", Text.self),
        Arg("port", Int.self, default: "0", in: 0...65_535)
    ) { call, host, port in
        var to = Destination()
        to.host = host.raw
        to.port = port
        return relay(call.raw, to)
    }
    Function(
        "t_replicate", in: inRequest, "Sends a copy to that URI, and absorbs its replies.",
        Arg("uri", Text?.self)
    ) {
        call, uri in
        var to = Destination()
        if let uri { to.uri = uri.raw }
        return replicate(call.raw, to)
    }
    for (name, transport): (StaticString, StaticString) in [
        ("t_replicate_udp", "udp"), ("t_replicate_tcp", "tcp"), ("t_replicate_tls", "tls"),
    ] {
        Function(
            name, in: inRequest, "Sends a copy to host and port, and absorbs its replies.",
            Arg("host", Text?.self),
            Arg("port", Int.self, default: "0", in: 0...65_535)
        ) { call, host, port in
            var to = Destination()
            to.transport = mt_str(transport)
            if let host { to.host = host.raw }
            to.port = port
            return replicate(call.raw, to)
        }
    }
    Function(
        "t_replicate_to", in: inRequest,
        "Sends a copy to a proxy, as proto:host:port, and absorbs its replies.",
        Arg("proxy", Text.self), Arg("flags", Text?.self)
    ) { call, proxy, _ in
        guard let to = proxyDestination(proxy) else { return .no }
        return replicate(call.raw, to)
    }
}

private func relayTo(_ call: CallPointer, _ proxy: Text?, _ flags: Text?) -> Outcome {
    var to = Destination()
    var bits = flags?.integer ?? 0
    if let proxy {
        if flags == nil, let number = proxy.integer {
            bits = number
        } else if !proxy.isEmpty {
            guard let found = proxyDestination(proxy) else {
                Host.log(.error, "t_relay_to: \(proxy) is not proto:host:port")
                return .no
            }
            to = found
        }
    }
    to.options = Destination.Options(rawValue: bits & 7)
    return relay(call, to)
}

/// "udp:192.0.2.1:5060", "192.0.2.1:5060", "host", with an IPv6 address in brackets.
private func proxyDestination(_ text: Text) -> Destination? {
    var rest = text
    var to = Destination()
    for name in ["udp", "tcp", "tls", "sctp", "ws", "wss"] as [StaticString] {
        let count = name.utf8CodeUnitCount
        guard rest.count > count, rest[count] == UInt8(ascii: ":"),
            rest[0..<count].equalsIgnoringCase(mt_str(name))
        else { continue }
        to.transport = mt_str(name)
        rest = rest.dropFirst(count + 1)
        break
    }
    if let colon = rest.lastIndex(of: UInt8(ascii: ":")), rest[rest.count - 1] != UInt8(ascii: "]") {
        guard let port = rest.dropFirst(colon + 1).integer, port > 0, port < 65_536 else { return nil }
        to.port = port
        rest = rest.prefix(colon)
    }
    guard !rest.isEmpty else { return nil }
    to.host = rest.raw
    return to
}

/// A copy in a transaction of its own, which answers nobody: what becomes of the request itself is not affected.
private func replicate(_ call: CallPointer, _ to: Destination) -> Outcome {
    guard let message = call.pointee.msg, let copy = Server.message.pointee.copy(message) else { return .no }
    defer { Server.message.pointee.release(copy) }
    if to.isFixed {
        if to.uri.len > 0 { set(copy, MT_F_URI, to.uri) }
        setDestination(copy, to)
    } else if to.transport.len > 0 {
        setTransport(copy, to.transport)
    }
    return Outcome(sendLocal(call, copy, nil, flags: UInt32(TM_NO_ACK), nil, nil, isCopy: true) != 0)
}
