// SPDX-License-Identifier: Apache-2.0
// Who is registered where: the contacts of addresses of record, in memory and in a database.
import CMartlet
import Glibc
import PluginKit
import UsrlocLogic

private let plugin = Plugin("usrloc", "1.0.0", "Who is registered where, in memory and in a database.") {
    parameters()
    contactExpired

    Start {
        if Keeping.mode > 0, databaseURL.value == nil {
            return Host.fail(
                "db_mode \(Keeping.mode) needs a database",
                help: "set db_url, as sqlite:///path/file.db, or db_mode 0")
        }
        Keepalive.prepare()
        Domain.ruids = RUID(server: serverID.value, start: Domain.now, process: Int(getpid()))
        for line in 0..<preload.count {
            guard Domain.make(String(preload[line])) != nil else { return .error }
        }
        return .yes
    }
    Hook("core.ready") { _ in
        for domain in Domain.all where !domain.load() { return .error }
        return .yes
    }
    Hook("core.worker") { call in
        if call.worker == 0 {
            Expiring.start()
            Keepalive.start()
        }
        return .yes
    }

    Hook("core.reply", order: -60) { Keepalive.answered($0) }
    Hook("core.closed") { LostConnections.closed($0) }

    Offer("usrloc", 1, 0) { Interface.fill($0) }
    commands()
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
