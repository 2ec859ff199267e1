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
        show(call) { facts in
            guard let cipher = facts.cipher else { return nil }
            var text = [CChar](repeating: 0, count: 256)
            guard let said = SSL_CIPHER_description(cipher, &text, 256) else { return nil }
            return String(cString: said).trimmed(of: ["\n", " "])
        }
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
        show(call) { facts in facts.peer.map { escaped(pem($0)) } }
    }
    Variable("tls_my_urlencoded_cert", "Our certificate, PEM, escaped as in a URL.") { call, _ in
        show(call) { facts in facts.own.map { escaped(pem($0)) } }
    }
    Variable("tls", "$tls(m_issuer_line), and m_ or p_ with issuer_line, subject_line, sn_hex, sn_dec.") {
        call, key in
        let name = String(key.name)
        let part: Part? =
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

/// One thing in a certificate.
private enum Part: Sendable {
    case version, serial, serialHex, notBefore, notAfter
    /// The whole, or one kind of its parts.
    case subject(Int32?)
    case issuer(Int32?)
    case alternative(Int32)

    func read(_ certificate: OpaquePointer) -> String? {
        switch self {
        case .version: return "\(X509_get_version(certificate) + 1)"
        case .serial: return number(certificate) { BN_bn2dec($0) }
        case .serialHex: return number(certificate) { BN_bn2hex($0) }
        case .notBefore: return Certificates.date(X509_get0_notBefore(certificate))
        case .notAfter: return Certificates.date(X509_get0_notAfter(certificate))
        case .subject(let kind): return name(X509_get_subject_name(certificate), kind)
        case .issuer(let kind): return name(X509_get_issuer_name(certificate), kind)
        case .alternative(let type): return AlternativeNames.first(type, of: certificate)
        }
    }

    private func number(
        _ certificate: OpaquePointer, _ print: (OpaquePointer) -> UnsafeMutablePointer<CChar>?
    ) -> String? {
        guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil) else { return nil }
        defer { BN_free(number) }
        guard let text = print(number) else { return nil }
        defer { CRYPTO_free(text, nil, 0) }
        return String(cString: text)
    }

    private func name(_ name: OpaquePointer?, _ kind: Int32?) -> String? {
        guard let name else { return nil }
        guard let kind else {
            guard let text = X509_NAME_oneline(name, nil, 0) else { return nil }
            defer { CRYPTO_free(text, nil, 0) }
            return String(cString: text)
        }
        let index = X509_NAME_get_index_by_NID(name, kind, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(name, index),
            let data = X509_NAME_ENTRY_get_data(entry)
        else { return nil }
        var text: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&text, data)
        guard count >= 0, let text else { return nil }
        defer { CRYPTO_free(text, nil, 0) }
        return String(decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self)
    }
}

private func certificateVariables() -> [any Declaration] {
    func both(_ peer: StaticString, _ mine: StaticString, _ part: Part, _ help: StaticString)
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

private func pem(_ certificate: OpaquePointer) -> String {
    Certificates.text { PEM_write_bio_X509($0, certificate) }
}

private func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: bytes.append(byte)
        default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
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
    number(call) { facts in facts.peer == nil ? nil : facts.verdict == Int(code) ? 1 : 0 }
}
