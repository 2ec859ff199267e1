// SPDX-License-Identifier: Apache-2.0
// The registrar: takes REGISTERs, and finds where their senders can be reached.
import CMartlet
import PluginKit
import RegistrarLogic

private let anyRequest: Where = [.request, .failure, .event, .local]

private let plugin = Plugin("registrar", "1.0.0", "Takes REGISTERs, and finds where people can be reached.") {
    usrloc
    sl
    Headers.all
    parameters()
    acceptedRegistrations
    rejectedRegistrations
    limits.map { $0.counter as any Declaration }

    saveFunctions()
    lookupFunctions()
    otherFunctions()

    Variable(
        "ulc", "A contact that reg_fetch_contacts() found: $(ulc(profile=>attribute)[index]).",
        prepare: Profiles.check
    ) { call, key in
        Profiles.read(call, key)
    }
    Variable("ruid", "The name of the contact that the Request-URI is.") { call, _ in
        call.hasMessage ? call.answer(call.message.text(.ruid)) : call.answerNull()
    }
    Variable("location_ua", "The User-Agent that registered it.") { call, _ in
        call.hasMessage ? call.answer(call.message.text(.userAgent)) : call.answerNull()
    }
    Hook("core.opened") { OpenConnections.opened($0) }
    Hook("core.closed") { OpenConnections.closed($0) }
    Hook("usrloc.contact-expired", order: -100) { call in Profiles.expired(call) }

    Start {
        Profiles.prepare()
        if flowTimer.value > 0, outboundMode.value == 0 {
            return Host.fail(
                "flow_timer means nothing while outbound_mode is 0",
                help: "set outbound_mode to 1 or 2, or flow_timer to 0")
        }
        if socketMode.value == 1 { usrloc.table.pointee.advertise_sockets() }
        if let name = eventCallback.value, !name.isEmpty {
            Host.log(
                .notice,
                "event_callback \"\(String(name))\" is called by nobody: there are no scripts in other languages; write event_route[usrloc:contact-expired]"
            )
        }
        for limit in limits { limit.counter.add(limit.value()) }
        return .yes
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

/// Parameters that are shown among the statistics.
private struct Limit: Sendable {
    let counter: Counter
    let value: @Sendable () -> Int
}

private let limits = [
    Limit(counter: Counter("max_expires", gauge: true, "The parameter.")) { maxExpires.value },
    Limit(counter: Counter("max_contacts", gauge: true, "The parameter.")) { maxContacts.value },
    Limit(counter: Counter("default_expire", gauge: true, "The parameter.")) { defaultExpires.value },
    Limit(counter: Counter("default_expires_range", gauge: true, "The parameter.")) {
        defaultExpiresRange.value
    },
    Limit(counter: Counter("expires_range", gauge: true, "The parameter.")) { expiresRange.value },
]

@Declarations private func saveFunctions() -> [any Declaration] {
    Function(
        "save", in: [.request, .failure, .reply], suspends: true,
        "Keeps the contacts of a REGISTER, and answers it.", Table.argument(),
        Arg(
            "flags", Text?.self,
            "1 memory only, 2 no reply, 4 instead of all others, 8 times as asked, 16 headers only; they add up."
        ),
        Arg("uri", Text?.self, "Whose contacts they are; else To says.")
    ) { call, _, _, _ in Save.start(call) }
    Function("reg_send_reply", in: [.request, .failure], "Answers a REGISTER with what save() has prepared.")
    { call in
        sl.reply(call, 200, "OK").isYes ? .yes : .no
    }
    Function(
        "add_sock_hdr", in: .request, "Adds a header that tells the next registrar which socket it came by.",
        Arg("name", Text.self)
    ) { call, name in
        let socket = call.message.flow.socket
        return call.message.append("\(name): \(socket.text)").isYes ? .yes : .no
    }
}

@Declarations private func lookupFunctions() -> [any Declaration] {
    Function(
        "lookup", in: anyRequest, suspends: true, "Makes the Request-URI, and branches, of the contacts.",
        Table.argument(), Arg("uri", Text?.self, "Whose contacts; else the Request-URI says.")
    ) { call, _, _ in Lookup.start(call, .request) }
    Function(
        "lookup_to_dset", in: anyRequest, suspends: true, "Makes branches of the contacts.", Table.argument(),
        Arg("uri", Text?.self, "Whose contacts; else the Request-URI says.")
    ) { call, _, _ in Lookup.start(call, .branches) }
    Function(
        "lookup_branches", in: anyRequest, "Looks up the Request-URI and every branch that is ours.",
        Table.argument()
    ) { call, _ in Lookup.branches(call) }
}

@Declarations private func otherFunctions() -> [any Declaration] {
    Function(
        "registered", in: .any, suspends: true, "Is there a contact?", Table.argument(),
        Arg("uri", Text?.self, "Of whom; else the Request-URI, in a REGISTER To."),
        Arg(
            "match_option", Int?.self,
            "It has this message's 1 Call-ID, 2 source address, 4 Contact; they add up."),
        Arg("match_action", Int?.self, "1: what is known of it goes into xavp_rcd.")
    ) { call, _, _, _, _ in Asking.registered(call) }
    Function(
        "unregister", in: .any, suspends: true, "Takes contacts away.", Table.argument(),
        Arg("uri", Text.self, "Whose; may be empty when the contact is named."),
        Arg("ruid", Text?.self, "The name of one contact; else all of them.")
    ) { call, _, _, _ in Asking.unregister(call) }
    Function(
        "reg_fetch_contacts", in: .any, suspends: true, "Takes a copy of the contacts for $ulc.",
        Table.argument(),
        Arg("uri", Text.self), Arg("profile", Text.self, "The name to find them by.")
    ) { call, _, _, _ in Profiles.fetch(call) }
    Function("reg_free_contacts", in: .any, "Gives that copy back.", Arg("profile", Text.self)) {
        call, name in
        Profiles.free(call, name)
    }
}
