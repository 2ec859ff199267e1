// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit
import Synchronization

/// The profiles, which all workers share: scripts that use them wait for each other for a moment.
enum Profiles {
    private static let book = Mutex(ProfileBook())

    /// [main] What is wrong with the names, or nil.
    private static func define(_ list: String, hasValue: Bool) -> String? {
        book.withLock { book in
            do throws(ProfileBook.Fault) {
                try book.define(list, hasValue: hasValue)
                return nil
            } catch {
                return error.text
            }
        }
    }

    static func with<Result>(_ body: (inout ProfileBook) -> sending Result) -> sending Result {
        book.withLock { body(&$0) }
    }

    /// [main] The names of both parameters, before anything asks for one: what is wrong, one by one.
    static func prepare() -> [String] {
        guard !isPrepared else { return faults }
        isPrepared = true
        for (list, hasValue) in [(valueProfiles, true), (plainProfiles, false)] {
            if let fault = define(String(list.value), hasValue: hasValue) { faults.append(fault) }
        }
        return faults
    }

    nonisolated(unsafe) private static var isPrepared = false
    nonisolated(unsafe) private static var faults: [String] = []

    static func index(_ name: Text) -> Int? {
        let name = String(name)
        return with { $0.index(of: name) }
    }

    static func definition(_ index: Int) -> ProfileBook.Definition { with { $0.definitions[index] } }

    /// For arguments that are constants: the name is known when the script is read.
    static let check: mt_fn = { raw in
        guard let raw else { return Outcome.error.code }
        let name = Text(unchecked: raw.pointee.args.pointee.str)
        // Scripts are checked before plugins start.
        _ = prepare()
        if index(name) != nil { return Outcome.yes.code }
        return Host.fail(
            "there is no profile \"\(name)\"",
            help: "add it to profiles_with_value or profiles_no_value of dialog"
        ).code
    }
}

/// Counts a dialog in. False: there are `most` already.
func join(_ dialog: DialogPointer, _ profile: Int, _ value: mt_str, most: Int = .max) -> Bool {
    let text = String(Text(unchecked: value))
    let now = Loop.clock / 1000
    guard Profiles.with({ $0.join(profile, text, most: most, now: now) }) else { return false }
    keepMembership(dialog, Int32(profile), value)
    if dialog.pointee.life.hasRow { save(dialog) }
    return true
}

/// It has been counted already.
func keepMembership(_ dialog: DialogPointer, _ profile: Int32, _ value: mt_str) {
    guard let one = NamedText.make(&table(dialog).pointee.pool, mt_str(), value, number: profile) else {
        return
    }
    one.pointee.next = dialog.pointee.memberships
    dialog.pointee.memberships = one
}

/// False: it is not in there.
func leave(_ dialog: DialogPointer, _ profile: Int, _ value: mt_str?) -> Bool {
    var place: UnsafeMutablePointer<NamedText>?
    var one = dialog.pointee.memberships
    while let here = one {
        if Int(here.pointee.number) == profile, value.map({ isSame(here.text, $0) }) ?? true {
            if let place {
                place.pointee.next = here.pointee.next
            } else {
                dialog.pointee.memberships = here.pointee.next
            }
            let text = String(Text(unchecked: here.text))
            Profiles.with { $0.leave(profile, text) }
            here.free(&table(dialog).pointee.pool)
            if dialog.pointee.life.hasRow { save(dialog) }
            return true
        }
        place = here
        one = here.pointee.next
    }
    return false
}

func isMember(_ dialog: DialogPointer, _ profile: Int, _ value: mt_str?) -> Bool {
    var one = dialog.pointee.memberships
    while let here = one {
        if Int(here.pointee.number) == profile, value.map({ isSame(here.text, $0) }) ?? true { return true }
        one = here.pointee.next
    }
    return false
}

/// It is over: it counts nowhere any more.
func leaveProfiles(_ dialog: DialogPointer) {
    while let one = dialog.pointee.memberships {
        dialog.pointee.memberships = one.pointee.next
        let text = String(Text(unchecked: one.text))
        let profile = Int(one.pointee.number)
        Profiles.with { $0.leave(profile, text) }
        one.free(&table(dialog).pointee.pool)
    }
}

/// Of a message whose dialog never came.
func leavePending(_ state: UnsafeMutablePointer<MessageState>) {
    while let one = state.pointee.profiles {
        state.pointee.profiles = one.pointee.next
        let text = String(Text(unchecked: one.pointee.text))
        let profile = Int(one.pointee.number)
        Profiles.with { $0.leave(profile, text) }
    }
}
