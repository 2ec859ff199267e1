// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RrLogic

/// Downstream, unless our Route said otherwise.
func direction(_ message: Message) -> Direction { RouteState.find(message)?.pointee.direction ?? .downstream }

/// A parameter of the Route of ours that loose_route() took.
func routeParam(_ message: Message, _ name: mt_str, _ value: UnsafeMutablePointer<mt_str>?) -> Bool {
    guard let value, let state = RouteState.find(message), state.pointee.params.len > 0 else { return false }
    return Server.sip.pointee.param(state.pointee.params, name, value)
}

@Declarations func variables() -> [any Declaration] {
    Variable("route_uri", "The URI of the first Route, as it arrived.") { call, _ in
        let message = call.message
        if let state = RouteState.find(message), state.pointee.routeURI.len > 0 {
            return call.answer(Text(unchecked: state.pointee.routeURI))
        }
        guard let field = message.first(route) else { return call.answerNull() }
        var body = field.body
        guard let address = body.takeAddress() else { return call.answerNull() }
        return call.answer(address.uri)
    }
    Variable("fti", "The From tag of the request that started the dialog.") { call, _ in
        answer(call, direction(call.message) == .upstream ? call.message.toTag : call.message.fromTag)
    }
    Variable("tti", "The To tag as the request that started the dialog got it.") { call, _ in
        answer(call, direction(call.message) == .upstream ? call.message.fromTag : call.message.toTag)
    }
    Variable(
        "rdir", "Which way a request inside a dialog goes: (id) 1 downstream, 2 upstream; (name) in words."
    ) {
        call, key in
        let direction = direction(call.message)
        if key.name == "name" { return call.answer(direction.name) }
        if key.name.isEmpty || key.name == "id" { return call.answer(Int(direction.rawValue)) }
        return call.answerNull()
    }
}

private func answer(_ call: borrowing Call, _ tag: Text) -> Outcome {
    tag.isEmpty ? call.answerNull() : call.answer(tag)
}
