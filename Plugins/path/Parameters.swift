// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Binds when it stands on an earlier line; otherwise no flow tokens are written.
let outbound = Need("outbound", 1, as: outbound_api.self, .optional)
let rr = Need("rr", 1, as: rr_api.self, [.optional, .late])

let path = Header("Path")
let via = Header("Via")

let useReceived = Param<Int>(
    "use_received", default: "0", in: 0...1,
    "1: a request whose Path URI loose_route() took goes to the address in its received.")
let receivedFormat = Param<Int>(
    "received_format", default: "0", in: 0...1, "0: a URI with escapes; 1: ip~port~transport.")
let receivedName = Param<Text>(
    "received_name", default: "received", is: .verbatim, "The parameter that holds where a request came from."
)
let enableR2 = Param<Int>(
    "enable_r2", default: "0", in: 0...1, "1: always two Path headers, for the way out and the way in.")
let sockNameMode = Param<Int>(
    "sockname_mode", default: "0", in: 0...1, "1 writes ;sn= with the name of the socket.")

let unknownReceived = Counter(
    "unknown_received", "Routes with a received that this server has not written.")

@Declarations func parameters() -> [any Declaration] {
    useReceived
    receivedFormat
    receivedName
    enableR2
    sockNameMode
}
