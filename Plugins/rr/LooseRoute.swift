// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import RrLogic

/// What loose_route() answers.
enum Routed {
    static let done = Outcome.yes
    static let byFlow = Outcome(2)
    static let failed = Outcome.no
    static let forged = Outcome(-2)
    /// The Route named us alone, in a request outside any dialog: nothing says that the sender may be
    /// relayed.
    static let preloaded = Outcome(-3)
}

/// loose_route(): goes where the Route headers say (RFC 3261, 16.4 and 16.6).
///
/// - Parameter mode: 1 never looks for a strict router behind us, 2 takes no notice of flow tokens.
func looseRoute(_ call: borrowing Call, _ message: Message, mode: Int) -> Outcome {
    guard message.first(route) != nil else { return Routed.failed }
    var entries = RouteEntries(message)
    guard let first = entries.next(), let firstURI = URI(Text(unchecked: first.uri)) else {
        Host.log(.error, "loose_route: the Route cannot be read")
        return Routed.failed
    }
    let second = entries.next()
    let third = second == nil ? nil : entries.next()
    let set = RouteSet(
        RouteSet.Entry(firstURI), second.flatMap { RouteSet.Entry($0.uri) },
        third.flatMap { RouteSet.Entry($0.uri) },
        requestURI: RouteSet.Entry(message.uri.raw), isInDialog: !message.toTag.isEmpty)
    let pairs = enableDouble.value != 0
    guard !entries.isBroken, second == nil || set.second != nil, third == nil || set.third != nil,
        set.requestURI != nil,
        let decision = set.decide(pairs: pairs, strict: mode & 1 == 0, always: forceSendSocket.value != 0),
        let state = RouteState.make(message)
    else {
        Host.log(.error, "loose_route: a Route entry or the Request-URI is no SIP URI")
        return Routed.failed
    }

    // Our own entry, whose parameters are ours: in Route, or in the Request-URI after a strict router.
    let own = ownURI(decision, first: first.uri, requestURI: message.uri)
    var token = FlowToken.none
    if let own, mode & 2 == 0 {
        token = FlowToken(call, message, own)
        if case .forged = token { return Routed.forged }
    }
    state.pointee.routeURI = message.keep(first.uri).raw
    if let own {
        // Mostly it is the first one, which has been read.
        if own.ptr == first.uri.ptr { note(own, firstURI, message, state) } else { note(own, message, state) }
    }
    if let index = decision.socketOf { choose(index == 0 ? first.uri : second?.uri ?? first.uri, message) }

    follow(decision, [first.uri, second?.uri ?? mt_str(), third?.uri ?? mt_str()], message, state)
    if case .toward(let flow) = token { send(message, to: flow) }

    if own != nil, state.pointee.params.len > 0,
        !tell(call, message, state, isPreloaded: !set.isInDialog)
    {
        return .stop
    }
    if case .toward = token { return Routed.byFlow }
    let alone = decision.taken > 0 && decision.next == .requestURI
    return alone && !set.isInDialog ? Routed.preloaded : Routed.done
}

/// loose_route_preloaded(): only where the Route comes with a request outside any dialog.
func loosePreloaded(_ call: borrowing Call, _ message: Message) -> Outcome {
    guard message.toTag.isEmpty, message.first(route) != nil else { return .no }
    let outcome = looseRoute(call, message, mode: looseRouteMode.value)
    return outcome.isYes || outcome == Routed.preloaded ? .yes : outcome
}

private func ownURI(_ decision: RouteSet.Decision, first: mt_str, requestURI: Text) -> mt_str? {
    switch decision.next {
    case .restore, .replace: requestURI.raw
    case .requestURI, .follow, .become: decision.taken > 0 ? first : nil
    }
}

/// Keeps our own parameters, and learns from them which way the request goes.
private func note(_ uri: mt_str, _ message: Message, _ state: UnsafeMutablePointer<RouteState>) {
    if let parsed = URI(Text(unchecked: uri)) { note(uri, parsed, message, state) }
}

private func note(
    _ uri: mt_str, _ parsed: URI, _ message: Message, _ state: UnsafeMutablePointer<RouteState>
) {
    var params = parsed.params.raw
    if let start = params.ptr, params.len > 0, start[0] != 59, start > uri.ptr, start[-1] == 59 {
        // With the semicolon in front, as patterns for check_route_param() expect it.
        params = mt_str(ptr: start - 1, len: params.len + 1)
    }
    state.pointee.params = message.keep(params).raw
    state.pointee.hasRouted = true
    state.pointee.direction = Direction(ftag: parsed.param(Word.ftag), fromTag: message.fromTag)
}

private func choose(_ uri: mt_str, _ message: Message) {
    guard let parsed = URI(Text(unchecked: uri)) else { return }
    if let socket = Sockets.named(by: parsed) {
        message.set(.outSocket, Int(socket))
    } else if warnOnMismatch.value != 0 {
        Host.log(.warning, "no socket for the Route \(Text(unchecked: uri))")
    }
}

private func follow(
    _ decision: RouteSet.Decision, _ uris: InlineArray<3, mt_str>, _ message: Message,
    _ state: UnsafeMutablePointer<RouteState>
) {
    state.pointee.followsRoute = false
    switch decision.next {
    case .requestURI:
        RouteEntries.removeFront(decision.taken, of: message)
    case .follow(let index):
        RouteEntries.removeFront(decision.taken, of: message)
        setNextHop(uris[index], message)
        state.pointee.followsRoute = decision.taken > 0
    case .become(let index):
        RouteEntries.removeFront(index + 1, of: message)
        RouteEntries.append(message.uri, to: message)
        message.set(.uri, uris[index])
        message.clear(.nextHop)
        state.pointee.followsRoute = decision.taken > 0
    case .restore(let index):
        RouteEntries.removeFront(decision.taken, of: message)
        var entries = RouteEntries(message)
        var last = uris[index]
        while let entry = entries.next() { last = entry.uri }
        setNextHop(uris[index], message)
        message.set(.uri, last)
        RouteEntries.removeLast(of: message)
    case .replace(let index):
        RouteEntries.removeFront(index + 1, of: message)
        message.set(.uri, uris[index])
        message.clear(.nextHop)
    }
}

/// maddr says where a URI is to be reached, whatever its host (RFC 3261, 19.1.1).
private func setNextHop(_ uri: mt_str, _ message: Message) {
    guard let parsed = URI(Text(unchecked: uri)), let address = parsed.param(Word.maddr), !address.isEmpty
    else {
        message.set(.nextHop, uri)
        return
    }
    let port = parsed.port.map { Line(":\($0)").kept(by: message).raw } ?? mt_str()
    var transport = mt_str()
    if let written = parsed.param(Word.transport) {
        transport = Line(";transport=\(written)").kept(by: message).raw
    }
    message.set(.nextHop, Line("\(parsed.scheme):\(address)\(port)\(transport)"))
}

/// "rr.routed": dialogs are found by the parameters of our Route. False: somebody has answered the request.
private func tell(
    _ call: borrowing Call, _ message: Message, _ state: UnsafeMutablePointer<RouteState>, isPreloaded: Bool
) -> Bool {
    var data = rr_routed(
        params: state.pointee.params, direction: state.pointee.direction.rawValue,
        preloaded: isPreloaded ? 1 : 0)
    return routed.emit(call, message, &data) != .stop
}
