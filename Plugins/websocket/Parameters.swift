// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization
import WebsocketLogic

let keepAliveMechanism = Param<Int>(
    "keepalive_mechanism", default: "1", in: 0...3, is: .reloadable,
    "How silent connections are kept open: 0 not at all, 1 ping, 2 pong, 3 a message that is an empty line.")
let keepAliveTimeout = Param<Int>(
    "keepalive_timeout", default: "180", in: 1...86_400, is: .reloadable,
    "Seconds of silence before a keep-alive; with ping, as long again before the connection is given up.")
private let keepAliveProcesses = Param<Int>(
    "keepalive_processes", default: "1", in: 1...64, "Accepted and not used: each worker looks after its own."
)
let keepAliveInterval = Param<Int>(
    "keepalive_interval", default: "1", in: 1...3600, "Seconds between two looks at who is silent.")
let pingData = Param<Text?>(
    "ping_application_data", is: .reloadable,
    "What keep-alive frames carry, up to 125 bytes; else the server's name and version.")
private let subProtocols = Param<Int>(
    "sub_protocols", default: "1", in: 1...3, "1: sip. 2, msrp, is not spoken by anything yet.")
private let corsMode = Param<Int>(
    "cors_mode", default: "0", in: 0...2, is: .reloadable,
    "Access-Control-Allow-Origin in answers: 0 none, 1 any, 2 the origin that asks.")
let timerInterval = Param<Int>(
    "timer_interval", default: "1", in: 1...3600,
    "Seconds between two looks at connections that are being closed.")
let closeDelay = Param<Int>(
    "rm_delay_interval", default: "5", in: 1...3600, is: .reloadable,
    "Seconds that a peer has to answer a Close before the connection goes.")
private let verboseList = Param<Bool>(
    "verbose_list", default: "0", is: .reloadable, "Logs each look at the connections, at debug level.")
private let eventCallback = Param<Route?>(
    "event_callback", where: .request, "A route that is run for each connection that has closed.")
let maxMessageSize = Param<Int>(
    "max_message_size", default: "65535", in: 1024...16_777_216, is: .reloadable,
    "The most bytes of a message, in one frame or many; a larger one ends its connection with 1009.")

@Declarations func parameters() -> [any Declaration] {
    keepAliveMechanism
    keepAliveTimeout
    keepAliveProcesses
    keepAliveInterval
    pingData
    subProtocols
    corsMode
    timerInterval
    closeDelay
    verboseList
    eventCallback
    maxMessageSize
}

/// What parameters come down to. The texts are exchanged as a whole when parameters change, and what was in use before
/// stays in memory, for a worker may just be reading it.
enum Settings {
    struct Texts: Sendable {
        var handshake = Handshake.Settings()
        var ping: [UInt8] = []
        var pong: [UInt8] = []
    }

    private static let enabled = Atomic<Bool>(true)
    private static let address = Atomic<UInt>(0)
    nonisolated(unsafe) private static var name = ""

    static var texts: Texts {
        UnsafePointer<Texts>(bitPattern: address.load(ordering: .acquiring)).unsafelyUnwrapped.pointee
    }

    /// ws.enable, ws.disable.
    static var isEnabled: Bool {
        get { enabled.load(ordering: .relaxed) }
        set { enabled.store(newValue, ordering: .relaxed) }
    }

    static var mechanism: KeepAlive.Mechanism { .init(rawValue: keepAliveMechanism.value) ?? .none }
    static var isVerbose: Bool { verboseList.value }
    static var callback: Route? { eventCallback.value }

    /// [main]
    static func prepare() -> Outcome {
        guard subProtocols.value == 1 else {
            return Host.fail(
                "sub_protocols asks for msrp, which nothing that is loaded speaks",
                help: "write modparam(\"websocket\", \"sub_protocols\", 1), or leave it out")
        }
        name = Host.server
        Homes.prepare()
        reload()
        return .yes
    }

    /// [main] also when parameters have changed.
    static func reload() {
        var texts = Texts()
        texts.handshake.cors = .init(rawValue: corsMode.value) ?? .none
        texts.handshake.server = name
        var data = Array(name.utf8)
        if let asked = pingData.value { data = Array(String(asked).utf8) }
        texts.ping = Frame.control(.ping, data)
        texts.pong = Frame.control(.pong, data)
        let place = UnsafeMutablePointer<Texts>.allocate(capacity: 1)
        place.initialize(to: texts)
        address.store(UInt(bitPattern: place), ordering: .releasing)
    }
}
