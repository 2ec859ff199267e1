// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// What OpenSIPS has in one module is in textops and siputils here. This one brings both, and adds what only has
/// another name there.
private let plugin = Plugin("sipmsgops", "1.0.0", "Stands for the functions that textops and siputils have.")
{
    Need("sl", 1, as: sl_api.self, .bring)
    Need("textops", 1, as: textops_api.self, .bring)
    Need("siputils", 1, as: mt_head.self, .bring)
    optionTagFunctions()
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
