// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc

/// What is wrong with a profile, and how to mend it.
struct Trouble: Error {
    let what: String
    let help: String
}

/// What OpenSSL has to say about a failure, in words that name what went wrong.
enum Library {
    /// The reason of the first error, and none left behind. nil: it has said nothing.
    static func reason() -> String? {
        let code = ERR_get_error()
        defer { ERR_clear_error() }
        guard code != 0 else { return nil }
        guard let text = ERR_reason_error_string(code) else { return "OpenSSL's error \(code)" }
        return plain(String(cString: text))
    }

    /// OpenSSL's words are made for those who read its source.
    static func plain(_ reason: String) -> String {
        switch reason {
        case "http request": "the peer speaks HTTP, not TLS"
        case "wrong version number", "unsupported protocol":
            "the peer offers no version of TLS that is allowed here (\(reason))"
        case "no shared cipher": "the peer offers no cipher that is allowed here (no shared cipher)"
        case "no protocols available": "tls_method and the system's policy leave no version of TLS"
        case "peer did not return a certificate": "the peer showed no certificate, and one is required"
        case "unexpected eof while reading": "the peer closed the connection without a word"
        case "certificate verify failed": "the peer's certificate is not accepted"
        case let alert where alert.contains("alert"): "the peer refused: \(afterAlert(alert))"
        default: reason
        }
    }

    /// `tlsv1 alert unknown ca` is "unknown ca".
    private static func afterAlert(_ text: String) -> String {
        let words = text.split(separator: " ")
        guard let at = words.firstIndex(of: "alert"), at + 1 < words.count else { return text }
        return words[(at + 1)...].joined(separator: " ")
    }

    /// Why a certificate was not accepted.
    static func verdict(_ code: Int) -> String {
        String(cString: X509_verify_cert_error_string(code))
    }
}
