// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

@Declarations func commands() -> [any Declaration] {
    subscriptionCommands()
    appearanceCommands()
    Command("reload_groups", "Reads groups_table again.") { answer in reload(answer) }
}

// MARK: - subscriptions

@Declarations private func subscriptionCommands() -> [any Declaration] {
    Command("all_subscriptions", "All subscriptions: line, event, seconds left, state.") { answer in
        for group in lines.all { tell(answer, group) { _ in true } }
        return .yes
    }
    Command(
        "subscription_count", "How many subscriptions there are to an event: call-info or line-seize.",
        Arg("event", Text.self)
    ) { answer, event in
        guard let package = Package(event) else { return noEvent(answer, event) }
        let count = lines.all.reduce(0) { $0 + (lines.with($1) { $0.subscribers(package) } ?? 0) }
        answer.put("\(count) \(package.word)")
        return .yes
    }
    Command(
        "show_subscription", "The subscriptions to a line.", Arg("aor", Text.self), Arg("event", Text.self),
        Arg("contact", Text?.self)
    ) { answer, aor, event, contact in
        guard let package = Package(event) else { return noEvent(answer, event) }
        guard let group = line(aor) else { return noLine(answer, aor) }
        let contact = string(contact)
        tell(answer, group) { one in
            one.package == package && (contact.map { one.has(.contact, $0) } ?? true)
        }
        return .yes
    }
    Command(
        "subscribers", "The Contacts of those who subscribe to a line.", Arg("aor", Text.self),
        Arg("event", Text?.self)
    ) { answer, aor, event in
        guard let group = line(aor) else { return noLine(answer, aor) }
        var package: Package?
        if let event {
            guard let known = Package(event) else { return noEvent(answer, event) }
            package = known
        }
        let wanted = package
        let all = lines.with(group) { group in
            group.subscriptions.filter { wanted == nil || $0.package == wanted }.map {
                "\($0[.contact]) \($0.package.word)"
            }
        }
        for one in all ?? [] { answer.put(one) }
        return .yes
    }
    Command(
        "deactivate_subscription", "Ends a subscription.", Arg("aor", Text.self), Arg("event", Text.self),
        Arg("contact", Text.self)
    ) { answer, aor, event, contact in
        guard let package = Package(event) else { return noEvent(answer, event) }
        guard let group = line(aor) else { return noLine(answer, aor) }
        let contact = String(contact)
        let count = deactivate(group) { $0.package == package && $0.has(.contact, contact) }
        guard count > 0 else {
            return answer.fault(404, "\(contact) does not subscribe to \(package.word) of \(group.aor)")
        }
        answer.put("Deactivated \(count) \(package.word)")
        return .yes
    }
    Command("deactivate_all_subscriptions", "Ends all subscriptions.") { answer in
        let count = lines.all.reduce(0) { $0 + deactivate($1) { _ in true } }
        answer.put("Deactivated \(count)")
        return .yes
    }
}

private func tell(_ answer: borrowing Answer, _ group: Group, _ isWanted: (Subscription) -> Bool) {
    let now = Now.milliseconds
    let all: [String]? = lines.with(group) { group in
        group.subscriptions.filter(isWanted).map { one in
            // The Contact's user is that of the line, most often: what tells telephones apart is where they are.
            "\(place(one[.contact])) \(one.package.word) \(one.secondsLeft(at: now)) active"
        }
    }
    for line in all ?? [] { answer.put(line) }
}

/// "desk 192.0.2.11:5060" of "sip:desk@192.0.2.11:5060;x".
private func place(_ contact: String) -> String {
    contact.withRaw { raw in
        guard let uri = URI(Text(unchecked: raw)) else { return contact }
        return "\(uri.user) \(uri.host)" + (uri.port.map { ":\($0)" } ?? "")
    }
}

private func deactivate(_ group: Group, _ isWanted: (Subscription) -> Bool) -> Int {
    let count = lines.with(group) { $0.deactivate(at: Now.milliseconds, where: isWanted) } ?? 0
    if count > 0 { settleLater(group) }
    return count
}

// MARK: - appearances

