// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Says in a table that this server is there, and sees who else is. What a dead one had is offered to one of the
/// others, and to one only: `inherit`. Whoever was taken for dead, and is not, hears of it: `buried`.
///
/// Everything happens on the worker that `start` is called on.
public final class Heartbeat: @unchecked Sendable {
    public typealias CallPointer = UnsafeMutablePointer<mt_call>

    public struct Settings {
        /// Who shares: "sca". Each has rows of its own.
        public var service: String
        /// server_id.
        public var server: Int
        public var table: String
        /// Milliseconds between two signs of life.
        public var interval = 1000
        /// Milliseconds of silence after which a server is dead.
        public var patience = 5000

        public init(service: String, server: Int, table: String = "martlet_servers") {
            self.service = service
            self.server = server
            self.table = table
        }
    }

    /// A server is dead, and nobody else takes it over: call `finished` when all it had is ours. If we die before,
    /// another one begins again.
    public var inherit: (CallPointer, _ dead: Peer, _ finished: @escaping (CallPointer) -> Void) -> Void = {
        call, _, finished in finished(call)
    }
    /// Others took us for dead: what was ours may be theirs now. It is to be read again.
    public var buried: (CallPointer) -> Void = { _ in }
    /// There is another server that was not there, or not alive, until now: what it has written is to be read.
    public var joined: (CallPointer) -> Void = { _ in }

    public private(set) var liveness: Liveness
    private let settings: Settings
    private let table: ServersTable
    private var own: Peer
    /// Our row is there. Before, it is what an earlier process has left.
    private var isKnown = false
    private var isBusy = false
    private var inheriting: Set<Int> = []

    /// [main] Before "core.ready". Nil: the server has been told why.
    public init?(_ url: StorageURL, _ settings: Settings) {
        guard let api = url.store, api.has(\.claim) else {
            _ = Host.fail(
                "the database plugin of \(settings.service) cannot be shared by several servers",
                help: "it has no claim(): use db_sqlite, db_mysql or db_postgres")
            return nil
        }
        guard let table = ServersTable(url, settings.table, service: settings.service) else { return nil }
        self.settings = settings
        self.table = table
        liveness = Liveness(own: settings.server, patience: UInt64(settings.patience))
        own = Peer(server: settings.server, boot: String(UInt64.random(in: 1 ... .max), radix: 16), seen: 0)
    }

    /// [worker] In "core.worker".
    public func start(on worker: Int) {
        Loop.post(to: worker) { [self] call in
            beat(call.raw)
            return .yes
        }
        Loop.every(Milliseconds(settings.interval), on: worker) { [self] call in
            beat(call.raw)
            return .yes
        }
    }

    private var now: UInt64 { Loop.ticks / 1_000_000 }

    private func beat(_ call: CallPointer) {
        // The database is slow: what was asked for comes.
        guard !isBusy else { return }
        isBusy = true
        let next = Peer(server: own.server, boot: own.boot, seen: max(own.seen + 1, Loop.clock))
        table.write(call, next, over: isKnown ? own : nil, isExact: false) { [self] call, isWritten in
            switch isWritten {
            case true?:
                own = next
                isKnown = true
            case false?:
                // Somebody has changed our row. The next beat writes it anew.
                isKnown = false
                Host.log(
                    .warning,
                    "\(settings.service): other servers took server \(own.server) for dead, because it was silent for \(settings.patience) ms"
                )
                buried(call)
            case nil: break
            }
            look(call)
        }
    }

    private func look(_ call: CallPointer) {
        table.read(call) { [self] call, peers in
            isBusy = false
            guard let peers else { return liveness.missed(at: now) }
            let before = liveness.others(at: now)
            liveness.heard(peers, at: now)
            if !liveness.others(at: now).allSatisfy(before.contains) { joined(call) }
            for peer in liveness.lost(at: now) where !inheriting.contains(peer.server) { claim(call, peer) }
        }
    }

    private func claim(_ call: CallPointer, _ dead: Peer) {
        inheriting.insert(dead.server)
        let mine = dead.inherited(by: own.server)
        table.write(call, mine, over: dead) { [self] call, isOurs in
            guard isOurs == true else {
                inheriting.remove(dead.server)
                return
            }
            Host.log(
                .notice, "\(settings.service): server \(dead.server) is silent, and this one goes on for it")
            inherit(call, mine) { [self] call in
                table.write(call, mine.over, over: mine) { [self] _, _ in inheriting.remove(dead.server) }
            }
        }
    }
}
