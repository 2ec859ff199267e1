// SPDX-License-Identifier: Apache-2.0
// Carries commands: BINRPC over sockets, as kamcmd speaks it, and the text protocol over fifos.
import CMartlet
import Carrier
import CtlLogic
import PluginKit

private let binrpc = Params<Text>(
    "binrpc", is: .verbatim, "Where to listen: unixs:PATH, unixd:PATH, tcp:HOST:PORT, udp:HOST:PORT.")
private let fifo = Params<Text>("fifo", is: .verbatim, "A fifo for the text protocol: a path.")
private let mode = Param<Int>("mode", default: "0600", in: 0...0o7777, "Permissions of sockets and fifos.")
private let user = Param<Text?>("user", is: .verbatim, "Who owns sockets and fifos: a name or a number.")
private let group = Param<Text?>("group", is: .verbatim, "Their group: a name or a number.")
private let autoconversion = Param<Int>(
    "autoconversion", default: "0", in: 0...1, "Accepted; arguments are always converted.")
private let largest = Param<Int>(
    "binrpc_max_body_size", default: "127", in: 0...65_536, "The longest answer, in KB; 0: any.")
private let largestStructure = Param<Int>(
    "binrpc_struct_max_body_size", default: "0", in: 0...65_536,
    "The longest structure in an answer, in KB; 0: any.")
private let bufferSize = Param<Int>(
    "binrpc_buffer_size", default: "1024", in: 1...1_048_576, "Accepted; has no effect here.")
private let requests = Counter("requests", "Commands that came in.")
private let refused = Counter("refused", "Packets that were no commands.")

/// Set once, on the main thread; nil before the start and when the configuration is only checked.
nonisolated(unsafe) private var control: ControlThread?

private let plugin = Plugin("ctl", "1.0.0", "Carries commands over sockets and fifos, as kamcmd speaks them.")
{
    binrpc
    fifo
    mode
    user
    group
    autoconversion
    largest
    largestStructure
    bufferSize
    requests
    refused

    // Only now are privileges what they will be, and a file that is only checked has no sockets opened.
    Hook("core.ready") { _ in begin() }
    Stop { control?.stop() }

    Command("listen", "Where commands are listened for.") { answer in
        for listener in control?.listeners ?? [] {
            for word in listener.words { answer.put(word) }
        }
        return .yes
    }
    Command("who", "Who is connected.") { answer in
        for visitor in control?.visitors() ?? [] {
            for word in visitor.words { answer.put(word) }
        }
        return .yes
    }
    Command("connections", "How many are connected.") { answer in
        answer.put(control?.visitors().count ?? 0)
        return .yes
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

private func begin() -> Outcome {
    let runFolder = Server.host.pointee.run_dir.map { String(cString: $0) } ?? "/var/run/martlet"
    var addresses: [ListenAddress] = []
    for (lines, isFifo) in [(binrpc, false), (fifo, true)] {
        for line in 0..<lines.count {
            let text = String(lines[line])
            guard let address = ListenAddress.parse(text, fifo: isFifo, runFolder: runFolder) else {
                return Host.fail(
                    "ctl cannot listen on \"\(text)\"",
                    help: "write unixs:PATH, unixd:PATH, tcp:HOST[:PORT], udp:HOST[:PORT] or a path")
            }
            addresses.append(address)
        }
    }
    if binrpc.count == 0, fifo.count == 0 {
        addresses.append(ListenAddress(kind: .unixStream, place: "\(runFolder)/kamailio_ctl"))
    }
    guard let owner = Owner(mode: mode.value, user: user.value, group: group.value) else { return .error }
    var listeners: [Listener] = []
    for address in addresses {
        do throws(Failure) {
            listeners.append(try Listener(address, owner))
        } catch {
            for listener in listeners { listener.close() }
            return Host.fail("ctl cannot listen on \(address.place): \(error.what)", help: error.help)
        }
    }
    let limits = ControlThread.Limits(
        answer: largest.value * 1024, structure: largestStructure.value * 1024, connections: 256)
    let thread = ControlThread(listeners, limits, requests: requests, refused: refused)
    // Before it runs: from then on commands may come in, and ask for it.
    control = thread
    guard thread.start() else {
        control = nil
        for listener in listeners { listener.close() }
        return Host.fail("ctl cannot start its thread", help: "see the limits of the process")
    }
    return .yes
}
