// SPDX-License-Identifier: Apache-2.0

/// The commands of the management interface, and what they are called now.
public enum MINames {
    /// By the old name.
    public static let table: [(old: String, new: String)] = [
        ("uptime", "core.uptime"), ("version", "core.version"), ("pwd", "core.pwd"), ("arg", "core.arg"),
        ("which", "system.listMethods"), ("kill", "core.kill"), ("ps", "core.psx"), ("debug", "corex.debug"),
        ("get_statistics", "stats.get_statistics"), ("reset_statistics", "stats.reset_statistics"),
        ("clear_statistics", "stats.clear_statistics"),
        ("ul_dump", "ul.dump"), ("ul_rm", "ul.rm"), ("ul_rm_contact", "ul.rm_contact"),
        ("ul_flush", "ul.flush"),
        ("ul_add", "ul.add"), ("ul_show_contact", "ul.lookup"),
        ("t_uac_dlg", "tm.t_uac_dlg"), ("t_uac_cancel", "tm.cancel"), ("t_hash", "tm.t_hash"),
        ("t_reply", "tm.reply"), ("t_reply_callid", "tm.reply_callid"),
        ("trusted_reload", "permissions.trustedReload"), ("trusted_dump", "permissions.trustedDump"),
        ("address_reload", "permissions.addressReload"), ("address_dump", "permissions.addressDump"),
        ("subnet_dump", "permissions.subnetDump"), ("perm_domain_dump", "permissions.domainDump"),
        ("allow_uri", "permissions.allowUri"),
        ("dlg_list", "dlg.list"), ("dlg_list_ctx", "dlg.list_ctx"), ("dlg_end_dlg", "dlg.end_dlg"),
        ("dlg_terminate_dlg", "dlg.terminate_dlg"), ("profile_get_size", "dlg.profile_get_size"),
        ("profile_list_dlgs", "dlg.profile_list"), ("dlg_bridge", "dlg.bridge_dlg"),
        ("outbound_flows", "outbound.flows"),
    ]

    /// What runs for it: `rpc` has the command in its first argument, and a new name is its own.
    public static func resolve(_ name: String, _ arguments: [String]) -> (
        command: String, arguments: [String]
    )? {
        if name == "rpc" {
            guard let first = arguments.first else { return nil }
            return (first, Array(arguments.dropFirst()))
        }
        if let entry = table.first(where: { $0.old == name }) { return (entry.new, arguments) }
        return name.contains(".") ? (name, arguments) : nil
    }
}
