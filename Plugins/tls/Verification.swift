// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc
import PluginKit
import TlsLogic

/// Whether a certificate is good, and whose it is. Called by OpenSSL for each certificate of a chain, from the root to
/// the peer's own.
enum Verification {
    static let callback: SSL_verify_cb = { good, store in
        guard let store,
            let raw = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let connection = TLSConnection.of(OpaquePointer(raw))
        else { return good }
        if good == 0 {
            let code = Int(X509_STORE_CTX_get_error(store))
            connection.verdict = code
            guard connection.context.acceptsAnyAuthority, isAboutAuthority(code) else { return 0 }
            return 1
        }
        guard X509_STORE_CTX_get_error_depth(store) == 0, connection.isOutgoing,
            connection.context.profile.settings.checksName ?? true,
            let certificate = X509_STORE_CTX_get_current_cert(store)
        else { return good }
        if isIdentity(certificate, of: connection) { return good }
        connection.verdict = Int(X509_V_ERR_HOSTNAME_MISMATCH)
        X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH)
        return 0
    }

    private static func isAboutAuthority(_ code: Int) -> Bool {
        [
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED,
        ].contains(Int32(code))
    }

    /// RFC 5922, 7.1 and 7.2: a SIP URI or a DNS name among the alternative names, without wildcards; the common name
    /// only when there are none. For an address, an address among them.
    private static func isIdentity(_ certificate: OpaquePointer, of connection: TLSConnection) -> Bool {
        guard let name = connection.wantedName else {
            return X509_check_ip_asc(certificate, connection.remoteAddress, 0) == 1
        }
        var isURI = false
        AlternativeNames.each(of: certificate) { type, bytes in
            guard type == GEN_URI else { return }
            isURI =
                isURI || Identity.domain(ofURI: String(decoding: bytes, as: UTF8.self)) == name.lowercased()
        }
        if isURI { return true }
        return X509_check_host(certificate, name, name.utf8.count, UInt32(X509_CHECK_FLAG_NO_WILDCARDS), nil)
            == 1
    }
}

/// The names in a certificate besides its subject.
enum AlternativeNames {
    static func each(of certificate: OpaquePointer, _ body: (Int32, UnsafeBufferPointer<UInt8>) -> Void) {
        guard let raw = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return }
        let names = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(names) }
        for index in 0..<tls_san_count(names) {
            var bytes: UnsafePointer<UInt8>?
            var count: Int32 = 0
            let type = tls_san(names, index, &bytes, &count)
            body(type, UnsafeBufferPointer(start: bytes, count: Int(count)))
        }
    }

    /// The first of a type.
    static func first(_ type: Int32, of certificate: OpaquePointer) -> String? {
        var found: String?
        each(of: certificate) { other, bytes in
            guard other == type, found == nil, let start = bytes.baseAddress else { return }
            guard type == GEN_IPADD else {
                found = String(decoding: bytes, as: UTF8.self)
                return
            }
            var mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
            mapped =
                bytes.count == 4
                ? mapped + bytes : Array(UnsafeBufferPointer(start: start, count: bytes.count))
            if mapped.count == 16 { found = mapped.withUnsafeBytes { Address.text($0.baseAddress!) } }
        }
        return found
    }
}