@Declarations private func appearanceCommands() -> [any Declaration] {
    Command("all_appearances", "All appearances that are in use.") { answer in
        for group in lines.all { tell(answer, group, only: nil) }
        return .yes
    }
    Command(
        "show_appearance", "The appearances of a line that are in use, or one of them.",
        Arg("aor", Text.self),
        Arg("index", Int?.self)
    ) { answer, aor, index in
        guard let group = line(aor) else { return noLine(answer, aor) }
        if let index, lines.with(group, { $0.appearance(index) != nil }) != true {
            return noAppearance(answer, group, index)
        }
        tell(answer, group, only: index)
        return .yes
    }
    Command(
        "seize_appearance", "Seizes the lowest appearance that is free.", Arg("aor", Text.self),
        Arg("contact", Text.self)
    ) { answer, aor, contact in
        guard let name = LineName(aor) else { return answer.fault(500, "\(aor): no SIP URI") }
        guard LineName(contact) != nil else { return answer.fault(500, "\(contact): no SIP URI") }
        let owner = String(contact)
        let maximum = Limits.line(name)?.maximum ?? 0
        let made = lines.make(name) { group -> Int? in
            group.maximum = maximum
            return group.seize(owner: owner, at: Now.milliseconds)
        }
        guard let (group, found) = made, let index = found else {
            return answer.fault(500, "\(aor): no appearance is free")
        }
        settleLater(group)
        answer.put("Seized \(group.aor) appearance-index \(index) for \(owner)")
        return .yes
    }
    Command(
        "update_appearance", "Sets the state of an appearance.", Arg("aor", Text.self),
        Arg("index", Int.self), Arg("state", Text.self), Arg("uri", Text?.self)
    ) { answer, aor, index, word, uri in
        guard let state = AppearanceState(word, knowsRinging: true) else {
            return answer.fault(500, "\(word): invalid state")
        }
        guard let group = line(aor) else { return noLine(answer, aor) }
        let display = shown(uri)
        guard
            lines.with(group, { $0.update(index, to: state, display: display, at: Now.milliseconds) }) == true
        else {
            return noAppearance(answer, group, index)
        }
        settleLater(group)
        answer.put("Updated \(group.aor) appearance-index \(index) to \(state.word)")
        return .yes
    }
    Command(
        "release_appearance", "Releases an appearance.", Arg("aor", Text.self), Arg("index", Int.self)
    ) { answer, aor, index in
        guard let group = line(aor) else { return noLine(answer, aor) }
        guard lines.with(group, { $0.letGo(index, at: Now.milliseconds) }) == true else {
            return noAppearance(answer, group, index)
        }
        settleLater(group)
        answer.put("Released \(group.aor) appearance-index \(index)")
        return .yes
    }
}

/// What is given for appearance-uri; nil: nothing is.
private func shown(_ uri: Text?) -> String? {
    guard let uri, !uri.isEmpty else { return nil }
    var list = uri
    guard let address = list.takeAddress() else { return CallInfo.display(name: Text.absent, uri: uri) }
    return CallInfo.display(name: address.display, uri: address.uri)
}

private func tell(_ answer: borrowing Answer, _ group: Group, only index: Int?) {
    let all =
        lines.with(group) { group in group.appearances.filter { index == nil || $0.index == index } } ?? []
    for one in all {
        func shown(_ text: String) -> String { text.isEmpty ? "-" : text }
        answer.put(
            "\(group.aor) \(one.index) \(one.state.word) \(one.modified / 1000) \(shown(one.owner)) "
                + "\(shown(one.farContact)) \(shown(one.call.callID)) \(shown(one.call.fromTag)) \(shown(one.call.toTag))"
        )
    }
}

// MARK: - faults

private func line(_ aor: Text) -> Group? {
    guard let name = LineName(aor) else { return nil }
    return lines.find(name)
}

private func noLine(_ answer: borrowing Answer, _ aor: Text) -> Outcome {
    answer.fault(500, "\(aor): no such line")
}

private func noEvent(_ answer: borrowing Answer, _ event: Text) -> Outcome {
    answer.fault(500, "\(event): no such event; there are call-info and line-seize")
}

private func noAppearance(_ answer: borrowing Answer, _ group: Group, _ index: Int) -> Outcome {
    answer.fault(500, "\(group.aor): appearance-index \(index) is not in use")
}

/// Commands run on a thread of their own; what they decide is written and told by a worker.
private func settleLater(_ group: Group) {
    Loop.post(to: 0) { call in
        settle(call.raw, [group])
        return .yes
    }
}

// MARK: - groups_table

/// Waits for the rows.
private final class Reading: @unchecked Sendable {
    let rows = LimitRows()
    var ticket: Ticket?

    static let row: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let rows = Unmanaged<Reading>.fromOpaque(user).takeUnretainedValue().rows
        call.pointee.user = Unmanaged.passUnretained(rows).toOpaque()
        defer { call.pointee.user = user }
        return Loading.limitRow(call)
    }
    static let done: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let reading = Unmanaged<Reading>.fromOpaque(user).takeRetainedValue()
        if call.pointee.result > 0 { reading.rows.publish() }
        reading.ticket?.resume(call.pointee.result > 0 ? .yes : .no)
        return 1
    }
}

private func reload(_ answer: borrowing Answer) -> Outcome {
    guard Storage.groups != nil else { return answer.fault(500, "groups_table is not set") }
    let reading = Reading()
    let then = Action { call in
        let answer = Answer(call)
        guard call.result.isYes else { return answer.fault(500, "the table cannot be read") }
        answer.put("\(reading.rows.count) lines")
        return .yes
    }
    return answer.call.wait(upTo: .seconds(10), then: then) { ticket in
        reading.ticket = ticket
        Loop.post(to: 0) { call in
            let held = Unmanaged.passRetained(reading)
            let isAsked =
                Storage.groups.map {
                    Storage.find(call.raw, $0, [], Reading.row, Reading.done, held.toOpaque())
                }
            if isAsked != true {
                held.release()
                ticket.resume(.no)
            }
            return .yes
        }
    }
}
