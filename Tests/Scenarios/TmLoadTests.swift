// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Not under a sanitizer: sipp does not wait for a server that is many times slower.
@Suite(.unsanitized) struct TmLoadTests {
    @Test(arguments: ["udp", "tcp"]) func `a thousand calls leave nothing behind`(transport: String) throws {
        guard ToolTests.has("sipp", of: "sip-tester") else { return }
        let server = try tmServer(
            """
            if (has_totag()) {
                loose_route();
                t_relay();
                exit;
            }
            record_route();
            t_on_reply("SEE");
            t_on_failure("SEE");
            t_relay();
            """,
            """
            onreply_route[SEE] {
                append_hf("X-Seen: $rs\\r\\n");
            }
            failure_route[SEE] {
                xlog("L_WARN", "failed\\n");
            }
            """, plugins: ["sl", "rr", "textops", "siputils", "xlog", "pv", "ctl"])
        try ToolTests.call(1000, rate: 200, through: server, over: transport)
        let all = try #require(try server.json("tm.stats") as? [String: Any])
        #expect(all["2xx"] as? Int == 2000)
        // RFC 6026 keeps something of an INVITE for 64 * T1, that is 6.4 s here.
        try server.comes { try server.statistic("tmx.inuse_transactions") == 0 }
        try server.comes { try server.transactions() == 0 }
        #expect(server.complaints == [])
    }
}
