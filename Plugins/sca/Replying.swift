// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// Replies to INVITEs of shared lines, as they come.
enum Replying {
    static func reply(
        _ call: borrowing Call, _ places: [CallTable.Place], _ callee: Group?, _ info: CallInfo?
    )
        -> Outcome
    {
        let message = call.message
        let status = message.status ?? 0
        // What fails is seen when it is passed on: another branch may do better.
        guard status > 100, status < 300, !isInside(message) else { return .yes }
        let name = callName(message)
        let now = Now.milliseconds
        var groups = places.map(\.group)
        let far = contact(of: message) ?? ""
        if status < 200 {
            for place in places { lines.with(place.group) { $0.progress(place.index, name.callID, at: now) } }
        } else {
            answered(message, places, name, far, &groups, now)
        }
        // A line that calls itself, to pick up or not, has one appearance for that.
        if let callee, !calls(callee, places) { called(call, callee, name, status, far, info, &groups, now) }
        return settle(call, groups) { _ in .yes }
    }

    private static func calls(_ group: Group, _ places: [CallTable.Place]) -> Bool {
        places.contains { place in
            place.group === group
                && lines.with(group) { $0.appearance(place.index).map { !$0.isCallee } ?? false } == true
        }
    }

    /// The INVITE had a To tag: nothing comes about by its answer.
    private static func isInside(_ reply: Message) -> Bool {
        let transaction = tm.table.pointee.find(reply.raw)
        guard transaction != 0, let request = tm.table.pointee.request(transaction) else { return false }
        return !Message(request).toTag.isEmpty
    }

    // MARK: - the line that called

    private static func answered(
        _ message: Message, _ places: [CallTable.Place], _ name: CallName, _ far: String,
        _ groups: inout [Group], _ now: Int64
    ) {
        let to = message.header(toHeader)
        let shown = display(to)
        for place in places {
            let mine: Bool? = lines.with(place.group) { group in
                group.appearance(place.index).map { !$0.isCallee && $0.call.callID == name.callID } ?? false
            }
            guard mine == true else { continue }
            assert(message, to)
            let replaced = lines.with(place.group) { group in
                group.answered(
                    place.index, name.callID, tag: name.toTag, farContact: far, display: shown, at: now
                ).map { ($0.peer, $0.old, group.appearance(place.index)?.owner ?? "") }
            }
            // The far end's own line has this call now instead of the one that was held.
            guard let found = replaced, let (peer, old, owner) = found, let peer,
                let group = lines.find(aor: peer.aor)
            else { continue }
            lines.with(group) { $0.replaced(peer.index, old, by: name, farContact: owner, at: now) }
            if !groups.contains(where: { $0 === group }) { groups.append(group) }
        }
    }

    /// Who has answered: the caller's telephone shows it.
    private static func assert(_ message: Message, _ to: Text) {
        guard message.first(identityHeader) == nil else { return }
        var list = to
        guard let address = list.takeAddress() else { return }
        var aor = address.uri
        if let name = LineName(address.uri) { aor = message.keep(name.aor) }
        let display = address.display.trimmed
        message.append(
            display.isEmpty
                ? Line("P-Asserted-Identity: <\(aor)>") : Line("P-Asserted-Identity: \(display) <\(aor)>"))
    }

    // MARK: - the line that is called

    private static func called(
        _ call: borrowing Call, _ callee: Group, _ name: CallName, _ status: Int, _ owner: String,
        _ info: CallInfo?, _ groups: inout [Group], _ now: Int64
    ) {
        let message = call.message
        let caller = request(of: message).flatMap { contact(of: Message($0)) } ?? String(message.fromURI)
        let shown = display(message.header(fromHeader))
        let index: Int?
        if status < 200 {
            var early = name
            // Several may ring.
            early.toTag = ""
            let call_ = early
            index = lines.with(callee) { $0.alert(call_, farContact: caller, display: shown, at: now) } ?? nil
        } else {
            index =
                lines.with(callee) {
                    $0.picked(
                        info?.index, owner: owner, name, farContact: caller, display: shown, at: now)
                } ?? nil
        }
        if !groups.contains(where: { $0 === callee }) { groups.append(callee) }
        guard let index else {
            return Host.log(.notice, "\(callee.aor): a call comes in unseen: there are no more appearances")
        }
        guard status >= 200 else { return }
        join(callee, index, name, groups)
    }

    private static func request(of reply: Message) -> OpaquePointer? {
        let transaction = tm.table.pointee.find(reply.raw)
        return transaction == 0 ? nil : tm.table.pointee.request(transaction)
    }

    /// Both sides of the call are shared lines: each knows the other.
    private static func join(_ callee: Group, _ index: Int, _ name: CallName, _ groups: [Group]) {
        let hash = CallTable.hash(name.callID)
        let all = name.callID.withRaw { lines.calls.find(Text(unchecked: $0), hash: hash) }
        for place in all where place != CallTable.Place(group: callee, index: index) {
            let aor = place.group.aor
            lines.with(callee) {
                $0.join(index, name.callID, with: Appearance.Peer(aor: aor, index: place.index))
            }
            lines.with(place.group) {
                $0.join(place.index, name.callID, with: Appearance.Peer(aor: callee.aor, index: index))
            }
        }
    }
}
