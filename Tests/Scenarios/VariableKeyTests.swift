// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// What stands in the parentheses of a plugin's variable is looked at when the file is read.
@Suite struct VariableKeyTests {
    private func check(_ lines: [String]) throws -> Output {
        let plugins = [
            "sl", "tm", "pv", "kex", "outbound", "rr", "usrloc", "registrar", "dialog", "siputils", "htable",
            "ctl", "jsonrpcs", "tls", "sca",
        ]
        let folder = try Scratch()
        let file = try folder.file(
            "keys.cfg",
            with: plugins.map { "loadmodule \"\($0).so\"" }.joined(separator: "\n") + "\nrequest_route {\n"
                + lines.map { "$var(x) = \($0);\n" }.joined() + "}\n")
        return try martlet("check", file)
    }

    @Test(arguments: [
        "$dlg(stat)", "$dlg", "$dlg_ctx(timeouts)", "$T(id)", "$T_branch(ur)", "$sca(sate)", "$flow(remotes)",
        "$pcv(values)", "$ltt(y)", "$jsonrpl(codes)", "$shtrecord(keys)", "$tls(m_issuer)",
        "$(ulc(p=>ad)[0])",
        "$ulc(p)",
    ])
    func `a key that there is not is an error, with its place and what there is`(variable: String) throws {
        let output = try check([variable])
        #expect(output.status == 1)
        let name = variable.hasPrefix("$(") ? "$ulc(p=>ad)" : variable
        #expect(output.err.contains("error: \(name): "), "\(output.err)")
        #expect(output.err.contains("keys.cfg:17:") && output.err.contains("help: "), "\(output.err)")
    }

    @Test func `an unknown select is undefined, and warned of`() throws {
        let output = try check(["@tls.peer.subjekt.cn", "@tm.uas.stat"])
        #expect(output.status == 0)
        #expect(output.err.contains("warning: @tls.peer.subjekt.cn: "), "\(output.err)")
        #expect(output.err.contains("warning: @tm.uas.stat: "), "\(output.err)")
    }

    @Test func `keys that there are, and those that only a message can tell, are in order`() throws {
        let output = try check([
            "$dlg(callid)", "$dlg_ctx(timeout_route_id)", "$T(id_index)", "$T_branch(uri)", "$sca",
            "$sca(state)",
            "$flow(remote)", "$pcv(all)", "$ltt", "$ltt(s)", "$jsonrpl(code)", "$shtrecord(key)",
            "$tls(p_sn_dec)", "$(ulc(p=>addr)[0])", "$ulc(p=>count)", "$dlg($rU)", "@tls.cipher.bits",
            "@tm.uac[0].uri",
        ])
        #expect(output.status == 0 && !output.err.contains("warning"), "\(output.err)")
    }
}
