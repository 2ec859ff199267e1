// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The server's tables, as the loader filled them in before init.
///
/// PluginKit is linked into each plugin, so these are one plugin's own. They are written once, on the main
/// thread before any traffic, and only read afterwards: that is what makes `nonisolated(unsafe)` safe.
/// Plugins have them too, for what PluginKit does not wrap: `Server.net.pointee.close(&flow)`.
public enum Server {
    nonisolated(unsafe) public internal(set) static var host: UnsafePointer<mt_host>!
    nonisolated(unsafe) public internal(set) static var message: UnsafePointer<mt_message_api>!
    nonisolated(unsafe) public internal(set) static var sip: UnsafePointer<mt_sip_api>!
    nonisolated(unsafe) public internal(set) static var script: UnsafePointer<mt_script_api>!
    nonisolated(unsafe) public internal(set) static var loop: UnsafePointer<mt_loop_api>!
    nonisolated(unsafe) public internal(set) static var net: UnsafePointer<mt_net_api>!
    nonisolated(unsafe) public internal(set) static var attribute: UnsafePointer<mt_attribute_api>!
    nonisolated(unsafe) public internal(set) static var statistic: UnsafePointer<mt_statistic_api>!
    nonisolated(unsafe) public internal(set) static var rpc: UnsafePointer<mt_rpc_api>!
    nonisolated(unsafe) public internal(set) static var setting: UnsafePointer<mt_setting_api>!

    /// Each plugin needs all of them: every server that speaks ABI 1 has them, so asking can do no harm, and
    /// no call through one can meet a table that is not there.
    static func declareNeeds(in tables: inout Tables) {
        tables.need("martlet.message", slot(&message))
        tables.need("martlet.sip", slot(&sip))
        tables.need("martlet.script", slot(&script))
        tables.need("martlet.loop", slot(&loop))
        tables.need("martlet.net", slot(&net))
        tables.need("martlet.attribute", slot(&attribute))
        tables.need("martlet.statistic", slot(&statistic))
        tables.need("martlet.rpc", slot(&rpc))
        tables.need("martlet.setting", slot(&setting))
    }

    /// A static stored property has one address as long as the process, so the pointer may be kept.
    private static func slot<API>(_ table: UnsafeMutablePointer<UnsafePointer<API>?>) -> Tables.Slot {
        UnsafeMutableRawPointer(table).assumingMemoryBound(to: UnsafeRawPointer?.self)
    }
}

/// What a plugin says to the server. From any thread.
///
///     Host.log(.warning, "no answer from \(name)")
///     return Host.fail("enable_double_rr must be 0, 1 or 2", help: "2 adds two Record-Routes always")
public enum Host {
    public enum Level: Int32, Sendable { case debug, info, notice, warning, error }

    /// The server adds time, plugin, worker and Call-ID. The text is not even built when nobody would read
    /// it.
    @inlinable public static func log(_ level: Level, _ text: @autoclosure () -> String) {
        guard level.rawValue >= Server.host.pointee.level else { return }
        text().withRaw { Server.host.pointee.log(Server.host, level.rawValue, $0) }
    }

    /// Would a line of this level be written?
    @inlinable public static func logs(_ level: Level) -> Bool { level.rawValue >= Server.host.pointee.level }

    /// The same, for text that is there already: without a String.
    @inlinable public static func log(_ level: Level, text: some Textual & ~Escapable) {
        guard level.rawValue >= Server.host.pointee.level else { return }
        text.withRaw { Server.host.pointee.log(Server.host, level.rawValue, $0) }
    }

    /// Says what is wrong and how to mend it. While the configuration is being read the server adds file,
    /// line and column.
    public static func fail(_ what: String, help: String = "") -> Outcome {
        what.withRaw { what in
            help.withRaw { Outcome(code: Server.host.pointee.fail(Server.host, what, $0)) }
        }
    }

    /// How many workers there are: what is kept per worker is an array of that many, indexed by
    /// `call.worker`.
    @inlinable public static var workers: Int { Int(Server.host.pointee.workers) }

    /// The folder for sockets and fifos, without a slash at its end.
    public static var runDirectory: String { String(cString: Server.host.pointee.run_dir) }

    /// "martlet 1.0.3", to be shown and never compared.
    public static var server: String { String(cString: Server.host.pointee.server) }
}
