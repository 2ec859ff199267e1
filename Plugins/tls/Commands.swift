// SPDX-License-Identifier: Apache-2.0
import CMartlet
import COpenSSL
import PluginKit
import TlsLogic

@Declarations func commands() -> [any Declaration] {
    Command("info", "How many connections there are, and what waits for them.") { answer in
        answer.structure { answer in
            answer.put("opened_connections", Registry.count)
            answer.put("clear_text_write_queued_bytes", 0)
        }
        return .yes
    }
    Command("list", "The connections, the oldest first.") { answer in
        for facts in Registry.all().sorted(by: { $0.opened < $1.opened }) {
            answer.structure { show($0, facts) }
        }
        return .yes
    }
    Command("options", "What the parameters are.") { answer in
        options(answer)
        return .yes
    }
    Command("profiles", "The profiles, with their certificates and how long those are valid.") { answer in
        for context in Profiles.inUse?.contexts ?? [] { answer.structure { show($0, context) } }
        return .yes
    }
    Command("reload", "Reads the file of profiles and all certificates again; connections stay as they are.")
    { answer in
        let troubles = Profiles.read()
        guard troubles.isEmpty else {
            return answer.fault(500, troubles.map(\.what).joined(separator: "; ") + ": nothing has changed")
        }
        ClientSessions.forget()
        reloads.add()
        answer.put(Text("Ok. TLS configuration reloaded."))
        return .yes
    }
    Command("kill", "Closes a connection.", Arg("id", Int.self, "As tls.list shows it.")) { answer, id in
        guard let facts = Registry.find(UInt64(bitPattern: Int64(id))) else {
            return answer.fault(404, "there is no connection \(id)")
        }
        Flow(facts.flow).close()
        return .yes
    }
}

private func show(_ answer: borrowing Answer, _ facts: Facts) {
    let flow = facts.flow
    answer.put("id", Int(truncatingIfNeeded: flow.connection))
    answer.put("age", (Loop.clock - facts.opened) / 1000)
    answer.put("src_ip", withUnsafeBytes(of: flow.remote) { Address.text($0.baseAddress!) })
    answer.put("src_port", Int(flow.remote_port))
    answer.put("dst_ip", withUnsafeBytes(of: flow.local) { Address.text($0.baseAddress!) })
    answer.put("dst_port", Int(flow.local_port))
    answer.put("version", facts.version.map { String(cString: $0) } ?? "")
    answer.put("cipher", facts.cipher.flatMap { SSL_CIPHER_get_name($0) }.map { String(cString: $0) } ?? "")
    answer.put("direction", facts.isOutgoing ? "outgoing" : "incoming")
    answer.put("server_name", facts.serverName ?? "")
    answer.put("resumed", facts.isResumed ? 1 : 0)
    answer.put("verified", facts.isVerified ? 1 : 0)
    answer.put("ct_wq_size", 0)
    answer.put("enc_rd_buf", 0)
    answer.put("state", "established")
}

private func show(_ answer: borrowing Answer, _ context: Context) {
    let settings = context.profile.settings
    answer.put("name", "\(context.profile.scope)")
    answer.put("server_name", settings.serverName ?? "")
    answer.put("server_id", settings.serverID ?? "")
    answer.put("certificate", settings.certificate ?? "")
    guard let certificate = SSL_CTX_get0_certificate(context.raw) else { return }
    answer.put("subject", subjectLine(certificate))
    answer.put("not_after", Certificates.date(X509_get0_notAfter(certificate)))
}

private func subjectLine(_ certificate: OpaquePointer) -> String {
    guard let text = X509_NAME_oneline(X509_get_subject_name(certificate), nil, 0) else { return "" }
    defer { CRYPTO_free(text, nil, 0) }
    return String(cString: text)
}

private func options(_ answer: borrowing Answer) {
    answer.structure { answer in
        answer.put("tls_method", method.value)
        answer.put("verify_certificate", verifies.value)
        answer.put("require_certificate", requires.value)
        answer.put("verify_client", verifyClient.value)
        answer.put("verify_depth", verifyDepth.value)
        answer.put("check_hostname", checkHostname.value)
        answer.put("certificate", certificate.string ?? "")
        answer.put("private_key", privateKey.string ?? "")
        answer.put("ca_list", caList.string ?? "")
        answer.put("ca_path", caPath.string ?? "")
        answer.put("crl", crl.string ?? "")
        answer.put("cipher_list", cipherList.string ?? "")
        answer.put("server_name", serverName.string ?? "")
        answer.put("config", configFile.string ?? "")
        answer.put("connection_timeout", connectionTimeout.value)
        answer.put("session_cache", sessionCache.value)
        answer.put("session_id", sessionID.value)
        answer.put("renegotiation", renegotiation.value)
        answer.put("disable_compression", disableCompression.value)
        answer.put("ssl_release_buffers", releaseBuffers.value)
        answer.put("ssl_max_send_fragment", maxFragment.value)
        answer.put("ssl_read_ahead", readAhead.value)
        answer.put("send_close_notify", closeNotify.value)
    }
}
