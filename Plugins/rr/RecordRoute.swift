// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RrLogic

/// record_route(): this server wants to see the later requests of the dialog too.
func recordRoute(_ call: borrowing Call, _ message: Message, _ params: mt_str) -> Outcome {
    guard let state = begin(call, message) else { return .no }
    let lr: StaticString = enableFullLR.value != 0 ? ";lr=on" : ";lr"
    state.pointee.recorded = .plain
    state.pointee.tail =
        Line("\(lr)\(fromTag(message, state))\(params)\(state.pointee.waiting)").kept(by: message).raw
    return insert(message, state)
}

/// record_route_preset(): with these addresses, whatever the sockets. The first is the side that the request
/// leaves by.
func recordRoutePreset(_ call: borrowing Call, _ message: Message, _ first: mt_str, _ second: mt_str)
    -> Outcome
{
    if second.len > 0, enableDouble.value == 0 {
        Host.log(.error, "record_route_preset with two addresses needs enable_double_rr")
        return .no
    }
    guard first.len > 0, let state = begin(call, message) else { return .no }
    state.pointee.recorded = .preset
    state.pointee.address = message.keep(first).raw
    state.pointee.secondAddress = message.keep(second).raw
    state.pointee.isDouble = second.len > 0
    state.pointee.tail = presetTail(message, state)
    return insert(message, state)
}

/// record_route_advertised_address(): with this address, and the transports of the sockets.
func recordRouteAdvertised(_ call: borrowing Call, _ message: Message, _ address: mt_str) -> Outcome {
    guard address.len > 0, let state = begin(call, message) else { return .no }
    state.pointee.recorded = .advertised
    state.pointee.address = message.keep(address).raw
    state.pointee.tail = presetTail(message, state)
    return insert(message, state)
}

/// add_rr_param(): into the headers that are there, or into those to come.
func addParam(_ message: Message, _ param: mt_str) -> Outcome {
    guard param.len > 0, let state = RouteState.make(message) else { return .no }
    if state.pointee.recorded == .no {
        state.pointee.waiting = Line("\(state.pointee.waiting)\(param)").kept(by: message).raw
        return .yes
    }
    state.pointee.tail = Line("\(state.pointee.tail)\(param)").kept(by: message).raw
    return rewrite(message, state, wasDouble: state.pointee.isDouble)
}

/// remove_record_route(): takes back what the functions above put in.
func removeRecordRoute(_ message: Message) -> Outcome {
    guard let state = RouteState.find(message), state.pointee.recorded != .no else { return .yes }
    for _ in 0..<(state.pointee.isDouble ? 2 : 1) {
        guard let field = message.first(recordRouteHeader) else { break }
        message.remove(field)
    }
    state.pointee.recorded = .no
    return .yes
}

/// Hook "core.sending": now it is known by which socket the request leaves. Where that is not the one that
/// the header names, because of a DNS answer or another transport, the header is put right.
func settle(_ message: Message, _ flow: mt_flow) -> Outcome {
    let socket = Sockets.row(flow)
    guard let state = RouteState.find(message), state.pointee.socketOut != socket,
        state.pointee.recorded == .plain || state.pointee.recorded == .advertised, enableDouble.value != 0
    else { return .yes }
    let wasDouble = state.pointee.isDouble
    state.pointee.socketOut = socket
    state.pointee.isDouble = needsTwo(state)
    rewrite(message, state, wasDouble: wasDouble)
    return .yes
}

// MARK: What goes in

private func begin(_ call: borrowing Call, _ message: Message) -> UnsafeMutablePointer<RouteState>? {
    guard let state = RouteState.make(message) else { return nil }
    // A branch may do so once more, for itself.
    guard state.pointee.recorded == .no || state.pointee.isInherited else {
        Host.log(.error, "double attempt to record-route")
        return nil
    }
    state.pointee.isInherited = false
    let flow = message.flow
    state.pointee.socketIn = Sockets.row(flow.raw)
    state.pointee.socketOut =
        message.number(.outSocket).map { UInt32(truncatingIfNeeded: $0) } ?? Sockets.row(flow.raw)
    state.pointee.user = user(call, message)
    state.pointee.isSecure = ignoreSIPS.value == 0 && isSecure(message)
    return state
}

/// A flow token, or what custom_user_avp and add_username ask for; with the "@".
private func user(_ call: borrowing Call, _ message: Message) -> mt_str {
    if outbound.isThere {
        // loose_route() may have taken the Route already.
        let first = RouteState.find(message)?.pointee.routeURI ?? mt_str()
        let token = outbound.table.pointee.token(call.raw, message.raw, first)
        return token.len > 0 ? Line("\(token)@").kept(by: message).raw : mt_str()
    }
    if let customUser, let value = call.read(customUser, of: message) {
        if !value.text.isEmpty { return Line("\(value.text)@").kept(by: message).raw }
        if let number = value.int { return Line("\(number)@").kept(by: message).raw }
    }
    guard addUsername.value != 0, let uri = URI(message.uri), !uri.user.isEmpty else { return mt_str() }
    return Line("\(uri.user)@").kept(by: message).raw
}

