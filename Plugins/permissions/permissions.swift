// SPDX-License-Identifier: Apache-2.0
// Who may: by the address that a request comes from, or by who it is from and where it goes.
import CMartlet
import PermissionsLogic
import PluginKit

private let plugin = Plugin("permissions", "1.0.0", "Who may: by addresses, by peers, by rules.") {
    parameters()
    contactHeader
    addressFunctions()
    trustedFunction()
    ruleFunctions()
    commands()

    Start {
        RuleFiles.readDefaults()
        return Addresses.prepare() && Trusted.prepare() ? .yes : .error
    }
    Hook("core.ready") { _ in Addresses.load() && Trusted.load() ? .yes : .error }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

/// The entry that matches; nil when there is none.
private func find(_ group: Int?, _ address: Text, _ port: Int) -> AddressBook.Entry? {
    Addresses.book.read { book in
        guard let parsed = IPAddress(address) else {
            return book.find(group: group, name: address, port: port)
        }
        return book.find(group: group, parsed, port: port)
    }
}

private func answer(_ call: borrowing Call, _ entry: AddressBook.Entry?) -> Bool {
    guard let entry else { return false }
    Tag.give(entry.tag, call)
    return true
}

@Declarations private func addressFunctions() -> [any Declaration] {
    Function(
        "allow_source_address", in: .any, "Does it come from an address of that group?",
        Arg("group", Int.self, default: "1", in: 1...Int(Int32.max))
    ) { call, group in
        let message = call.message
        let port = message.flow.remotePort
        let entry = Addresses.book.read { $0.find(group: group, source(message), port: port) }
        return answer(call, entry) ? .yes : .no
    }
    Function(
        "allow_address", in: .any, "Is that address in that group?",
        Arg("group", Int.self, in: 1...Int(Int32.max)),
        Arg("address", Text.self, "Or a name."), Arg("port", Int.self, in: 0...65_535)
    ) { call, group, address, port in answer(call, find(group, address, port)) ? .yes : .no }
    Function(
        "allow_source_address_group", in: .any, "The group of the address that it comes from."
    ) { call in
        let message = call.message
        let port = message.flow.remotePort
        let entry = Addresses.book.read { $0.find(group: nil, source(message), port: port) }
        return answer(call, entry) ? Outcome(entry?.group ?? -1) : .no
    }
    Function(
        "allow_address_group", in: .any, "The group of an address.", Arg("address", Text.self, "Or a name."),
        Arg("port", Int.self, in: 0...65_535)
    ) { call, address, port in
        let entry = find(nil, address, port)
        return answer(call, entry) ? Outcome(entry?.group ?? -1) : .no
    }
}

@Declarations private func trustedFunction() -> [any Declaration] {
    Function(
        "allow_trusted", in: [.request, .failure], suspends: true, "Is it from a peer that is trusted?",
        Arg("source", Text?.self, "Where it comes from, if absent."),
        Arg("proto", Text?.self, "The transport that it came by, if absent."),
        Arg("from", Text?.self, "The URI in From, if absent.")
    ) { call, _, _, _ in Trusted.allow(call) }
}

@Declarations private func ruleFunctions() -> [any Declaration] {
    let first = Arg(
        "base", Text?.self, prepare: RuleFiles.prepare, "The base of both files, or the one that allows.")
    let second = Arg("deny", Text?.self, prepare: RuleFiles.prepare, "The file that denies.")
    Function(
        "allow_routing", in: [.request, .failure], "May From reach the Request-URI, and all branches?", first,
        second
    ) { call, _, _ in
        rules(call).allowsRouting(call.message) ? .yes : .no
    }
    Function(
        "allow_register", in: [.request, .failure], "May To be registered at the Contacts?", first, second
    ) { call, _, _ in
        rules(call).allowsRegister(call.message) ? .yes : .no
    }
    Function(
        "allow_uri", in: [.request, .failure], "May From reach that URI?",
        Arg("base", Text.self, prepare: RuleFiles.prepare, "The base of both files."), Arg("uri", Text.self)
    ) { call, base, uri in
        guard !uri.isEmpty else { return .no }
        return Rules.named(base, Text.absent).allowsURI(call.message, uri) ? .yes : .no
    }
}

private func rules(_ call: borrowing Call) -> Rules {
    Rules.named(call.argument(0).text, call.argument(1).text)
}
