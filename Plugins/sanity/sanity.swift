// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SanityLogic

private let inMessages: Where = [.request, .event, .local, .error, .reply]

private let plugin = Plugin("sanity", "1.0.0", "Refuses requests that are not well-formed.") {
    sl
    defaultChecks
    defaultURIChecks
    proxyRequire
    autodrop
    noreply
    refused

    Function(
        "sanity_check", in: inMessages, "Checks the message, and answers what is wrong with it.",
        Arg("checks", Int?.self, "The sum of the checks wanted."),
        Arg("uris", Int?.self, "The sum of the URIs to look at.")
    ) { call, checks, uris in
        check(call, checks ?? defaultChecks.value, uris ?? defaultURIChecks.value)
    }
    Function(
        "sanity_reply", in: inMessages, "Sends what sanity_check() would have answered, with noreply set."
    ) {
        sendNoted($0)
    }
    Start {
        Names.resolve()
        return .yes
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

let sl = Need("sl", 1, as: sl_api.self)

let defaultChecks = Param<Int>(
    "default_checks", default: "3047", in: Checks.all,
    "The sum of the checks made when sanity_check() names none.")
let defaultURIChecks = Param<Int>(
    "uri_checks", default: "7", in: URIChecks.all, "The sum of the URIs that check 1024 looks at.")
let proxyRequire = Param<Text>(
    "proxy_require", default: "", "The option tags in Proxy-Require that are supported, with commas between.")
let autodrop = Param<Int>(
    "autodrop", default: "1", in: 0...1, "1: a failed check ends the script; 0: it is answered -1.")
let noreply = Param<Int>(
    "noreply", default: "0", in: 0...1, "1: do not answer, but remember for sanity_reply().")

let refused = Counter("failed_checks", "Messages that failed a check.")

/// The headers that are looked at: plain numbers, because a check has to be quick. Written once, by `Start`.
enum Names {
    nonisolated(unsafe) static var via = HeaderName.any
    nonisolated(unsafe) static var from = HeaderName.any
    nonisolated(unsafe) static var to = HeaderName.any
    nonisolated(unsafe) static var contentLength = HeaderName.any
    nonisolated(unsafe) static var expires = HeaderName.any
    nonisolated(unsafe) static var contact = HeaderName.any
    nonisolated(unsafe) static var proxyRequire = HeaderName.any
    nonisolated(unsafe) static var authorization = HeaderName.any
    nonisolated(unsafe) static var proxyAuthorization = HeaderName.any

    /// [main]
    static func resolve() {
        func name(_ text: String) -> HeaderName { HeaderName(token: Server.sip.pointee.token(text)) }
        via = name("Via")
        from = name("From")
        to = name("To")
        contentLength = name("Content-Length")
        expires = name("Expires")
        contact = name("Contact")
        proxyRequire = name("Proxy-Require")
        authorization = name("Authorization")
        proxyAuthorization = name("Proxy-Authorization")
    }
}
