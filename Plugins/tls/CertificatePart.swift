// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import TlsLogic

/// One thing in a certificate.
enum CertificatePart: Sendable {
    case version, serial, serialHex, notBefore, notAfter
    /// The whole, or one kind of its parts.
    case subject(Int32?)
    case issuer(Int32?)
    case alternative(Int32)
    /// PEM, as it is or escaped.
    case raw, escaped

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
        case .raw: return pem(certificate)
        case .escaped: return escape(pem(certificate))
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

extension CertificatePart {
    /// nil: it is about what came of the check, and not in the certificate.
    init?(_ part: TLSSelect.Part) {
        switch part {
        case .version: self = .version
        case .serial: self = .serial
        case .notBefore: self = .notBefore
        case .notAfter: self = .notAfter
        case .subject(let component): self = .subject(component?.number)
        case .issuer(let component): self = .issuer(component?.number)
        case .email: self = .alternative(GEN_EMAIL)
        case .host: self = .alternative(GEN_DNS)
        case .uri: self = .alternative(GEN_URI)
        case .address: self = .alternative(GEN_IPADD)
        case .raw: self = .raw
        case .escaped: self = .escaped
        case .verified, .revoked, .expired, .selfSigned: return nil
        }
    }
}

extension TLSSelect.Component {
    /// OpenSSL's.
    fileprivate var number: Int32 {
        switch self {
        case .commonName: NID_commonName
        case .locality: NID_localityName
        case .country: NID_countryName
        case .state: NID_stateOrProvinceName
        case .organization: NID_organizationName
        case .unit: NID_organizationalUnitName
        case .userID: NID_userId
        }
    }
}

func pem(_ certificate: OpaquePointer) -> String {
    Certificates.text { PEM_write_bio_X509($0, certificate) }
}

func escape(_ text: String) -> String {
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
