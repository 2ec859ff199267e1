// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization
import UsrlocLogic

/// `ka_mode`: asks contacts whether they are still there, measures how long the answer takes, and takes those away that
/// give none.
///
/// One part of each table at a time, so that they are spread over `timer_interval`. A request that is lost counts as no
/// answer, so `ka_timeout` is to be some of those intervals.
enum Keepalive {
    /// What is known of a contact, by its ruid.
    struct State {
        /// Of the worker's clock, in nanoseconds; 0: the last one was answered.
        var askedAt: UInt64 = 0
        /// Unix time since when there is no answer; 0: there is.
        var silentSince = 0
        /// Microseconds.
        var roundTrip = 0
        /// Unix time.
        var answeredAt = 0
    }

    private static let states = Mutex<[String: State]>([:])
    private static let part = Atomic<Int>(0)
    private static let serial = Atomic<Int>(1)
    private static let mark: StaticString = "ulka-"
    /// Set by `prepare`: that makes `unsafe` safe.
    nonisolated(unsafe) private static var tag = ""

    static func prepare() { tag = String(UInt64.random(in: .min ... .max), radix: 16) }

    static func state(of ruid: mt_str) -> State? {
        guard keepaliveMode.value != 0 else { return nil }
        return states.withLock { $0[String(Text(unchecked: ruid))] }
    }

    /// On the first worker.
    static func start() {
        guard keepaliveMode.value != 0 else { return }
        let parts = LocationTable.partCount
        Loop.every(.milliseconds(max(timerInterval.value * 1000 / parts, 1)), on: 0) { call in
            let part = part.add(1, ordering: .relaxed).oldValue % parts
            for domain in Domain.all where !domain.keeping.fetches {
                let round = Round(domain)
                withExtendedLifetime(round) {
                    domain.visit(part: part, call.raw, each, Unmanaged.passUnretained(round).toOpaque())
                }
            }
            if part == 0 { forgetGone() }
            return .yes
        }
    }

    private final class Round {
        let domain: Domain
        init(_ domain: Domain) { self.domain = domain }
    }

    private static let each: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let data = raw.pointee.data else {
            return Outcome.error.code
        }
        let domain = Unmanaged<Round>.fromOpaque(user).takeUnretainedValue().domain
        ask(raw, domain, data.assumingMemoryBound(to: ul_contact.self).pointee)
        return Outcome.yes.code
    }

    private static func isAsked(_ contact: ul_contact) -> Bool {
        let mode = keepaliveMode.value
        if mode & 2 != 0, natFlag.value < 0 || contact.cflags >> UInt32(natFlag.value) & 1 == 0 {
            return false
        }
        if mode & 4 != 0, isStream(contact) { return false }
        return keepaliveFilter.value & 1 == 0 || Int(contact.server_id) == serverID.value
    }

    private static func isStream(_ contact: ul_contact) -> Bool {
        if contact.connection != 0 { return true }
        guard let uri = URI(Text(unchecked: contact.received.len > 0 ? contact.received : contact.uri)),
            let transport = uri.param("transport")
        else { return false }
        return !transport.equalsIgnoringCase("udp")
    }

    private static func ask(_ call: UnsafeMutablePointer<mt_call>, _ domain: Domain, _ contact: ul_contact) {
        guard isAsked(contact) else { return }
        let name = String(Text(unchecked: contact.ruid))
        let known = states.withLock { $0[name] } ?? State()
        if keepaliveTimeout.value > 0, known.silentSince > 0,
            Domain.now - known.silentSince >= keepaliveTimeout.value
        {
            states.withLock { $0[name] = nil }
            _ = domain.remove(call, contact.aor, contact.ruid)
            return
        }
        guard send(Call(call), contact) else { return }
        states.withLock {
            $0[name, default: State()].askedAt = Loop.ticks
            if known.silentSince == 0 { $0[name, default: State()].silentSince = Domain.now }
        }
    }

    private static func send(_ call: borrowing Call, _ contact: ul_contact) -> Bool {
        let method = keepaliveMethod.value
        guard let own = OwnMessage.request(method, contact.uri) else { return false }
        let request = own.message
        let number = serial.add(1, ordering: .relaxed).oldValue
        let aor = Text(unchecked: contact.aor)
        _ = tag.withRaw { request.append("From: <\(keepaliveFrom.value)>;tag=\($0)") }
        if useDomain.value {
            request.append("To: <sip:\(aor)>")
        } else {
            request.append("To: <sip:\(aor)@\(keepaliveDomain.value)>")
        }
        request.append("Call-ID: \(mark)\(number)-\(contact.ruid)")
        request.append("CSeq: 80 \(method)")
        request.append("Max-Forwards: 70")
        request.append("Content-Length: 0")
        if contact.path.len > 0 {
            var list = Text(unchecked: contact.path)
            request.append("Route: \(contact.path)")
            if let hop = list.takeAddress() { request.set(.nextHop, hop.uri) }
        } else if contact.received.len > 0 {
            request.set(.nextHop, contact.received)
        }
        if contact.socket != UL_NO_SOCKET { request.set(.outSocket, Int(contact.socket)) }
        return request.send(call).isYes
    }

    /// Hook "core.reply": what answers a request of ours goes no further.
    static func answered(_ call: borrowing Call) -> Outcome {
        guard keepaliveMode.value != 0 else { return .yes }
        let message = call.message
        guard message.callID.hasPrefix(mark), message.fromTag.equals(tag) else { return .yes }
        let rest = message.callID.dropFirst(mark.utf8CodeUnitCount)
        guard let dash = rest.firstIndex(of: UInt8(ascii: "-")) else { return .stop }
        let name = String(rest.dropFirst(dash + 1))
        let now = Loop.ticks
        let roundTrip = states.withLock { states -> Int? in
            // A second answer, or one for a contact that is gone.
            guard var state = states[name], state.askedAt != 0 else { return nil }
            state.roundTrip = Int((now &- state.askedAt) / 1000)
            state.answeredAt = Domain.now
            state.askedAt = 0
            state.silentSince = 0
            states[name] = state
            return state.roundTrip
        }
        if let roundTrip { tell(call, name, roundTrip) }
        return .stop
    }

    private static func tell(_ call: borrowing Call, _ name: String, _ roundTrip: Int) {
        guard let level = Host.Level(syslog: keepaliveLogLevel.value), Host.logs(level) else { return }
        let micro = String(roundTrip % 1_000_000 + 1_000_000).dropFirst()
        var more = ""
        if let value = call.read(keepaliveLogMessage.value) { more = String(value.text) }
        Host.log(level, "keepalive roundtrip: \(roundTrip / 1_000_000).\(micro) sec - ruid [\(name)]\(more)")
    }

    /// Contacts that are there no longer have no answer to give.
    private static func forgetGone() {
        let names = states.withLock { Set($0.keys) }
        guard !names.isEmpty else { return }
        var living = Set<String>()
        for domain in Domain.all {
            for shard in 0..<domain.table.shardCount {
                domain.table.visit(shard: shard) { contact, _ in
                    living.insert(String(Text(unchecked: contact.ruid)))
                }
            }
        }
        states.withLock { states in
            for name in names.subtracting(living) { states[name] = nil }
        }
    }
}

extension Host.Level {
    /// Of -5 (alert) to 3 (debug); nil: it is not to be told at all.
    fileprivate init?(syslog number: Int) {
        switch number {
        case ...(-1): self = .error
        case 0: self = .warning
        case 1: self = .notice
        case 2: self = .info
        case 3: self = .debug
        default: return nil
        }
    }
}
