// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// Several servers on one database, with `db_mode` 1 and a number each.
///
/// A dialog has one owner, the server that it was set up through, and only that one has it in memory, runs its timers,
/// counts it and writes its row. A request inside it that comes to another server is put aside there for as long as
/// the database takes to say what the dialog is; then it is a guest (`Guests`), and what comes of the request is left
/// for the owner as a note (`Notes`), which he reads as soon as the database tells him, or at his next look. When an owner dies, one of the others takes
/// over what was his (`Inheriting`). So what is shared costs nothing but notes of what really went elsewhere.
enum Sharing {
    /// Written on the main thread before traffic.
    nonisolated(unsafe) private(set) static var isOn = false

    static var own: Int { serverID.value }

    /// [main]
    static func prepare() {
        isOn = serverID.value > 0 && databaseMode.value == 1 && databaseURL.value != nil
        if serverID.value > 0, !isOn, databaseMode.value > 0 {
            Host.log(.notice, "server_id \(serverID.value) shares no calls: that takes db_mode 1")
        }
    }

    /// Hook "core.ready".
    static func ready() {
        guard isOn else { return }
        GuestLoading.prepare()
        rr.table.pointee.set_gate(Guests.gate)
    }

    /// On each worker.
    static func start(on worker: Int) {
        guard isOn, worker == 0 else { return }
        Inheriting.start(on: worker)
        NoteReading.start()
    }
}
