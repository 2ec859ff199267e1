// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SstLogic

let dialog = Need("dialog", 1, as: dlg_api.self)
let sl = Need("sl", 1, as: sl_api.self)
/// Refusals inside a dialog get a transaction, so that their ACK is taken in here.
let tm = Need("tm", 1, as: tm_api.self, .optional)

private let minSE = Param<Int>(
    "min_se", default: "1800", "The shortest session interval, in seconds; below 90 it is 90.")
private let sstInterval = Param<Int>(
    "sst_interval", default: "0", in: 0...2_147_483_647,
    "The session interval to ask for when nobody asked, in seconds; below min_se it is min_se.")
private let rejectTooSmall = Param<Int>(
    "reject_to_small", default: "1",
    "1: shorter intervals are refused with 422 if timer is supported; 0: not.")
private let rejectMalformed = Param<Int>(
    "reject_malformed", default: "0", in: 0...1,
    "1: a malformed Session-Expires or Min-SE is refused with 400; 0: it passes, and the session is not timed."
)
private let sstFlag = Param<Text>(
    "sst_flag", is: [.required, .verbatim], "The flag, by number or name, of the INVITEs to look after.")
private let timeoutAVP = Param<Text?>(
    "timeout_avp", is: .verbatim, "The AVP that gets the lifetime as well: that of dialog.")
private let enableStats = Param<Int>("enable_stats", default: "1", "0: nothing is counted.")
let gracePeriod = Param<Int>(
    "grace_period", default: "32", in: 0...3600,
    "How long before its end a session has missed its refresh, in seconds, a third of it at most; 0: never.")
let pingBeforeExpiry = Param<Int>(
    "ping_before_expiry", default: "0", in: 0...1,
    "1: both ends are asked with OPTIONS then, and go on if both answer.")

@Declarations func parameters() -> [any Declaration] {
    minSE
    sstInterval
    rejectTooSmall
    rejectMalformed
    sstFlag
    timeoutAVP
    enableStats
    gracePeriod
    pingBeforeExpiry
}

/// The parameters as they are used. Written by `Start`, before any traffic.
enum Settings {
    nonisolated(unsafe) private(set) static var policy = Policy(minimum: 1800)
    nonisolated(unsafe) private(set) static var refusesMalformed = false
    nonisolated(unsafe) private(set) static var flag: UInt = 0
    nonisolated(unsafe) private(set) static var lifetime: Expression?
    nonisolated(unsafe) static var counts = true
    /// This plugin, among those who set lifetimes.
    nonisolated(unsafe) private(set) static var owner: UInt32 = 0

    static func prepare() -> Outcome {
        guard let number = Host.flag(named: sstFlag.value) else {
            return Host.fail(
                "sst_flag must be a flag, not \"\(String(sstFlag.value))\"",
                help: "it is a number from 0 to 31, or the name that setflag() uses")
        }
        flag = 1 << UInt(number)
        if let avp = timeoutAVP.value {
            guard avp.hasPrefix("$avp(") || avp.hasPrefix("$(avp("), let compiled = Expression.compile(avp)
            else {
                return Host.fail(
                    "timeout_avp must be an AVP, not \"\(String(avp))\"", help: "write it as $avp(name)")
            }
            lifetime = compiled
        }
        if minSE.value < Policy.least {
            Host.log(
                .warning,
                "min_se is \(minSE.value): no session timer may be shorter than 90 seconds (RFC 4028, 5), so it is 90"
            )
        }
        policy = Policy(minimum: minSE.value, interval: sstInterval.value, refuses: rejectTooSmall.value != 0)
        refusesMalformed = rejectMalformed.value != 0
        counts = enableStats.value != 0
        owner = "sst".withRaw { dialog.table.pointee.own(Server.host, $0) }
        return owner > 0
            ? .yes : Host.fail("dialog cannot take another plugin", help: "load fewer of its users")
    }
}

enum Statistics {
    static let expired = Counter("expired_sst", "Dialogs that ended because their session was not refreshed.")
    static let refused = Counter("refused", "Requests answered with 422.")
    static let refreshed = Counter("refreshed", "Sessions refreshed, by re-INVITE or UPDATE.")
    static let inserted = Counter("inserted", "Session-Expires added, to requests and replies.")
    static let missed = Counter(
        "missed", "Sessions that had not been refreshed a grace period before their end.")
    static let saved = Counter("saved", "Of those, sessions that go on because both ends answered.")
    static let malformed = Counter(
        "malformed", "Messages with a Session-Expires or Min-SE that cannot be used.")

    static let all = [expired, refused, refreshed, inserted, missed, saved, malformed]

    static func count(_ counter: Counter) {
        if Settings.counts { counter.add() }
    }
}

enum Names {
    static let sessionExpires = Header("Session-Expires")
    static let minSE = Header("Min-SE")
    static let supported = Header("Supported")
    static let require = Header("Require")

    static let all = [sessionExpires, minSE, supported, require]
}

let refreshMissed = Event(
    "refresh-missed", "A session ends in a grace period unless it is refreshed. Data: dlg_event.")
let expired = Event("expired", "A session ends for it was not refreshed. Data: dlg_event.")
