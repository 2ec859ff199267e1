// SPDX-License-Identifier: Apache-2.0
// Digest authentication with passwords in a database.
import CMartlet
import PluginKit

private let plugin = Plugin("auth_db", "1.0.0", "Digest authentication with passwords in a database.") {
    auth
    parameters()

    Function(
        "auth_check", in: .request, suspends: true,
        "Are the credentials right, and their user who From says?",
        Arg("realm", Text.self, "As \"$fd\"."), TableArgument.argument,
        Arg("flags", Text.self, default: "0", "1 From, or To of a REGISTER, is the user; 2 not within calls.")
    ) { call, realm, table, flags in
        Checking.start(
            call, realm, table, kind: Int(AUTH_BY_METHOD), flags: flags.trimmed.integer ?? 0)
    }
    for (name, kind) in [
        ("www_authenticate", AUTH_WWW), ("www_authorize", AUTH_WWW), ("proxy_authenticate", AUTH_PROXY),
        ("proxy_authorize", AUTH_PROXY),
    ] as [(StaticString, Int)] {
        Function(
            name, in: .request, suspends: true, "Are the credentials right?",
            Arg("realm", Text.self, "As \"$fd\"."),
            TableArgument.argument, Arg("method", Text?.self, "That of the request, if absent.")
        ) { call, realm, table, _ in
            Checking.start(call, realm, table, kind: kind, flags: nil)
        }
    }
    Function(
        "is_subscriber", in: .any, suspends: true, "Does the table know that user?", Arg("uri", Text.self),
        TableArgument.argument,
        Arg("flags", Text.self, default: "0", "1 of that domain, 2 nothing is loaded; they add up.")
    ) { call, uri, table, flags in Knowing.start(call, uri, table, flags.trimmed.integer ?? 0) }

    Start { Settings.prepare() }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