/// RFC 3261, 16.6 step 4: sips in the Request-URI or in the topmost Route asks for sips here.
private func isSecure(_ message: Message) -> Bool {
    if message.uri.hasPrefixIgnoringCase(Word.sipsColon) { return true }
    guard let field = message.first(route) else { return false }
    var body = field.body
    guard let address = body.takeAddress() else { return false }
    return address.uri.hasPrefixIgnoringCase(Word.sipsColon)
}

/// ";ftag=x": the tag of the one who started the dialog, who is the To of a request that goes upstream.
private func fromTag(_ message: Message, _ state: UnsafeMutablePointer<RouteState>) -> mt_str {
    guard appendFromTag.value != 0 else { return mt_str() }
    let upstream = state.pointee.hasRouted && state.pointee.direction == .upstream
    let tag = upstream ? message.toTag.raw : message.fromTag.raw
    return tag.len == 0 ? mt_str() : Line(";ftag=\(tag)").kept(by: message).raw
}

private func presetTail(_ message: Message, _ state: UnsafeMutablePointer<RouteState>) -> mt_str {
    let lr: StaticString = enableFullLR.value != 0 ? ";lr=on" : ";lr"
    return Line("\(fromTag(message, state))\(lr)\(state.pointee.waiting)").kept(by: message).raw
}

private func needsTwo(_ state: UnsafeMutablePointer<RouteState>) -> Bool {
    switch state.pointee.recorded {
    case .no: return false
    case .preset: return state.pointee.secondAddress.len > 0
    case .plain:
        return enableDouble.value == 2
            || enableDouble.value == 1 && state.pointee.socketIn != state.pointee.socketOut
    case .advertised:
        // The address is the same on both sides; only a change of transport takes two.
        guard let a = Sockets[state.pointee.socketIn], let b = Sockets[state.pointee.socketOut] else {
            return false
        }
        return enableDouble.value == 2
            || enableDouble.value == 1 && !Text(unchecked: a.pointee.transport).equals(b.pointee.transport)
    }
}

/// Above all other Record-Routes; of two, the side that the request leaves by is on top.
private func insert(_ message: Message, _ state: UnsafeMutablePointer<RouteState>) -> Outcome {
    state.pointee.isDouble = needsTwo(state)
    if state.pointee.isDouble {
        let below = body(message, state, outgoing: false)
        guard message.prepend(Line("Record-Route: \(below)")).isYes else { return .no }
    }
    let top = body(message, state, outgoing: true)
    return message.prepend(Line("Record-Route: \(top)")).isYes ? .yes : .no
}

/// Makes the headers that are there into those that the state describes.
@discardableResult
private func rewrite(_ message: Message, _ state: UnsafeMutablePointer<RouteState>, wasDouble: Bool)
    -> Outcome
{
    var fields = message.headers(recordRouteHeader)
    guard let first = fields.next() else { return .no }
    let second = wasDouble ? fields.next() : nil
    if state.pointee.isDouble {
        let below = body(message, state, outgoing: false)
        if let second {
            message.replace(second, below)
        } else {
            message.insert(Line("Record-Route: \(below)"), after: first)
        }
    } else if let second {
        message.remove(second)
    }
    return message.replace(first, body(message, state, outgoing: true)).isYes ? .yes : .no
}

/// <sip:user@host:port;transport=tcp;r2=on;lr;ftag=x>
private func body(_ message: Message, _ state: UnsafeMutablePointer<RouteState>, outgoing: Bool) -> mt_str {
    let scheme: StaticString = state.pointee.isSecure ? "<sips:" : "<sip:"
    let r2: StaticString = state.pointee.isDouble ? ";r2=on" : ""
    // Without double record-routing the one header is for the side that the request came from.
    let socket = outgoing && enableDouble.value != 0 ? state.pointee.socketOut : state.pointee.socketIn
    let user = state.pointee.user
    let tail = state.pointee.tail
    switch state.pointee.recorded {
    case .no:
        return mt_str()
    case .plain:
        let head = Sockets[socket]?.pointee.head ?? mt_str()
        return Line("\(scheme)\(user)\(head)\(r2)\(tail)>").kept(by: message).raw
    case .preset:
        let address = outgoing ? state.pointee.address : state.pointee.secondAddress
        return Line("\(scheme)\(user)\(address)\(tail)>").kept(by: message).raw
    case .advertised:
        // A single one has no transport when it is the default; two always say which is which.
        let transport =
            state.pointee.isDouble
            ? explicitTransport(socket) : Sockets[socket]?.pointee.parameter ?? mt_str()
        return Line("\(scheme)\(user)\(state.pointee.address)\(transport)\(r2)\(tail)>").kept(by: message).raw
    }
}

private func explicitTransport(_ socket: UInt32) -> mt_str {
    guard let one = Sockets[socket] else { return mt_str() }
    return one.pointee.parameter.len > 0 ? one.pointee.parameter : mt_str(";transport=udp")
}
