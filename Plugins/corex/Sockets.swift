// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

@Declarations func socketFunctions() -> [any Declaration] {
    Function(
        "set_send_socket", in: .any, "Sets the socket to send from.",
        Arg("saddr", Text.self, "\"udp:192.0.2.1:5060\"")
    ) { call, address in use(Socket.named(address), address, call.message) }
    Function(
        "set_send_socket_name", in: .any, "Sets the socket to send from, by the name of its listen line.",
        Arg("sname", Text.self)
    ) { call, name in use(socket(called: name), name, call.message) }
    Function("is_socket_name", in: .any, "Has a socket that name?", Arg("sockname", Text.self)) { _, name in
        Outcome(socket(called: name) != nil)
    }
}

private func use(_ socket: Socket?, _ text: Text, _ message: Message) -> Outcome {
    guard let socket else {
        Host.log(.error, "there is no socket \(text)")
        return .no
    }
    return message.set(.outSocket, Int(socket.index)).isYes ? .yes : .no
}

private func socket(called name: Text) -> Socket? {
    guard !name.isEmpty else { return nil }
    for index in 0..<Socket.count {
        let socket = Socket(index: UInt32(index))
        if socket.name.equals(name) { return socket }
    }
    return nil
}

/// The first socket of that transport and family.
func socket(for transport: StaticString, isIPv6: Bool) -> Socket? {
    for index in 0..<Socket.count {
        let socket = Socket(index: UInt32(index))
        let text = socket.text
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { continue }
        if text.prefix(colon).equalsIgnoringCase(transport), text.contains(UInt8(ascii: "[")) == isIPv6 {
            return socket
        }
    }
    return nil
}
