// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// A server with the plugin sca that relays calls to where their Request-URI says.
func scaServer(
    _ parameters: String = "", _ blocks: String = "", plugins: [String] = [], initial: String = "",
    update: String = "sca_call_info_update();", workers: Int = 1, in folder: Scratch? = nil,
    listen: [String] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
) throws -> Server {
    let modules = (["tm", "sl", "rr", "pv", "xlog", "textops", "siputils", "ctl"] + plugins + ["sca"])
        .map { "loadmodule \"\($0).so\"" }.joined(separator: "\n")
    return try Server(
        """
        debug=2
        \(modules)
        modparam("tm", "retr_timer1", 100)
        modparam("tm", "retr_timer2", 400)
        modparam("tm", "wt_timer", 500)
        modparam("tm", "fr_timer", 3000)
        \(parameters)
        request_route {
            if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
            if (is_method("SUBSCRIBE")) { sca_handle_subscribe(); exit; }
            if (is_method("CANCEL")) {
                if (t_check_trans()) { sca_call_info_update(); t_relay(); }
                exit;
            }
            t_check_trans();
            if (has_totag()) loose_route();
            else if (is_method("INVITE")) record_route();
            if (is_method("INVITE")) t_on_failure("FAILED");
            t_on_reply("REPLY");
            if (!has_totag()) { $var(at) = 1; \(initial) }
            if (is_method("INVITE|BYE")) { \(update) }
            t_relay();
        }
        onreply_route[REPLY] {
            if (status =~ "[456][0-9][0-9]") return;
            if (is_method("INVITE|BYE")) { \(update) }
        }
        failure_route[FAILED] { if (!t_is_canceled()) { \(update) } }
        \(blocks)
        """, listen: listen, "--strict", "-n", "\(workers)", in: folder)
}

/// One of several servers that have the same lines.
func sharedLineServer(
    _ database: SharedDatabase, _ number: Int, _ more: String = "", plugins: [String] = [],
    initial: String = "", workers: Int = 1
) throws -> Server {
    try scaServer(
        """
        modparam("sca", "db_url", "\(database.url)")
        modparam("sca", "server_id", \(number))
        modparam("sca", "share_timeout", 1000)
        \(more)
        """, plugins: [database.kind.plugin] + plugins, initial: initial, workers: workers)
}

/// What should not have come.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension Server {
    /// The lines that a command shows.
    func sca(_ words: String...) throws -> [String] {
        let shown = try json2(words)
        if let all = shown as? [String] { return all }
        return (shown as? String).map { [$0] } ?? []
    }

    private func json2(_ words: [String]) throws -> Any {
        let output = try martlet(["rpc", "-Y", runFolder, "--json"] + words)
        guard output.status == 0 else {
            throw Unexpected("\(words) failed with status \(output.status)\n\(output.err)\(output.out)")
        }
        return try JSONSerialization.jsonObject(with: Data(output.out.utf8), options: .fragmentsAllowed)
    }
}
