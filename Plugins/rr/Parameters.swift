// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Binds when it stands on an earlier line; otherwise no flow tokens are written or read.
let outbound = Need("outbound", 1, as: outbound_api.self, .optional)

let route = Header("Route")
let recordRouteHeader = Header("Record-Route")

let enableFullLR = Param<Int>(
    "enable_full_lr", default: "0", in: 0...1,
    "1 writes ;lr=on instead of ;lr, for user agents that want a value.")
let appendFromTag = Param<Int>(
    "append_fromtag", default: "1", in: 0...1,
    "1 puts the From tag into Record-Route, as is_direction() needs.")
let enableDouble = Param<Int>(
    "enable_double_rr", default: "1", in: 0...2,
    "0: one Record-Route; 1: two when the request leaves by another socket than it came by; 2: always two.")
let addUsername = Param<Int>(
    "add_username", default: "0", in: 0...1, "1 puts the user of the Request-URI into Record-Route.")
let warnOnMismatch = Param<Int>(
    "enable_socket_mismatch_warning", default: "1", in: 0...1,
    "1 logs a warning when a Route of ours names no socket of ours.")
let ignoreUser = Param<Int>(
    "ignore_user", default: "0", in: 0...1,
    "Has no effect: the user of a Route is never looked at to tell whose it is.")
let customUserAVP = Param<Text?>(
    "custom_user_avp", is: .verbatim, "The AVP with the user for Record-Route; it goes before add_username.")
let forceSendSocket = Param<Int>(
    "force_send_socket", default: "0", in: 0...1,
    "1 sends from the socket that a single Route of ours names, too.")
let ignoreSIPS = Param<Int>(
    "ignore_sips", default: "0", in: 0...1, "1 writes sip: also where the request has sips:.")
let sockNameMode = Param<Int>(
    "sockname_mode", default: "0", in: 0...1,
    "1 writes ;sn= with the name of the socket, and finds it by that again.")
let looseRouteMode = Param<Int>(
    "loose_route_mode", default: "0", in: 0...3,
    "What loose_route() leaves out: 1 strict routers, 2 flow tokens.")

/// custom_user_avp, compiled.
nonisolated(unsafe) private(set) var customUser: Expression?

var parameters: [any Declaration] {
    [
        enableFullLR, appendFromTag, enableDouble, addUsername, warnOnMismatch, ignoreUser, customUserAVP,
        forceSendSocket, ignoreSIPS, sockNameMode, looseRouteMode,
    ]
}

/// [main] What the server cannot check by itself.
func checkParameters() -> Outcome {
    if outbound.isThere {
        if addUsername.value != 0 {
            return Host.fail(
                "add_username cannot be set while outbound is loaded: the user carries its flow tokens",
                help: "set add_username to 0, or do not load outbound")
        }
    } else {
        Host.log(.info, "outbound is not loaded before rr: no flow tokens")
    }
    if let avp = customUserAVP.value, !avp.isEmpty {
        guard avp.hasPrefix("$avp(") || avp.hasPrefix("$(avp("), let compiled = Expression.compile(avp) else {
            return Host.fail("custom_user_avp must be an AVP, not \(avp)", help: "write it as $avp(name)")
        }
        customUser = compiled
    }
    return .yes
}

/// Literals that are no String: those would cost a reference count.
enum Word {
    static var ftag: StaticString { "ftag" }
    static var gr: StaticString { "gr" }
    static var lr: StaticString { "lr" }
    static var maddr: StaticString { "maddr" }
    static var r2: StaticString { "r2" }
    static var sips: StaticString { "sips" }
    static var sipsColon: StaticString { "sips:" }
    static var sn: StaticString { "sn" }
    static var tcp: StaticString { "tcp" }
    static var tls: StaticString { "tls" }
    static var transport: StaticString { "transport" }
    static var udp: StaticString { "udp" }
    static var ws: StaticString { "ws" }
    static var wss: StaticString { "wss" }
}
