// SPDX-License-Identifier: Apache-2.0
import AuthLogic
import CMartlet
import PluginKit

let sl = Need("sl", 1, as: sl_api.self)

let secret = Param<Text?>(
    "secret", is: [.verbatim, .secret],
    "What nonces are sealed with; servers that share it know each other's.")
let nonceExpire = Param<Int>(
    "nonce_expire", default: "300", in: 1...86_400, "Seconds that a nonce is good for.")
let nonceDrift = Param<Int>(
    "nonce_auth_max_drift", default: "3", in: 0...3600, "Seconds that clocks of servers may differ by.")
let defaultQop = Param<Text>(
    "qop", default: "auth", is: .verbatim, "auth, auth-int, both or empty: for challenges that do not say.")
let algorithms = Param<Text>(
    "algorithm", default: "", is: .verbatim,
    "MD5, SHA-256, SHA-512-256, each also with -sess; several: one challenge each, the best first. Empty: MD5."
)
let checksRegister = Param<Int>(
    "auth_checks_register", default: "0", in: 0...15,
    "What a nonce for a REGISTER is good for only: 1 Request-URI, 2 Call-ID, 4 From tag, 8 address; they add up."
)
let checksNoDialog = Param<Int>(
    "auth_checks_no_dlg", default: "0", in: 0...15, "The same, for other requests outside dialogs.")
let checksInDialog = Param<Int>(
    "auth_checks_in_dlg", default: "0", in: 0...15, "The same, for requests within dialogs.")
let countsNonces = Param<Bool>(
    "nonce_count", default: "0", "1: a nonce is used with a growing count, so that nothing can be said again."
)
let countOrder = Param<Int>(
    "nc_array_order", default: "20", in: 4...28, "Two to the power of that many nonces are remembered.")
let countSize = Param<Int>("nc_array_size", default: "0", in: 0...268_435_456, "The same, as a number.")
let oneTime = Param<Bool>("one_time_nonce", default: "0", "1: a nonce is good for one request.")
let oneTimeOrder = Param<Int>(
    "otn_in_flight_order", default: "20", in: 4...28, "Two to the power of that many nonces are remembered.")
let oneTimeSize = Param<Int>("otn_in_flight_no", default: "0", in: 0...268_435_456, "The same, as a number.")
let poolCount = Param<Int>("nid_pool_no", default: "1", in: 1...64, "Accepted; has no effect here.")
let realmPrefix = Param<Text>("realm_prefix", default: "", is: .verbatim, "Taken off the front of a realm.")
let useDomain = Param<Bool>("use_domain", default: "0", "1: pv_auth_check() compares domains as well.")
let forceStateless = Param<Bool>(
    "force_stateless_reply", default: "0", "1: challenges are sent without a transaction, whatever there is.")
let proxyHeader = Param<Text>(
    "proxy_challenge_header", default: "Proxy-Authenticate", is: .verbatim, "The header of a 407.")
let wwwHeader = Param<Text>(
    "www_challenge_header", default: "WWW-Authenticate", is: .verbatim, "The header of a 401.")
let challengeVariable = Param<Expression?>(
    "challenge_attr", "Where pv_www_authenticate() and pv_proxy_authenticate() leave a challenge.")
let protectsContacts = Param<Bool>(
    "protect_contacts", default: "0", "1: a nonce is good for requests with the same Contacts only.")
let addsInfo = Param<Bool>(
    "add_authinfo_hdr", default: "0",
    "1: the reply to a request that was found right has Authentication-Info.")

@Declarations func parameters() -> [any Declaration] {
    secret
    nonceExpire
    nonceDrift
    defaultQop
    algorithms
    checksRegister
    checksNoDialog
    checksInDialog
    countsNonces
    countOrder
    countSize
    oneTime
    oneTimeOrder
    oneTimeSize
    poolCount
    realmPrefix
    useDomain
    forceStateless
    proxyHeader
    wwwHeader
    challengeVariable
    protectsContacts
    addsInfo
}

/// What follows from the parameters. Written by `Start`, before any request.
enum Settings {
    nonisolated(unsafe) static var key = NonceKey([])
    nonisolated(unsafe) static var book: NonceBook?
    /// Those that are asked for, the best first.
    nonisolated(unsafe) static var algorithms = [Algorithm.md5]
    nonisolated(unsafe) static var qop = Challenge.auth

    static func prepare() -> Outcome {
        var bytes: [UInt8] = []
        if let secret = secret.value, !secret.isEmpty {
            for index in 0..<secret.count { bytes.append(secret[index]) }
        } else {
            var random = SystemRandomNumberGenerator()
            bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        key = NonceKey(bytes)
        guard prepareAlgorithms() else {
            return Host.fail(
                "algorithm \"\(algorithms)\" is unknown",
                help: "MD5, SHA-256 or SHA-512-256, each also with -sess")
        }
        var words = defaultQop.value
        qop = []
        while let word = words.take(upTo: UInt8(ascii: ",")) {
            if word.trimmed.equals("auth") {
                qop.insert(.auth)
            } else if word.trimmed.equals("auth-int") {
                qop.insert(.authInt)
            } else if !word.trimmed.isEmpty {
                return Host.fail(
                    "qop \"\(defaultQop.value)\" is unknown", help: "auth, auth-int, both, or nothing")
            }
        }
        guard countsNonces.value || oneTime.value else { return .yes }
        book = NonceBook(order: bookOrder)
        return book == nil
            ? Host.fail("there is no memory for \(1 << bookOrder) nonces", help: "lower nc_array_order")
            : .yes
    }

    private static func prepareAlgorithms() -> Bool {
        var list = AuthPlugin.algorithms.value
        var found: [Algorithm] = []
        while let name = list.take(upTo: UInt8(ascii: ",")) {
            guard let algorithm = Algorithm.named(name.trimmed) else { return false }
            found.append(algorithm)
        }
        algorithms = found.isEmpty ? [.md5] : found
        return true
    }

    private static var bookOrder: Int {
        func order(_ order: Int, _ size: Int) -> Int {
            size > 0 ? Int.bitWidth - 1 - size.leadingZeroBitCount : order
        }
        let counting = countsNonces.value ? order(countOrder.value, countSize.value) : 0
        let once = oneTime.value ? order(oneTimeOrder.value, oneTimeSize.value) : 0
        return max(counting, once)
    }
}
