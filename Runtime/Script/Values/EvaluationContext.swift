// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// What the evaluation of an expression may look at: the message, the worker's own storage, and where in the
/// script we are. It is passed by pointer, and trivially copyable.
public struct EvaluationContext {
    public var message: Message
    /// `$var`, pools and caches of the worker that runs the script.
    public var values: UnsafeMutablePointer<WorkerValues>
    public var services: UnsafePointer<ScriptServices>
    public var worker: UInt32
    /// The MT_IN_ bit of the running block.
    public var route: UInt32
    /// `$rc`: the code of the last plugin function or sub-route.
    public var rc: Int32 = 1
    /// Where the running instruction was written; the machine's own numbering.
    public var place: UInt32 = 0
    /// In onsend_route: the way the message is about to take.
    public var sending: UnsafePointer<mt_flow>?
    /// Whoever runs the script may keep something here; the services below get the context.
    public var user: UnsafeMutableRawPointer?

    public init(
        message: Message, values: UnsafeMutablePointer<WorkerValues>, services: UnsafePointer<ScriptServices>,
        worker: UInt32, route: UInt32
    ) {
        self.message = message
        self.values = values
        self.services = services
        self.worker = worker
        self.route = route
    }
}

public typealias Context = UnsafeMutablePointer<EvaluationContext>

/// What the script asks of the floors above and beside it. Set once at start, before any worker runs.
///
/// Plain function pointers: calling one costs nothing but the call. `context` is a `Context`.
public struct ScriptServices {
    /// Says what went wrong, with the place of the running instruction. Levels are MT_LOG_.
    public var log:
        @convention(c) (_ context: UnsafeMutableRawPointer, _ level: Int32, _ text: mt_str) -> Void = {
            _, _, _ in
        }
    public var isMine: @convention(c) (_ host: mt_str, _ port: UInt32, _ transport: UInt32) -> Bool = {
        _, _, _ in false
    }

    /// "udp:192.0.2.1:5060", the name of its listen line, "host[:port]" as advertised.
    public var socketText: @convention(c) (_ socket: UInt32) -> mt_str = { _ in mt_str() }
    public var socketName: @convention(c) (_ socket: UInt32) -> mt_str = { _ in mt_str() }
    public var socketAdvertised: @convention(c) (_ socket: UInt32) -> mt_str = { _ in mt_str() }
    /// By text or name; UINT32_MAX when there is none.
    public var findSocket: @convention(c) (_ text: mt_str) -> UInt32 = { _ in .max }

    /// 0 is none.
    public var findStatistic: @convention(c) (_ name: mt_str) -> UInt32 = { _ in 0 }
    public var readStatistic: @convention(c) (_ statistic: UInt32) -> Int64 = { _ in 0 }

    /// Custom global parameters, `group.name`.
    public var readSetting:
        @convention(c) (
            _ group: mt_str, _ name: mt_str, _ out: UnsafeMutablePointer<mt_value>
        ) -> mt_result = { _, _, _ in mt_result(MT_NO) }
    public var writeSetting:
        @convention(c) (
            _ group: mt_str, _ name: mt_str, _ value: UnsafePointer<mt_value>
        ) -> mt_result = { _, _, _ in mt_result(MT_NO) }

    /// Stateless forwarding: the core function forward(). transport 0, absent host and port 0 mean "as the
    /// message says".
    public var forward:
        @convention(c) (
            _ context: UnsafeMutableRawPointer, _ transport: UInt32, _ host: mt_str, _ port: UInt32
        ) -> mt_result = { _, _, _, _ in mt_result(MT_NO) }

    /// What this message's Via and Record-Route are to say: set_advertised_address, set_advertised_port. An
    /// absent host or port 0 leaves that part as it is.
    public var advertise:
        @convention(c) (
            _ context: UnsafeMutableRawPointer, _ host: mt_str, _ port: UInt32
        ) -> mt_result = { _, _, _ in mt_result(MT_NO) }

    /// The connection that the message came along leads to this port of its address as well: force_tcp_alias. 0: that of
    /// the top Via.
    public var alias:
        @convention(c) (_ context: UnsafeMutableRawPointer, _ port: UInt32) -> mt_result = { _, _ in
            mt_result(MT_NO)
        }

    /// A function made the script wait, and then answered at once: what was to continue it is void.
    public var letGo: @convention(c) (_ context: UnsafeMutableRawPointer) -> Void = { _ in }

    /// Unix time in microseconds.
    public var clock: @convention(c) () -> Int64 = { WallClock.microseconds() }
    /// When the server started, in Unix seconds.
    public var started: Int64 = 0
    public var serverID: Int64 = 0
    /// `$version(num)` and `$version(full)`.
    public var version: mt_str = mt_str()
    public var fullVersion: mt_str = mt_str()
    /// `phone2tel`: a SIP URI with user=phone counts as a telephone number.
    public var phoneIsTel = true

    public init() {}
}
