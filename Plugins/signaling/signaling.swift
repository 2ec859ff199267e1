// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// What OpenSIPS has in a module of its own is in sl here, which answers in the transaction when there is one.
private let plugin = Plugin("signaling", "1.0.0", "Stands for the functions that sl has already.") {
    Need("sl", 1, as: sl_api.self, .bring)
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
