// SPDX-License-Identifier: Apache-2.0
import CMartlet
import COpenSSL
import PluginKit

/// What `$tls_...` can be asked of a connection. Where there is no TLS, all of it is $null.
@Declarations func variables() -> [any Declaration] {
    Variable("tls_version", "The version that is spoken, as TLSv1.3.") { call, _ in
        show(call) { $0.version.map { String(cString: $0) } }
    }
    Variable("tls_description", "The cipher in OpenSSL's words.") { call, _ in
        show(call) { $0.cipherDescription }
    }
    Variable("tls_cipher_info", "The name of the cipher.") { call, _ in
        show(call) { $0.cipher.flatMap { SSL_CIPHER_get_name($0) }.map { String(cString: $0) } }
    }
    Variable("tls_cipher_bits", "The bits of its key.") { call, _ in
        number(call) { facts in facts.cipher.map { Int(SSL_CIPHER_get_bits($0, nil)) } }
    }
    Variable("tls_peer_server_name", "The name that the client has asked for.") { call, _ in
        show(call) { $0.serverName }
    }
    Variable("tls_peer_verified", "1: the peer's certificate was verified.") { call, _ in
        number(call) { $0.isVerified ? 1 : 0 }
    }
    Variable("tls_peer_revoked", "1: it is revoked.") { call, _ in
        verdict(call, X509_V_ERR_CERT_REVOKED)
    }
    Variable("tls_peer_expired", "1: it has expired.") { call, _ in
        verdict(call, X509_V_ERR_CERT_HAS_EXPIRED)
    }
    Variable("tls_peer_selfsigned", "1: it is signed by itself.") { call, _ in
        verdict(call, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
    }
    Variable("tls_peer_raw_cert", "The peer's certificate, PEM.") { call, _ in
        show(call) { facts in facts.peer.map(pem) }
    }
    Variable("tls_my_raw_cert", "Our certificate, PEM.") { call, _ in
        show(call) { facts in facts.own.map(pem) }
    }
    Variable("tls_peer_urlencoded_cert", "The peer's certificate, PEM, escaped as in a URL.") { call, _ in
        show(call) { facts in facts.peer.map { escape(pem($0)) } }
    }
    Variable("tls_my_urlencoded_cert", "Our certificate, PEM, escaped as in a URL.") { call, _ in
        show(call) { facts in facts.own.map { escape(pem($0)) } }
    }
    Variable(
        "tls", "$tls(m_issuer_line), and m_ or p_ with issuer_line, subject_line, sn_hex, sn_dec.",
        keys: ["m_", "p_"].flatMap { side in
            ["issuer_line", "subject_line", "sn_hex", "sn_dec"].map { side + $0 }
        }
    ) { call, key in
        let name = String(key.name)
        let part: CertificatePart? =
            switch name.dropFirst(2) {
            case "issuer_line": .issuer(nil)
            case "subject_line": .subject(nil)
            case "sn_hex": .serialHex
            case "sn_dec": .serial
            default: nil
            }
        guard let part, name.hasPrefix("m_") || name.hasPrefix("p_") else { return call.answerNull() }
        return show(call) { facts in (name.hasPrefix("m_") ? facts.own : facts.peer).flatMap(part.read) }
    }
    certificateVariables()
}

private func certificateVariables() -> [any Declaration] {
    func both(_ peer: StaticString, _ mine: StaticString, _ part: CertificatePart, _ help: StaticString)
        -> [any Declaration]
    {
        [
            Variable(peer, help) { call, _ in show(call) { $0.peer.flatMap(part.read) } },
            Variable(mine, help) { call, _ in show(call) { $0.own.flatMap(part.read) } },
        ]
    }
    let all: [[any Declaration]] = [
        both("tls_peer_version", "tls_my_version", .version, "The version of a certificate."),
        both("tls_peer_serial", "tls_my_serial", .serial, "The serial number of a certificate."),
        both("tls_peer_notBefore", "tls_my_notBefore", .notBefore, "Since when a certificate is valid."),
        both("tls_peer_notAfter", "tls_my_notAfter", .notAfter, "How long a certificate is valid."),
        both("tls_peer_subject", "tls_my_subject", .subject(nil), "Whom a certificate is for."),
        both("tls_peer_subject_cn", "tls_my_subject_cn", .subject(NID_commonName), "His common name."),
        both("tls_peer_subject_locality", "tls_my_subject_locality", .subject(NID_localityName), "His town."),
        both("tls_peer_subject_country", "tls_my_subject_country", .subject(NID_countryName), "His country."),
        both(
            "tls_peer_subject_state", "tls_my_subject_state", .subject(NID_stateOrProvinceName), "His state."),
        both(
            "tls_peer_subject_organization", "tls_my_subject_organization", .subject(NID_organizationName),
            "His organization."),
        both(
            "tls_peer_subject_unit", "tls_my_subject_unit", .subject(NID_organizationalUnitName), "His unit."),
        both("tls_peer_subject_uid", "tls_my_subject_uid", .subject(NID_userId), "His user id."),
        both("tls_peer_issuer", "tls_my_issuer", .issuer(nil), "Who has signed a certificate."),
        both("tls_peer_issuer_cn", "tls_my_issuer_cn", .issuer(NID_commonName), "His common name."),
        both("tls_peer_issuer_locality", "tls_my_issuer_locality", .issuer(NID_localityName), "His town."),
        both("tls_peer_issuer_country", "tls_my_issuer_country", .issuer(NID_countryName), "His country."),
        both("tls_peer_issuer_state", "tls_my_issuer_state", .issuer(NID_stateOrProvinceName), "His state."),
        both(
            "tls_peer_issuer_organization", "tls_my_issuer_organization", .issuer(NID_organizationName),
            "His organization."),
        both("tls_peer_issuer_unit", "tls_my_issuer_unit", .issuer(NID_organizationalUnitName), "His unit."),
        both(
            "tls_peer_san_email", "tls_my_san_email", .alternative(GEN_EMAIL), "The first mail address in it."
        ),
        both(
            "tls_peer_san_hostname", "tls_my_san_hostname", .alternative(GEN_DNS),
            "The first name of a host in it."),
        both("tls_peer_san_uri", "tls_my_san_uri", .alternative(GEN_URI), "The first URI in it."),
        both("tls_peer_san_ip", "tls_my_san_ip", .alternative(GEN_IPADD), "The first address in it."),
    ]
    return all.flatMap { $0 }
}

private func show(_ call: borrowing Call, _ read: (Facts) -> String?) -> Outcome {
    guard call.hasMessage, let facts = call.message.tls, let text = read(facts) else {
        return call.answerNull()
    }
    return call.answer(call.message.keep(text))
}

private func number(_ call: borrowing Call, _ read: (Facts) -> Int?) -> Outcome {
    guard call.hasMessage, let facts = call.message.tls, let number = read(facts) else {
        return call.answerNull()
    }
    return call.answer(number)
}

private func verdict(_ call: borrowing Call, _ code: Int32) -> Outcome {
    number(call) { $0.says(code) }
}
