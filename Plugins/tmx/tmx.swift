// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// What Kamailio has in two modules is one plugin here. This one is for files that load both.
private let plugin = Plugin("tmx", "1.0.0", "Stands for the functions and variables that tm has already.") {
    Need("tm", 1, as: tm_api.self)
    Param<Int>(
        "precheck_trans", default: "1", in: 0...1,
        "Accepted: two copies of a request are never worked on at the same time.")
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
