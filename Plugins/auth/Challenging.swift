// SPDX-License-Identifier: Apache-2.0
import AuthLogic
import CMartlet
import PluginKit
import Synchronization

/// Asking for credentials.
enum Challenging {
    private static let serials = Atomic<UInt32>(UInt32.random(in: 0...UInt32.max))

    /// The 401 or 407.
    static func answer(_ call: borrowing Call, _ realm: Text, _ flags: Int, _ kind: Kind) -> Outcome {
        let message = call.message
        // Nobody can answer a challenge to these (RFC 3261, 22.1).
        if message.method == .ack || message.method == .cancel { return .yes }
        var challenge = Challenge(rawValue: flags)
        if Checked.of(message)?.pointee.isStale == true { challenge.insert(.stale) }
        let realm = Checking.strip(realm)
        guard Challenge.isRealm(realm) else {
            Host.log(.error, "a challenge needs a realm of printable characters, not \"\(realm)\"")
            return failed(call, challenge, Outcome(-1))
        }
        let isWWW = kind.isWWW(for: message)
        let name = isWWW ? wwwHeader.value : proxyHeader.value
        let nonce = makeNonce(message)
        var lines = Line("")
        for algorithm in Settings.algorithms {
            lines.append("\(name): ")
            lines.append(challenge.body(realm: realm, nonce: nonce, algorithm))
            lines.append("\r\n")
        }
        guard message.set(.replyLines, lines).isYes else { return failed(call, challenge, Outcome(-2)) }
        let reason: StaticString = isWWW ? "Unauthorized" : "Proxy Authentication Required"
        return send(call, isWWW ? 401 : 407, reason).isYes ? .yes : Outcome(-3)
    }

    private static func send(_ call: borrowing Call, _ status: Int, _ reason: StaticString) -> Outcome {
        forceStateless.value ? sl.replyStateless(call, status, reason) : sl.reply(call, status, reason)
    }

    private static func failed(_ call: borrowing Call, _ challenge: Challenge, _ outcome: Outcome) -> Outcome
    {
        guard !challenge.contains(.silent) else { return outcome }
        return send(call, 500, "Internal Server Error").isYes ? outcome : Outcome(-4)
    }

    /// In the message's memory.
    static func makeNonce(_ message: Message) -> mt_str {
        let memory = message.allocate(Nonce.length)
        guard let start = memory.baseAddress?.assumingMemoryBound(to: CChar.self) else { return mt_str() }
        let nonce = Nonce(
            time: UInt32(truncatingIfNeeded: Loop.clock / 1000),
            serial: serials.add(1, ordering: .relaxed).newValue)
        Binding.with(message) { Settings.key.write(nonce, bound: $0, into: start) }
        Settings.book?.open(nonce.serial)
        return mt_str(ptr: UnsafePointer(start), len: Nonce.length)
    }

    /// The body of a challenge for the first algorithm; nil when there can be none.
    static func body(_ message: Message, _ realm: Text, _ challenge: Challenge) -> Line? {
        let realm = Checking.strip(realm)
        guard Challenge.isRealm(realm), let algorithm = Settings.algorithms.first else { return nil }
        return challenge.body(realm: realm, nonce: makeNonce(message), algorithm)
    }
}
