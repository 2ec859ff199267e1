// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

let sl = Need("sl", 1, as: sl_api.self)

let optionsAccept = Param<Text>("options_accept", default: "*/*", "Accept, in the answer of options_reply().")
let optionsEncoding = Param<Text>("options_accept_encoding", default: "", "Accept-Encoding, likewise.")
let optionsLanguage = Param<Text>("options_accept_language", default: "en", "Accept-Language, likewise.")
let optionsSupport = Param<Text>("options_support", default: "", "Supported, likewise.")
let separator = Param<Text>(
    "contact_flds_separator", default: "*",
    "The character between the parts of an encoded Contact: the first one counts.")
let rpidPrefix = Param<Text>("rpid_prefix", default: "", "What append_rpid_hf() writes before the URI.")
let rpidSuffix = Param<Text>(
    "rpid_suffix", default: ";party=calling;id-type=subscriber;screen=yes",
    "What append_rpid_hf() writes behind the URI.")
let rpidAVP = Param<Text>(
    "rpid_avp", default: "$avp(s:rpid)", is: .verbatim, "The AVP with the URI for Remote-Party-ID.")

/// rpid_avp, compiled; nil when it is empty.
nonisolated(unsafe) private(set) var rpid: Expression?

enum Names {
    static let authorization = Header("Authorization")
    static let proxyAuthorization = Header("Proxy-Authorization")
    static let contact = Header("Contact")
    static let date = Header("Date")
    static let supported = Header("Supported")
    static let via = Header("Via")
    static let recordRoute = Header("Record-Route")
    static let chargingVector = Header("P-Charging-Vector")

    static var all: [any Declaration] {
        [authorization, proxyAuthorization, contact, date, supported, via, recordRoute, chargingVector]
    }
}

/// [main]
func checkParameters() -> Outcome {
    if separator.value.isEmpty {
        return Host.fail("contact_flds_separator must have one character", help: "the default is *")
    }
    if !rpidAVP.value.isEmpty {
        let avp = rpidAVP.value
        guard avp.hasPrefix("$avp(") || avp.hasPrefix("$(avp("), let compiled = Expression.compile(avp) else {
            return Host.fail("rpid_avp must be an AVP, not \(avp)", help: "write it as $avp(name)")
        }
        rpid = compiled
    }
    return .yes
}

let inRequest: Where = [.request, .event, .local]
let inRouting: Where = [.request, .event, .local, .failure, .branch]
let inMessages: Where = [.request, .event, .local, .reply]
