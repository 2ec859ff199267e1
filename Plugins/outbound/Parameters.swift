// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import OutboundLogic
import PluginKit
import Synchronization

let forceFlagName = Param<Text>(
    "force_outbound_flag", default: "-1", is: .verbatim,
    "The message flag that makes flow tokens be used, whatever the request says; -1: none.")
let forbidFlagName = Param<Text>(
    "force_no_outbound_flag", default: "-1", is: .verbatim,
    "The message flag that keeps them from being used; the other one goes before it.")
let secret = Param<Text?>(
    "flow_token_secret", is: [.verbatim, .secret],
    "Signs flow tokens, so that they outlive a restart and other servers can read them.")
let secrets = Param<Text?>(
    "flow_token_secrets", is: [.verbatim, .secret, .reloadable],
    "Several of them, between commas: the first one signs, all of them are accepted.")
let mostAge = Param<Int>(
    "flow_token_max_age", default: "0", in: 0...31_536_000, is: .reloadable,
    "How old a flow token may be, in seconds; 0: as old as its key.")

@Declarations func parameters() -> [any Declaration] {
    forceFlagName
    forbidFlagName
    secret
    secrets
    mostAge
}

/// The two flags, as bits; 0 is none. Set once, before traffic.
enum Flags {
    nonisolated(unsafe) private(set) static var force: UInt = 0
    nonisolated(unsafe) private(set) static var forbid: UInt = 0

    /// [main]
    static func prepare() -> Outcome {
        guard let force = bit("force_outbound_flag", forceFlagName.value),
            let forbid = bit("force_no_outbound_flag", forbidFlagName.value)
        else { return .error }
        (self.force, self.forbid) = (force, forbid)
        return .yes
    }

    private static func bit(_ parameter: String, _ name: Text) -> UInt? {
        if name.equals(mt_str("-1")) { return 0 }
        if let number = Host.flag(named: name) { return 1 << UInt(number) }
        _ = Host.fail(
            "\(parameter) must be a flag, not \"\(String(name))\"",
            help: "it is a number from 0 to 31, or the name that setflag() uses; -1 is none")
        return nil
    }
}

/// The keys in use. Set before traffic, and exchanged as a whole when the parameters change; what was in use
/// before stays in memory, for a worker may just be reading it.
enum Keys {
    nonisolated(unsafe) private static var random = TokenKey([])
    private static let address = Atomic<UInt>(0)

    static var now: Keyring {
        UnsafePointer<Keyring>(bitPattern: address.load(ordering: .acquiring)).unsafelyUnwrapped.pointee
    }

    /// [main]
    static func prepare() -> Outcome {
        var generator = SystemRandomNumberGenerator()
        random = TokenKey((0..<20).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        if let secret = secret.value, secret.isEmpty {
            return Host.fail(
                "flow_token_secret is empty", help: "leave it out: then each start has a key of its own")
        }
        if let list = secrets.value, Keyring.secrets(in: String(list)).isEmpty {
            return Host.fail(
                "flow_token_secrets has none in it", help: "write it as \"new,old\", or leave it out")
        }
        set()
        return .yes
    }

    /// Hook on core.reloaded.
    static func set() {
        var keys: [TokenKey] = []
        if let list = secrets.value {
            keys = Keyring.secrets(in: String(list)).map { TokenKey(secret: Array($0.utf8)) }
            if keys.isEmpty {
                return Host.log(.error, "flow_token_secrets has none in it: the keys stay as they were")
            }
        }
        if let secret = secret.value, !secret.isEmpty {
            keys.append(TokenKey(secret: Array(String(secret).utf8)))
        }
        if keys.isEmpty { keys = [random] }
        let place = UnsafeMutablePointer<Keyring>.allocate(capacity: 1)
        place.initialize(to: Keyring(keys))
        address.store(UInt(bitPattern: place), ordering: .releasing)
    }
}
