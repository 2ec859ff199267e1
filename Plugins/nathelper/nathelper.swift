// SPDX-License-Identifier: Apache-2.0
// Who is behind a NAT, where he really is, and pings that keep the way to him open.
import CMartlet
import NathelperLogic
import PluginKit

private let plugin = Plugin(
    "nathelper", "1.0.0", "Who is behind a NAT, where he really is, and pings to him."
) {
    usrloc
    Headers.all
    parameters()
    testFunctions()
    contactFunctions()
    aliasFunctions()
    Ping.counters

    Variable("rr_count", "How many Record-Routes there are.") { call, _ in
        call.hasMessage ? call.answer(routeCount(call.message, ofTop: false)) : call.answerNull()
    }
    Variable("rr_top_count", "How many Record-Routes the topmost header has.") { call, _ in
        call.hasMessage ? call.answer(routeCount(call.message, ofTop: true)) : call.answerNull()
    }

    Start { Ping.prepare() }
    Hook("core.reply", order: -50) { Ping.answered($0) }
    Hook("core.worker") { call in
        if call.worker == 0 { Ping.start() }
        return .yes
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

private func routeCount(_ message: Message, ofTop: Bool) -> Int {
    var count = 0
    var fields = message.headers(Headers.recordRoute)
    while let field = fields.next() {
        var list = field.body
        while list.takeAddress() != nil { count += 1 }
        if ofTop { break }
    }
    return count
}

private func number(_ text: Text) -> Int { text.trimmed.integer ?? 0 }

@Declarations private func testFunctions() -> [any Declaration] {
    Function(
        "nat_uac_test", in: .any, "Is somebody behind a NAT?",
        Arg(
            "flags", Text.self, "1 Contact, 2 source, 4 Via, 8 SDP, 16 port, ...; one that is true is enough."
        )
    ) { call, flags in Testing.isBehindNAT(call.message, NATTests(rawValue: number(flags))) ? .yes : .no }
    Function(
        "is_rfc1918", in: .any, "Does an address mean nothing outside somebody's network?",
        Arg("ip", Text.self)
    ) { _, address in PrivateAddress.contains(address.trimmed) ? .yes : .no }
}

@Declarations private func contactFunctions() -> [any Declaration] {
    let anyMessage: Where = [.request, .reply, .failure, .branch]
    Function("fix_nated_contact", in: anyMessage, "Contact gets the address that it came from.") { call in
        Contacts.fix(call.message) ? .yes : .no
    }
    Function(
        "fix_nated_register", in: [.request, .reply, .failure],
        "Leaves the address that it came from in received_avp, for save()."
    ) { call in
        guard let variable = receivedAVP.value else {
            Host.log(.error, "fix_nated_register() needs received_avp")
            return .no
        }
        return call.write(variable, Source(call.message).uri).isYes ? .yes : .no
    }
    Function(
        "fix_nated_sdp", in: anyMessage, "Gives the session description the address that it came from.",
        Arg(
            "flags", Text.self, "1 direction:active, 2 connections, 4 the line nortpproxy_str, 8 the origin."),
        Arg("ip", Text?.self, "Another address.")
    ) { call, flags, _ in
        let message = call.message
        let given = call.argument(1).text.trimmed
        let address = given.isEmpty ? Source(message).address : AddressBytes(given)
        guard let address, !message.body.isEmpty else { return .no }
        let edit = SessionDescription.Edit(rawValue: number(flags))
        let body = SessionDescription.edited(
            message.body, edit, address: address.text, isIPv6: address.v4 == nil,
            keepsOld: keepsOldAddress.value, mark: String(noProxyLine.value))
        guard let body else { return .yes }
        return message.set(.body, body).isYes ? .yes : .no
    }
    Function(
        "add_rcv_param", in: [.request, .failure], "Contact says where it came from.",
        Arg("flag", Text.self, default: "0", "1: in its URI.")
    ) { call, flag in Contacts.addReceived(call.message, inURI: number(flag) != 0) ? .yes : .no }
}

@Declarations private func aliasFunctions() -> [any Declaration] {
    let anyMessage: Where = [.request, .reply, .failure, .branch]
    Function(
        "add_contact_alias", in: anyMessage, "Contact gets a parameter with the address that it came from.",
        Arg("ip", Text?.self, "Another address."), Arg("port", Text?.self), Arg("proto", Text?.self)
    ) { call, _, _, _ in
        let host = call.argument(0).text
        guard !host.isEmpty else { return Contacts.addAlias(call.message, nil) }
        guard let port = call.argument(1).text.trimmed.integer, (1...65_535).contains(port),
            let transport = Alias.number(call.argument(2).text.trimmed)
        else {
            Host.log(.error, "add_contact_alias() needs an address, a port and a transport, or nothing")
            return .no
        }
        return Contacts.addAlias(call.message, Alias(host: String(host), port: port, transport: transport))
    }
    Function(
        "set_contact_alias", in: anyMessage, "The same.",
        Arg("trim", Text?.self, "Accepted; has no effect here.")
    ) { call, _ in Contacts.addAlias(call.message, nil) }
    Function(
        "handle_ruri_alias", in: [.request, .branch, .local, .failure],
        "Sends to the address that the Request-URI has in its parameter, which it loses.",
        Arg("mode", Text.self, default: "0", "0 the last such parameter, 1 the first.")
    ) { call, mode in Contacts.useAlias(call.message, isFirst: number(mode) == 1) }
    Function(
        "set_alias_to_pv", in: .any,
        "The parameter with the address that it came from, for a URI of one's own.",
        Arg("to", Expression.self, "A variable.")
    ) { call, to in
        call.write(to, ";\(aliasName.value)=\(Source(call.message).alias.value)").isYes ? .yes : .no
    }
}
