// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What the server itself offers to plugins, by name.
struct Interfaces {
    static let names = [
        "martlet.attribute", "martlet.loop", "martlet.message", "martlet.net", "martlet.rpc",
        "martlet.script", "martlet.setting", "martlet.sip", "martlet.statistic",
    ]

    func table(_ id: String) -> UnsafePointer<mt_head>? {
        func head<API>(_ api: UnsafePointer<API>) -> UnsafePointer<mt_head> {
            UnsafeRawPointer(api).assumingMemoryBound(to: mt_head.self)
        }
        return switch id {
        case "martlet.attribute": head(host.isStrict ? mt_attribute_api.checked : mt_attribute_api.made)
        case "martlet.loop": head(mt_loop_api.made)
        case "martlet.message": head(host.isStrict ? mt_message_api.checked : mt_message_api.made)
        case "martlet.net": head(host.isStrict ? mt_net_api.checked : mt_net_api.made)
        case "martlet.rpc": head(host.isStrict ? mt_rpc_api.checked : mt_rpc_api.made)
        case "martlet.script": head(host.isStrict ? mt_script_api.checked : mt_script_api.made)
        case "martlet.setting": head(host.isStrict ? mt_setting_api.checked : mt_setting_api.made)
        case "martlet.sip": head(host.isStrict ? mt_sip_api.checked : mt_sip_api.made)
        case "martlet.statistic": head(host.isStrict ? mt_statistic_api.checked : mt_statistic_api.made)
        default: nil
        }
    }
}
