// SPDX-License-Identifier: Apache-2.0
// Tables of items by key, shared by all messages, in memory.
import CMartlet
import PluginKit

private let tables = Params<Text>(
    "htable", is: .verbatim, "One table: name=>size=8;autoexpire=3600;initval=0;")
private let interval = Param<Int>(
    "timer_interval", default: "20", in: 1...86_400, "How often expired items are looked for, in seconds.")
private let databaseURL = Param<Text?>(
    "db_url", is: [.verbatim, .secret], "Not possible yet: tables live in memory.")
private let replication = Param<Int>(
    "enable_dmq", default: "0", "Not possible: tables are this server's own.")
private let started = Event("mod-init", "Before any traffic, to fill tables. Data: none.")

private let plugin = Plugin("htable", "1.0.0", "Tables of items by key, shared by all messages, in memory.") {
    tables
    interval
    databaseURL
    replication
    ignored()
    started

    Start {
        if databaseURL.value != nil {
            return Host.fail(
                "htable cannot use a database yet", help: "take db_url away: tables live in memory")
        }
        if replication.value != 0 {
            return Host.fail("htable does not replicate tables", help: "set enable_dmq to 0")
        }
        Iterators.prepare(Host.workers)
        return Tables.define(tables)
    }
    Hook("core.ready") { _ in
        Tables.findRoutes()
        return .yes
    }
    Hook("core.worker") { call in
        guard call.worker == 0 else { return .yes }
        Loop.every(.seconds(interval.value), on: 0) { call in
            Expired.sweep(call)
            return .yes
        }
        if let own = Expired.blank() { started.emit(call, own.message) }
        return .yes
    }

    variables()
    functions()
    commands()
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

/// What only means something together with a database, replication or another server's processes.
@Declarations private func ignored() -> [any Declaration] {
    for name: StaticString in [
        "key_name_column", "key_type_column", "value_type_column", "key_value_column", "expires_column",
        "array_size_suffix", "event_callback",
    ] {
        Param<Text?>(name, is: .verbatim, "Accepted; has no effect here.")
    }
    for name: StaticString in [
        "fetch_rows", "db_expires", "dmq_init_sync", "timer_procs", "event_callback_mode",
    ] {
        Param<Int>(name, default: "0", "Accepted; has no effect here.")
    }
}
