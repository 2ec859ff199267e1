// SPDX-License-Identifier: Apache-2.0
// Carries commands as JSON-RPC 2.0: over a datagram socket and a fifo, as kamcli and others speak it, over HTTP, and
// from the script.
import CMartlet
import Carrier
import Glibc
import JsonrpcsLogic
import PluginKit

private let transport = Param<Int>(
    "transport", default: "6", in: 0...7,
    "What commands come in by, a sum: 1 HTTP, which jsonrpc_dispatch() and xhttp do, 2 the fifo, 4 datagrams."
)
private let pretty = Param<Int>("pretty_format", default: "1", in: 0...1, "1: answers have lines and tabs.")
private let fifoName = Param<Text>(
    "fifo_name", default: "kamailio_rpc.fifo", is: .verbatim, "The fifo that requests come in by.")
private let fifoMode = Param<Int>("fifo_mode", default: "0660", in: 0...0o7777, "Its permissions.")
private let fifoUser = Param<Text?>("fifo_user", is: .verbatim, "Who owns it: a name or a number.")
private let fifoGroup = Param<Text?>("fifo_group", is: .verbatim, "Its group: a name or a number.")
private let replies = Param<Text>(
    "fifo_reply_dir", default: "/tmp/", is: .verbatim, "Where clients make their fifos.")
private let socketName = Param<Text>(
    "dgram_socket", default: "kamailio_rpc.sock", is: .verbatim,
    "The datagram socket: a path, or udp:HOST:PORT.")
private let socketMode = Param<Int>("dgram_mode", default: "0660", in: 0...0o7777, "Its permissions.")
private let socketUser = Param<Text?>("dgram_user", is: .verbatim, "Who owns it: a name or a number.")
private let socketGroup = Param<Text?>("dgram_group", is: .verbatim, "Its group: a name or a number.")
private let socketWorkers = Param<Int>(
    "dgram_workers", default: "1", in: 0...1024, "Accepted; all commands run on the server's thread for them."
)
private let patience = Param<Int>(
    "dgram_timeout", default: "2000", in: 1...600_000, "For how many ms an answer is kept for its client.")
let requests = Counter("requests", "Commands that were asked for.")
let refused = Counter("refused", "What was no command, or none that is there.")
let unanswered = Counter("unanswered", "Answers that a client did not take.")

/// Set once, on the main thread; nil before the start and when the configuration is only checked.
nonisolated(unsafe) private var transports: Transports?

private let plugin = Plugin("jsonrpcs", "1.0.0", "Carries commands as JSON-RPC 2.0.") {
    [transport, pretty, fifoMode, socketMode, socketWorkers, patience]
    [fifoName, replies, socketName]
    [fifoUser, fifoGroup, socketUser, socketGroup]
    [requests, refused, unanswered]

    Start {
        guard transport.value & 1 != 0, !xhttp.isThere else { return .yes }
        return Host.fail(
            "transport has 1, HTTP, and nothing takes HTTP requests", help: "add loadmodule \"xhttp.so\"")
    }
    // Only now are privileges what they will be, and a file that is only checked has no sockets opened.
    Hook("core.ready") { _ in begin() }
    Stop { transports?.stop() }

    Command("jsonrpc.echo", "Its arguments, each as what it is.", arguments: []) { answer in
        for index in 0..<Int(answer.call.raw.pointee.argc) {
            answer.put(answer.call.raw.pointee.args[index])
        }
        return .yes
    }

    scriptFunctions(pretty: { pretty.value != 0 })
    dispatchFunction(pretty: { pretty.value != 0 })
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

private func begin() -> Outcome {
    var datagrams: Transports.Datagrams?
    var fifo: Transports.FifoPlace?
    if transport.value & 4 != 0 {
        guard let made = openDatagrams() else { return .error }
        datagrams = made
    }
    if transport.value & 2 != 0 {
        guard let made = openFifo() else {
            Transports.close(datagrams, nil)
            return .error
        }
        fifo = made
    }
    guard datagrams != nil || fifo != nil else { return .yes }
    let made = Transports(datagrams, fifo, pretty: pretty.value != 0, patience: patience.value)
    guard made.start() else {
        Transports.close(datagrams, fifo)
        return Host.fail("jsonrpcs cannot start its thread", help: "see the limits of the process")
    }
    transports = made
    return .yes
}

private func openDatagrams() -> Transports.Datagrams? {
    let text = String(socketName.value)
    guard let address = DatagramAddress.parse(text, runFolder: Host.runDirectory) else {
        _ = Host.fail(
            "jsonrpcs cannot listen on \"\(text)\"", help: "dgram_socket is a path, or udp:HOST:PORT")
        return nil
    }
    guard let owner = Owner(mode: socketMode.value, user: socketUser.value, group: socketGroup.value) else {
        return nil
    }
    do throws(Failure) {
        let descriptor: Int32
        var path: String?
        switch address {
        case .path(let place):
            descriptor = try CommandSocket.unix(place, stream: false, owner)
            path = place
        case .internet(let host, let port):
            descriptor = try CommandSocket.internet(host, port, stream: false)
        }
        // A whole answer is one datagram: as large as the system lets it be.
        var size: Int32 = 8 << 20
        let length = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, length) != 0 {
            _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, length)
        }
        return Transports.Datagrams(descriptor: descriptor, path: path)
    } catch {
        _ = Host.fail("jsonrpcs cannot listen on \(text): \(error.what)", help: error.help)
        return nil
    }
}

private func openFifo() -> Transports.FifoPlace? {
    let name = String(fifoName.value)
    let path = name.hasPrefix("/") ? name : "\(Host.runDirectory)/\(name)"
    let folder = String(replies.value)
    guard let owner = Owner(mode: fifoMode.value, user: fifoUser.value, group: fifoGroup.value) else {
        return nil
    }
    do throws(Failure) {
        return Transports.FifoPlace(
            descriptor: try Fifo.make(path, owner), path: path,
            replies: folder.hasSuffix("/") ? folder : folder + "/")
    } catch {
        _ = Host.fail("jsonrpcs cannot use \(path): \(error.what)", help: error.help)
        return nil
    }
}
