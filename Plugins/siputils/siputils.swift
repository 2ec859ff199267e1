// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SiputilsLogic

private let plugin = Plugin("siputils", "1.0.0", "Looks at SIP messages and URIs, and edits them.") {
    sl
    optionsAccept
    optionsEncoding
    optionsLanguage
    optionsSupport
    separator
    rpidPrefix
    rpidSuffix
    rpidAVP
    Names.all

    messageFunctions()
    valueFunctions()
    uriFunctions()
    contactFunctions()
    headerFunctions()

    Variable(
        "pcv", "P-Charging-Vector: (all), (value), (genaddr), (orig) or (term) of it.",
        keys: ["all", "value", "genaddr", "orig", "term"]
    ) { call, key in
        chargingVector(call, key.name)
    }
    // For those who bring it along; there is nothing in it.
    Offer("siputils", 1, 0) { head in head }
    Start { checkParameters() }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

@Declarations private func messageFunctions() -> [any Declaration] {
    Function("has_totag", in: .any, "Does To have a tag? Then the request belongs to a dialog.") { call in
        Outcome(!call.message.toTag.isEmpty)
    }
    Function("is_request", in: .any, "Is this a request?") { call in Outcome(call.message.isRequest) }
    Function("is_reply", in: .any, "Is this a reply?") { call in Outcome(call.message.isReply) }
    Function(
        "is_supported", in: .any, "Is the option tag listed in Supported?", Arg("option", Text.self)
    ) { call, option in isSupported(call.message, option) }
    Function(
        "is_first_hop", in: .any, "Does the message come from its sender, with nobody between?",
        Arg("mode", Int.self, default: "0", in: 0...1, "1: of replies, look at Record-Route only.")
    ) { call, mode in isFirstHop(call.message, mode) }
    Function(
        "is_user", in: inRequest, "Is that the user name in the credentials?", Arg("username", Text.self)
    ) { call, name in isUser(call.message, name) }
    Function("options_reply", in: inRequest, "Answers an OPTIONS to this server with what it can do.") {
        call in
        answerOptions(call)
    }
    Function(
        "hdr_date_check", in: .any, "Is Date no older than that?", Arg("tdiff", Int.self, "In seconds.")
    ) { call, limit in checkDate(call.message, limit) }
}

@Declarations private func valueFunctions() -> [any Declaration] {
    Function("is_numeric", in: .any, "Only digits?", Arg("value", Text.self)) { _, value in
        Number.isNumeric(value) ? .yes : Outcome(-2)
    }
    Function("is_alphanum", in: .any, "Only digits and letters?", Arg("value", Text.self)) { _, value in
        value.isEmpty ? Outcome(-2) : Number.isAlphanumeric(value) ? .yes : Outcome(-3)
    }
    Function(
        "is_alphanumex", in: .any, "Only digits, letters and those characters?", Arg("value", Text.self),
        Arg("characters", Text.self)
    ) { _, value, extra in
        value.isEmpty ? Outcome(-2) : Number.isAlphanumeric(value, extra: extra) ? .yes : Outcome(-3)
    }
    Function("is_tel_number", in: .any, "Digits, with a plus in front at most?", Arg("value", Text.self)) {
        _, value in
        Number.isTelephone(value) ? .yes : Outcome(-2)
    }
    Function("is_e164", in: .any, "A plus and up to 15 digits?", Arg("value", Text.self)) { _, value in
        Outcome(Number.isE164(value))
    }
    Function("is_uri", in: .any, "Is it a SIP, tel or urn URI?", Arg("value", Text.self)) { _, value in
        guard let uri = URI(value) else { return .no }
        let scheme = uri.scheme
        return Outcome(
            scheme.equalsIgnoringCase("sip") || scheme.equalsIgnoringCase("sips")
                || scheme.equalsIgnoringCase("tel") || scheme.equalsIgnoringCase("tels")
                || scheme.equalsIgnoringCase("urn"))
    }
    Function(
        "is_uri_user_e164", in: .any, "Is the user of that URI a plus and up to 15 digits?",
        Arg("uri", Text.self)
    ) { _, value in
        guard let uri = URI(value) else { return .no }
        return Outcome(Number.isE164(uri.user))
    }
    Function("cmp_uri", in: .any, "Is it the same URI?", Arg("a", Text.self), Arg("b", Text.self)) {
        _, a, b in
        guard URI(a) != nil, URI(b) != nil else { return Outcome(-2) }
        return Outcome(a.isSameURI(as: b))
    }
    Function(
        "cmp_aor", in: .any, "Is it the same address of record?", Arg("a", Text.self), Arg("b", Text.self)
    ) {
        _, a, b in
        guard let a = URI(a), let b = URI(b) else { return Outcome(-2) }
        return Outcome(isSameRecord(a, b))
    }
    Function("cmp_hdr_name", in: .any, "Is it the same header?", Arg("a", Text.self), Arg("b", Text.self)) {
        _, a, b in
        Outcome(HeaderNames.isSame(a, b))
    }
    Function(
        "is_gruu", in: .any, "Is it a GRUU? 1 a public one, 2 a temporary one.", Arg("uri", Text?.self)
    ) { call, uri in
        if let uri { return gruu(uri) }
        return gruu(call.message.uri)
    }
}

private func gruu(_ text: Text) -> Outcome {
    guard let uri = URI(text), let value = uri.param("gr") else { return .no }
    return value.isEmpty ? Outcome(2) : .yes
}

/// User and host, and the port unless both have the usual one.
private func isSameRecord(_ a: URI, _ b: URI) -> Bool {
    func port(_ uri: URI) -> Int {
        let port = uri.port ?? 5060
        return port == 5061 ? 5060 : port
    }
    return a.user.equals(b.user) && a.host.equalsIgnoringCase(b.host) && port(a) == port(b)
}
