// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What the server itself offers to plugins, by name.
struct Interfaces {
    static let names = [
        "martlet.attribute", "martlet.loop", "martlet.message", "martlet.net", "martlet.rpc",
        "martlet.script",
        "martlet.sip", "martlet.statistic",
    ]

    func table(_ id: String) -> UnsafePointer<mt_head>? {
        func head<API>(_ api: UnsafePointer<API>) -> UnsafePointer<mt_head> {
            UnsafeRawPointer(api).assumingMemoryBound(to: mt_head.self)
        }
        return switch id {
        case "martlet.attribute": head(mt_attribute_api.made)
        case "martlet.loop": head(mt_loop_api.made)
        case "martlet.message": head(mt_message_api.made)
        case "martlet.net": head(mt_net_api.made)
        case "martlet.rpc": head(mt_rpc_api.made)
        case "martlet.script": head(mt_script_api.made)
        case "martlet.sip": head(mt_sip_api.made)
        case "martlet.statistic": head(mt_statistic_api.made)
        default: nil
        }
    }
}
