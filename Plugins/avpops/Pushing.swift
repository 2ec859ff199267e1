// SPDX-License-Identifier: Apache-2.0
import AvpopsLogic
import CMartlet
import PluginKit

/// Where avp_pushto writes: the Request-URI or a part of it, the next hop, a new target.
final class Destination: Sendable {
    enum Place { case uri, user, host, nextHop, target }

    let place: Place

    init?(_ text: Text) {
        switch String(text) {
        case "$ru": place = .uri
        case "$ru/username": place = .user
        case "$ru/domain": place = .host
        case "$du": place = .nextHop
        case "$br": place = .target
        default: return nil
        }
    }
}

/// What avp_pushto writes.
final class Pushed: Sendable {
    let source: Source
    let all: Bool

    init?(_ text: Text) {
        let parts = Specification.parts(String(text))
        guard parts.count <= 2, let source = Source(parts[0]) else { return nil }
        self.source = source
        all = parts.count == 2 && parts[1].lowercased() == "g"
        if parts.count == 2, !all { return nil }
    }
}

@Declarations func pushingFunctions() -> [any Declaration] {
    Function(
        "avp_pushto", in: .any, "Writes a value to the Request-URI, to the next hop or to a new target.",
        made("destination", "$ru, $ru/username, $ru/domain, $du or $br.") { raw in
            Prepared<Destination>.make(raw) { text in
                let made = Destination(text)
                if made == nil { refuse(text, "there are $ru, $ru/username, $ru/domain, $du and $br") }
                return made
            }
        },
        made("name", "A variable; $avp(name)/g for all values.") { raw in
            Prepared<Pushed>.make(raw) { text in
                let made = Pushed(text)
                if made == nil { refuse(text, "write a variable, or \"$avp(name)/g\"") }
                return made
            }
        }
    ) { (call, destination: Prepared<Destination>, pushed: Prepared<Pushed>) in
        guard let destination = destination.object, let pushed = pushed.object else { return notMade() }
        let message = call.message
        var count = 0
        pushed.source.each(call, all: pushed.all) { value in
            // The first goes where it shall; more of them become targets beside it.
            let isFirst = count == 0 || destination.place == .target
            guard push(Value(unchecked: value), destination.place, isFirst, message) else { return false }
            count += 1
            return true
        }
        return Outcome(count > 0)
    }
}

private func push(_ value: Value, _ place: Destination.Place, _ isFirst: Bool, _ message: Message) -> Bool {
    var text = value.text
    if let number = value.int { text = Line("\(number)").kept(by: message) }
    guard !text.isEmpty else { return false }
    switch place {
    case .uri where isFirst: return message.set(.uri, text).isYes
    case .uri, .target: return message.addTarget(text).isYes
    case .nextHop: return message.set(.nextHop, text).isYes
    case .user, .host:
        guard let uri = URI(message.uri) else { return false }
        let whole = changed(uri, message.uri, place, text).kept(by: message)
        return isFirst ? message.set(.uri, whole).isYes : message.addTarget(whole).isYes
    }
}

/// The URI with another user or host.
private func changed(_ uri: URI, _ whole: Text, _ place: Destination.Place, _ text: Text) -> Line {
    let old = place == .user ? uri.user : uri.host
    if place == .user, old.isAbsent {
        let scheme = whole.prefix(uri.scheme.count + 1)
        return Line("\(scheme)\(text)@\(whole.dropFirst(scheme.count))")
    }
    guard let start = old.raw.ptr, let base = whole.raw.ptr else { return Line(whole) }
    return Line("\(whole.prefix(start - base))\(text)\(whole.dropFirst(start - base + old.count))")
}
