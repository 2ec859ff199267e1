// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

private func profile() -> Arg<Text> { Arg("profile", Text.self, prepare: Profiles.check) }

@Declarations func profileFunctions() -> [any Declaration] {
    Function(
        "set_dlg_profile", in: .any, "The call belongs to that profile.", profile(), Arg("value", Text?.self)
    ) { call, name, value in join(call, name, value, most: .max) }
    Function(
        "dlg_join_profile", in: .any, "The same, unless there are so many: looked at and joined in one.",
        profile(), Arg("value", Text.self), Arg("most", Int.self)
    ) { call, name, value, most in join(call, name, value, most: most) }
    Function(
        "unset_dlg_profile", in: .any, "It does no more.", profile(), Arg("value", Text?.self)
    ) { call, name, value in
        guard let profile = Profiles.index(name) else { return .no }
        let value = raw(value)
        guard let seen = Seen(call.raw) else { return leavePending(call, profile, value) }
        if case .here(let dialog) = seen { return Outcome(leave(dialog, profile, value)) }
        let text = value.map { String(Text(unchecked: $0)) }
        return seen.change(call.raw) { _, dialog in
            text.withRaw { Outcome(leave(dialog, profile, $0.ptr == nil ? nil : $0)) }
        }
    }
    Function(
        "is_in_profile", in: .any, "Does it?", profile(), Arg("value", Text?.self)
    ) { call, name, value in
        guard let profile = Profiles.index(name) else { return .no }
        let value = raw(value)
        if let dialog = dialog(call.raw) { return Outcome(isMember(dialog, profile, value)) }
        var one = MessageState.find(call.message.raw)?.pointee.profiles
        while let here = one {
            if Int(here.pointee.number) == profile, value.map({ isSame(here.pointee.text, $0) }) ?? true {
                return .yes
            }
            one = here.pointee.next
        }
        return .no
    }
    Function(
        "get_profile_size", in: .any, "How many calls belong to it.", profile(),
        Arg("value", Expression.self, "The value that counts; or the result."),
        Arg("result", Expression?.self, "An $avp or $var.")
    ) { call, name, value, result in
        guard let profile = Profiles.index(name) else { return .no }
        guard let result else { return call.write(value, size(profile, nil)) }
        guard let read = call.read(value) else { return .no }
        return call.write(result, size(profile, read.isNull ? nil : text(of: read)))
    }
    Function(
        "dlg_remote_profile", in: .any, "Counts what is no call here.", Arg("cmd", Text.self, "add or rm"),
        profile(), Arg("value", Text.self), Arg("uid", Text.self), Arg("expires", Int.self, "Unix time")
    ) { call, command, name, value, id, expires in
        guard let profile = Profiles.index(name) else { return .no }
        let (value, id) = (String(value), String(id))
        if command.equals("add") {
            Profiles.with { $0.addRemote(profile, value, id: id, expires: expires) }
        } else if command.equals("rm") {
            Profiles.with { $0.removeRemote(profile, id: id) }
        } else {
            return .no
        }
        return .yes
    }
}

func raw(_ text: Text?) -> mt_str? {
    guard let text else { return nil }
    return text.raw
}

func string(_ text: Text?) -> String? {
    guard let text else { return nil }
    return String(text)
}

func size(_ profile: Int, _ value: String?) -> Int {
    let now = Loop.clock / 1000
    return Profiles.with { $0.size(profile, $0.definitions[profile].hasValue ? value : nil, now: now) }
}

private func join(_ call: borrowing Call, _ name: Text, _ value: Text?, most: Int) -> Outcome {
    guard let profile = Profiles.index(name) else { return .no }
    let definition = Profiles.definition(profile)
    let value = definition.hasValue ? raw(value) : nil
    if definition.hasValue, value == nil {
        Host.log(.error, "the profile \(definition.name) wants a value")
        return .no
    }
    let text = value ?? mt_str("")
    guard let seen = Seen(call.raw) else {
        // It counts from now on, so that a limit is one; and goes over to the dialog when there is one.
        let key = String(Text(unchecked: text))
        let now = Loop.clock / 1000
        guard Profiles.with({ $0.join(profile, key, most: most, now: now) }) else { return .no }
        MessageState.add(
            \.profiles, call.message, mt_str(), text, number: Int32(profile), replaces: false)
        return .yes
    }
    if case .here(let dialog) = seen {
        guard !dialog.pointee.life.isOver else { return .no }
        return Outcome(join(dialog, profile, text, most: most))
    }
    let key = String(Text(unchecked: text))
    return seen.change(call.raw) { _, dialog in
        key.withRaw { Outcome(!dialog.pointee.life.isOver && join(dialog, profile, $0, most: most)) }
    }
}

private func leavePending(_ call: borrowing Call, _ profile: Int, _ value: mt_str?) -> Outcome {
    guard let state = MessageState.find(call.message.raw) else { return .no }
    var before: UnsafeMutablePointer<MessageState.Pending>?
    var one = state.pointee.profiles
    while let here = one {
        if Int(here.pointee.number) == profile, value.map({ isSame(here.pointee.text, $0) }) ?? true {
            if let before {
                before.pointee.next = here.pointee.next
            } else {
                state.pointee.profiles = here.pointee.next
            }
            let text = String(Text(unchecked: here.pointee.text))
            Profiles.with { $0.leave(profile, text) }
            return .yes
        }
        before = here
        one = here.pointee.next
    }
    return .no
}
