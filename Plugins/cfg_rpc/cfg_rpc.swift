// SPDX-License-Identifier: Apache-2.0
// Reads and changes settings of a running server.
import CMartlet
import Cfg_rpcLogic
import PluginKit
import Synchronization

private let staged = Mutex(Staged())

private let plugin = Plugin("cfg_rpc", "1.0.0", "Reads and changes settings of a running server.") {
    reading()
    setting()
    staging()
    instances()
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

private func group() -> Arg<Text> { Arg("group", Text.self) }
private func name() -> Arg<Text> { Arg("name", Text.self) }

// MARK: - reading

@Declarations private func reading() -> [any Declaration] {
    Command("cfg.list", "The settings that there are.", Arg("group", Text?.self)) { answer, wanted in
        var group: String?
        if let wanted { group = String(wanted) }
        for index in 0..<Settings.count {
            guard let setting = Settings.at(index) else { continue }
            let its = Settings.text(setting.group)
            if group == nil || group == its { answer.put("\(its): \(Settings.text(setting.name))") }
        }
        return .yes
    }
    Command("cfg.get", "What a setting is, or all of a group.", group(), Arg("name", Text?.self)) {
        answer, group, name in
        guard let group = GroupName.canonical(String(group)) else { return unreadable(answer) }
        guard let name else {
            let all = Settings.of(group)
            guard !all.isEmpty else { return unreadable(answer) }
            answer.structure { answer in
                for (_, setting) in all where !setting.isSecret {
                    answer.put(named: Settings.text(setting.name), setting.shown)
                }
            }
            return .yes
        }
        guard let (_, setting) = Settings.find(group, String(name)) else { return unreadable(answer) }
        guard !setting.isSecret else {
            return answer.fault(400, "Variable exists, but it is not readable via RPC interface")
        }
        answer.put(setting.shown)
        return .yes
    }
    Command("cfg.help", "What a setting is for.", group(), name()) { answer, group, name in
        guard let group = GroupName.canonical(String(group)),
            let (_, setting) = Settings.find(group, String(name))
        else { return answer.fault(400, "Failed to get the variable description") }
        let help = Settings.text(setting.help)
        if !help.isEmpty { answer.put(help) }
        answer.put("(parameter type is \(setting.isNumber ? "integer" : "string"))")
        return .yes
    }
}

private func unreadable(_ answer: borrowing Answer) -> Outcome {
    answer.fault(400, "Failed to get the variable")
}

// MARK: - setting

@Declarations private func setting() -> [any Declaration] {
    change("cfg.set", "Sets it now.", .any, later: false)
    change("cfg.seti", "Sets a number now.", .number, later: false)
    change("cfg.sets", "Sets a text now.", .text, later: false)
    change("cfg.set_now_int", "Sets a number now.", .number, later: false)
    change("cfg.set_now_string", "Sets a text now.", .text, later: false)
    change("cfg.set_delayed", "Sets it at cfg.commit.", .any, later: true)
    change("cfg.set_delayed_int", "Sets a number at cfg.commit.", .number, later: true)
    change("cfg.set_delayed_string", "Sets a text at cfg.commit.", .text, later: true)
    Command("cfg.reset", "What the file made it, or all of a group.", group(), Arg("name", Text?.self)) {
        answer, group, name in
        guard let group = GroupName.canonical(String(group)) else { return refused(answer, "no group") }
        var changes: [Staged.Change] = []
        if let name {
            guard let (index, _) = Settings.find(group, String(name)) else {
                return refused(answer, "there is no \(group).\(String(name))")
            }
            changes = [Staged.Change(index: index, value: nil)]
        } else {
            changes = Settings.of(group).filter { $0.setting.flags & UInt32(MT_FIXED) == 0 }
                .map { Staged.Change(index: $0.index, value: nil) }
            guard !changes.isEmpty else { return refused(answer, "there is no group \(group)") }
        }
        return Settings.set(changes).map { refused(answer, $0) } ?? .yes
    }
}

private enum Kind { case any, number, text }

private func change(_ command: StaticString, _ help: StaticString, _ kind: Kind, later: Bool) -> Command {
    // The value is taken as it came: what kind it is of is for the command to say.
    var value = mt_field()
    value.name = mt_str("value").ptr
    value.help = mt_str("What it is to be.").ptr
    return Command(command, help, arguments: [group().field, name().field, value]) { answer in
        let raw = answer.call.raw
        let given = raw.pointee.argc > 2 ? raw.pointee.args[2] : mt_value()
        let wanted: SettingValue
        switch given.type {
        case UInt32(MT_NULL):
            return answer.fault(400, "error at parameter 2: expected value but end of packet encountered")
        case UInt32(MT_STR):
            guard kind != .number else { return mistyped(answer, "integer") }
            wanted = .text(Settings.text(given.str))
        default:
            guard kind != .text else { return mistyped(answer, "string") }
            wanted = .int(Int(given.num))
        }
        let words = (
            group: Settings.text(raw.pointee.args[0].str), name: Settings.text(raw.pointee.args[1].str)
        )
        let name = words.name
        guard let group = GroupName.canonical(words.group), let (index, setting) = Settings.find(group, name)
        else { return refused(answer, "there is no \(words.group).\(name)") }
        let fitted = kind == .any ? wanted.fitted(toNumber: setting.isNumber) : wanted
        switch fitted {
        case .int where !setting.isNumber: return refused(answer, "\(group).\(name) is a text")
        // A time may be written "2s".
        case .text where setting.isNumber && !(kind == .any && setting.type == UInt32(MT_MS)):
            return refused(answer, "\(group).\(name) is a number")
        default: break
        }
        let change = Staged.Change(index: index, value: fitted)
        if later {
            guard setting.flags & UInt32(MT_FIXED) == 0 else {
                return refused(answer, "\(group).\(name) is set by the file alone")
            }
            staged.withLock { $0.stage(change) }
            return .yes
        }
        return Settings.set([change]).map { refused(answer, $0) } ?? .yes
    }
}

private func mistyped(_ answer: borrowing Answer, _ wanted: String) -> Outcome {
    answer.fault(400, "error at parameter 2: expected \(wanted) type but record doesn't match type")
}

private func refused(_ answer: borrowing Answer, _ why: String) -> Outcome {
    answer.fault(400, "Failed to set the variable: \(why)")
}

// MARK: - staging

@Declarations private func staging() -> [any Declaration] {
    Command("cfg.commit", "Makes the delayed changes, all of them or none.") { answer in
        let changes = staged.withLock { $0.changes }
        guard !changes.isEmpty else { return .yes }
        if let why = Settings.set(changes) {
            return answer.fault(400, "Failed to commit the changes: \(why)")
        }
        staged.withLock { $0.dropAll() }
        return .yes
    }
    Command("cfg.rollback", "Forgets the delayed changes.") { _ in
        staged.withLock { $0.dropAll() }
        return .yes
    }
    Command("cfg.diff", "The delayed changes.") { answer in
        for change in staged.withLock({ $0.changes }) {
            guard let setting = Settings.at(change.index) else { continue }
            answer.structure { answer in
                answer.put("group name", setting.group)
                answer.put("variable name", setting.name)
                answer.put("old value", setting.isSecret ? mt_value(mt_str("(secret)")) : setting.shown)
                switch change.value {
                case _ where setting.isSecret: answer.put("new value", "(secret)")
                case .int(let number)?: answer.put("new value", number)
                case .text(let text)?: answer.put("new value", text)
                case nil: answer.put("new value", setting.start)
                }
            }
        }
        return .yes
    }
}

// MARK: - instances

@Declarations private func instances() -> [any Declaration] {
    Command("cfg.add_group_inst", "Refused: groups have the instances that the file gives them.", group()) {
        answer, group in
        guard let name = GroupName.canonical(String(group)), !Settings.of(name).isEmpty else {
            return answer.fault(
                400,
                "Failed to add the group instance: write \(String(group)).name = value in the configuration")
        }
        return .yes
    }
    Command("cfg.del_group_inst", "Puts an instance back to what the file made it.", group()) {
        answer, group in
        guard let name = GroupName.canonical(String(group)), name.contains("["), !Settings.of(name).isEmpty
        else { return answer.fault(400, "Failed to delete the group instance: there is no such") }
        let changes = Settings.of(name).map { Staged.Change(index: $0.index, value: nil) }
        return Settings.set(changes).map { answer.fault(400, "Failed to delete the group instance: \($0)") }
            ?? .yes
    }
    Command("cfg.del", "Puts a setting of an instance back to what the file made it.", group(), name()) {
        answer, group, name in
        guard let text = GroupName.canonical(String(group)), text.contains("["),
            let (index, _) = Settings.find(text, String(name))
        else { return answer.fault(400, "Failed to delete the value: there is no such instance") }
        return Settings.set([Staged.Change(index: index, value: nil)])
            .map { answer.fault(400, "Failed to delete the value: \($0)") } ?? .yes
    }
    Command("cfg.del_delayed", "The same at cfg.commit.", group(), name()) { answer, group, name in
        guard let text = GroupName.canonical(String(group)), text.contains("["),
            let (index, _) = Settings.find(text, String(name))
        else { return answer.fault(400, "Failed to delete the value: there is no such instance") }
        staged.withLock { $0.stage(Staged.Change(index: index, value: nil)) }
        return .yes
    }
}
