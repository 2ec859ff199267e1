// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

private let port = Param<Int>(
    "udp_port", default: "5060", in: 1...65_535, "The port of sockets that name none: 5060.")

/// UDP is the server's own. Files for OpenSIPS load a module for it, and expect xlog() of the server itself.
private let plugin = Plugin("proto_udp", "1.0.0", "Stands for UDP, which the server has already.") {
    port
    Need("xlog", 1, as: mt_head.self, .bring)

    Start {
        port.value == 5060
            ? .yes
            : Host.fail(
                "udp_port must be 5060, not \(port.value): it has no effect on sockets here",
                help: "write the port behind each address: socket=udp:192.0.2.1:\(port.value)")
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
