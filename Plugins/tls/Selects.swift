// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import PluginKit
import TlsLogic

/// `@tls.…`: what Kamailio's selects say of the connection of a message. Where there is no TLS, or no certificate, they are
/// $null, as the variables are.
@Declarations func selects() -> [any Declaration] {
    Variable(
        "@tls", "A select of the TLS connection, as @tls.cipher.bits or @tls.peer.subject.cn.",
        prepare: { Prepared.make($0) { TLSSelect(String($0)).map(Known.init) } }
    ) { call, key in
        guard call.hasMessage, let facts = call.message.tls,
            let select = key.prepared(as: Known.self)?.select ?? TLSSelect(String(key.name))
        else { return call.answerNull() }
        if let number = facts.number(select) { return call.answer(number) }
        guard let text = facts.text(select) else { return call.answerNull() }
        return call.answer(call.message.keep(text))
    }
}

private final class Known {
    let select: TLSSelect
    init(_ select: TLSSelect) { self.select = select }
}

extension Facts {
    /// What is a number rather than a text.
    fileprivate func number(_ select: TLSSelect) -> Int? {
        switch select {
        case .cipherBits: cipher.map { Int(SSL_CIPHER_get_bits($0, nil)) }
        case .certificate(.peer, .verified): isVerified ? 1 : 0
        case .certificate(.peer, .revoked): says(X509_V_ERR_CERT_REVOKED)
        case .certificate(.peer, .expired): says(X509_V_ERR_CERT_HAS_EXPIRED)
        case .certificate(.peer, .selfSigned): says(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
        default: nil
        }
    }

    fileprivate func text(_ select: TLSSelect) -> String? {
        switch select {
        case .version: version.map { String(cString: $0) }
        case .description: cipherDescription
        case .cipher: cipher.flatMap { SSL_CIPHER_get_name($0) }.map { String(cString: $0) }
        case .cipherBits: nil
        case .serverName: serverName
        case .certificate(let side, let part):
            (side == .peer ? peer : own).flatMap { certificate in
                CertificatePart(part)?.read(certificate)
            }
        }
    }
}
