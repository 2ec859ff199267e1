// SPDX-License-Identifier: Apache-2.0
// Digest authentication (RFC 7616, RFC 8760): challenges, and whether credentials are right.
import AuthLogic
import CMartlet
import PluginKit

private let answering: Where = [.request, .failure, .reply]

private let plugin = Plugin(
    "auth", "1.0.0", "Digest authentication: challenges, and whether credentials are right."
) {
    sl
    Headers.all
    parameters()
    challenges()
    checks()
    others()

    Offer("auth", 1, 0) { head in
        auth_api(
            head: head,
            find: { message, realm, kind, out in
                guard let message, let out else { return mt_result(AUTH_ERROR) }
                return mt_result(
                    Checking.find(Message(message), realm, Kind(rawValue: kind) ?? .byMethod, out))
            },
            check: { message, credentials, secret, isHash, method in
                guard let message, let credentials else { return mt_result(AUTH_ERROR) }
                return mt_result(
                    Checking.check(
                        Message(message), credentials.pointee, secret, isHash: isHash, method: method))
            },
            match: { message, credentials, flags, withDomain in
                guard let message, let credentials else { return mt_result(AUTH_ERROR) }
                return mt_result(
                    Checking.match(Message(message), credentials.pointee, Int(flags), withDomain: withDomain))
            },
            strip: { Checking.strip(Text(unchecked: $0)).raw })
    }
    Start { Settings.prepare() }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

private func realm() -> Arg<Text> { Arg("realm", Text.self, "As \"$fd\".") }
private func flags(_ help: StaticString) -> Arg<Text> { Arg("flags", Text.self, default: "0", help) }

/// Numbers may come as text.
private func number(_ text: Text) -> Int { text.trimmed.integer ?? 0 }

@Declarations private func challenges() -> [any Declaration] {
    for (name, kind, help) in [
        ("auth_challenge", .byMethod, "Asks for credentials: a REGISTER with 401, others with 407."),
        ("www_challenge", .www, "Asks for credentials with 401."),
        ("proxy_challenge", .proxy, "Asks for credentials with 407."),
    ] as [(StaticString, Kind, StaticString)] {
        Function(
            name, in: answering, help, realm(),
            flags("1 qop=auth, 2 qop=auth-int, 4 no 500 when it fails, 16 stale; they add up.")
        ) { call, realm, flags in Challenging.answer(call, realm, number(flags), kind) }
    }
    Function(
        "auth_get_www_authenticate", in: .any, "Builds a challenge for a header of one's own.", realm(),
        flags("As those of auth_challenge()."), Arg("to", Expression.self, "A variable.")
    ) { call, realm, flags, to in
        guard let body = Challenging.body(call.message, realm, Challenge(rawValue: number(flags))) else {
            return .no
        }
        return call.write(to, call.message.keep(body)).isYes ? .yes : .no
    }
}

@Declarations private func checks() -> [any Declaration] {
    for (name, kind) in [
        ("pv_www_authenticate", .www), ("pv_proxy_authenticate", .proxy), ("pv_www_authorize", .www),
        ("pv_proxy_authorize", .proxy),
    ] as [(StaticString, Kind)] {
        Function(
            name, in: .any, "Are there credentials for a realm, made with that password?", realm(),
            Arg("password", Text.self, "Or, with flag 1, its hash."),
            flags("1 a hash; 2, 4, 8, 16 a challenge for challenge_attr: plain, auth, auth-int, stale."),
            Arg("method", Text?.self, "That of the request, if absent.")
        ) { call, realm, password, flags, _ in
            let flags = number(flags)
            let code = authenticate(
                call.message, realm, password, isHash: flags & 1 != 0, kind, call.argument(3).text)
            if code < 0 { leaveChallenge(call, realm, flags) }
            return Outcome(code)
        }
    }
    Function(
        "pv_auth_check", in: .any, "Are there credentials for a realm, made with that password by that user?",
        realm(),
        Arg("password", Text.self, "Or, with flag 1, its hash."), flags("1 a hash."),
        Arg(
            "checks", Text.self, default: "0", "1 From, or To of a REGISTER, is the user; 2 not within calls."
        )
    ) { call, realm, password, flags, checks in
        var credentials = auth_credentials()
        let code = Checking.find(call.message, realm.raw, .byMethod, &credentials)
        guard code == Int(AUTH_OK) else { return Outcome(code == Int(AUTH_EXEMPT) ? 1 : code) }
        let right = Checking.check(
            call.message, credentials, password.raw, isHash: number(flags) & 1 != 0, method: mt_str())
        guard right == Int(AUTH_OK) else { return Outcome(right) }
        return Outcome(
            Checking.match(call.message, credentials, number(checks), withDomain: useDomain.value))
    }
}

private func authenticate(
    _ message: Message, _ realm: Text, _ password: Text, isHash: Bool, _ kind: Kind, _ method: Text
) -> Int {
    var credentials = auth_credentials()
    let code = Checking.find(message, realm.raw, kind, &credentials)
    guard code == Int(AUTH_OK) else { return code == Int(AUTH_EXEMPT) ? 1 : code }
    return Checking.check(message, credentials, password.raw, isHash: isHash, method: method.raw)
}

/// For scripts that send the challenge themselves.
private func leaveChallenge(_ call: borrowing Call, _ realm: Text, _ flags: Int) {
    guard flags & 30 != 0, let variable = challengeVariable.value else { return }
    var challenge: Challenge = []
    if flags & 4 != 0 { challenge.insert(.auth) }
    if flags & 8 != 0 { challenge.insert(.authInt) }
    if flags & 16 != 0 || Checked.of(call.message)?.pointee.isStale == true { challenge.insert(.stale) }
    guard let body = Challenging.body(call.message, realm, challenge) else { return }
    call.write(variable, call.message.keep(body))
}

@Declarations private func others() -> [any Declaration] {
    Function("has_credentials", in: .any, "Are there credentials for a realm, right or wrong?", realm()) {
        call, realm in
        for header in [Headers.authorization, Headers.proxyAuthorization] {
            var fields = call.message.headers(header)
            while let field = fields.next() {
                if let digest = DigestFields(field.body), realm.equals(digest.realm) { return .yes }
            }
        }
        return .no
    }
    Function(
        "consume_credentials", in: .any, "Takes the credentials that were found right out of the request."
    ) { call in
        guard let checked = Checked.of(call.message), var used = checked.pointee.used else { return .no }
        checked.pointee.used = nil
        return Outcome(code: Server.message.pointee.remove(call.message.raw, &used)).isYes ? .yes : .no
    }
}
