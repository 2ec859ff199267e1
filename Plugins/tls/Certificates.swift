// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc
import PluginKit

/// Certificates and keys from files, judged before anybody is shown them.
enum Certificates {
    /// Why a file or a folder cannot be read; nil: it can.
    static func unreadable(_ path: String) -> String? {
        access(path, R_OK) == 0 ? nil : String(cString: strerror(errno))
    }

    /// A chain and its key. What is missing, expired, not valid yet or does not belong together is told with the name
    /// of the file.
    static func load(_ file: String, key: String, into context: OpaquePointer) throws(Trouble) {
        for path in file == key ? [file] : [file, key] {
            guard let why = unreadable(path) else { continue }
            let name = path == file ? "certificate" : "private_key"
            throw Trouble(
                what: "\(name): \(path): \(why)",
                help: "see whether the server, as the user that it runs as, may read it")
        }
        guard SSL_CTX_use_certificate_chain_file(context, file) == 1 else {
            let why = Library.reason() ?? ""
            throw Trouble(
                what: "certificate: \(file) has no certificate that can be read (\(why))",
                help:
                    "it has to be PEM: -----BEGIN CERTIFICATE-----, its own first and then what leads to the root"
            )
        }
        if let own = SSL_CTX_get0_certificate(context) { try judge(own, file) }
        // Nobody sits there to be asked for a pass phrase.
        SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            let why = Library.reason() ?? ""
            if why.contains("mismatch") { throw mismatch(file, key) }
            let isLocked =
                why.contains("password") || why.contains("bad decrypt") || why.contains("interrupted")
            throw Trouble(
                what: "private_key: \(key) has no key that can be read (\(why))",
                help: isLocked
                    ? "it is locked with a pass phrase: openssl pkey -in \(key) takes it off"
                    : "it has to be PEM: -----BEGIN PRIVATE KEY-----")
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            ERR_clear_error()
            throw mismatch(file, key)
        }
    }

    private static func mismatch(_ file: String, _ key: String) -> Trouble {
        Trouble(
            what: "the key in \(key) is not that of the certificate in \(file)",
            help: "use the key that the certificate was requested with")
    }

    private static func judge(_ certificate: OpaquePointer, _ file: String) throws(Trouble) {
        if X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 {
            throw Trouble(
                what: "certificate: \(file) has expired on \(date(X509_get0_notAfter(certificate)))",
                help: "nobody who verifies would accept it: get a new one")
        }
        if X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0 {
            throw Trouble(
                what: "certificate: \(file) is not valid before \(date(X509_get0_notBefore(certificate)))",
                help: "see the clock of this machine, or wait")
        }
    }

    /// `Nov 21 15:00:00 2026 GMT`
    static func date(_ time: UnsafePointer<ASN1_TIME>?) -> String {
        text { ASN1_TIME_print($0, time) }
    }

    /// What something prints.
    static func text(_ print: (OpaquePointer) -> Int32) -> String {
        guard let memory = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(memory) }
        _ = print(memory)
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = BIO_read(memory, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(max(0, Int(count))), as: UTF8.self)
    }
}

/// The certificate of a server that was given none: made on first use and kept beside the server's sockets, so that a
/// restart does not change it.
final class SelfSigned: @unchecked Sendable {
    private let certificate: OpaquePointer
    private let key: OpaquePointer
    private let file: String
    /// It lies in its file.
    private var isSaved: Bool

    /// Of the file, or a new one, which is not written yet.
    init?(file: String, name: String) {
        self.file = file
        if let known = Self.read(file) {
            (certificate, key) = known
            isSaved = true
            return
        }
        var key: OpaquePointer?
        guard let made = tls_make_certificate(name, &key), let key else {
            ERR_clear_error()
            return nil
        }
        (certificate, self.key) = (made, key)
        isSaved = false
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    func use(in context: OpaquePointer) {
        _ = SSL_CTX_use_certificate(context, certificate)
        _ = SSL_CTX_use_PrivateKey(context, key)
    }

    private static func read(_ file: String) -> (OpaquePointer, OpaquePointer)? {
        guard access(file, R_OK) == 0, let bio = BIO_new_file(file, "r") else { return nil }
        defer {
            BIO_free(bio)
            ERR_clear_error()
        }
        guard let key = PEM_read_bio_PrivateKey(bio, nil, nil, nil) else { return nil }
        guard let certificate = PEM_read_bio_X509(bio, nil, nil, nil) else {
            EVP_PKEY_free(key)
            return nil
        }
        guard X509_check_private_key(certificate, key) == 1,
            X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0
        else {
            X509_free(certificate)
            EVP_PKEY_free(key)
            return nil
        }
        return (certificate, key)
    }

    /// Readable by nobody else. Answers why not.
    func save() -> String? {
        guard !isSaved else { return nil }
        unlink(file)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        guard let bio = BIO_new_fd(descriptor, BIO_CLOSE) else {
            close(descriptor)
            return "out of memory"
        }
        defer { BIO_free(bio) }
        guard PEM_write_bio_PrivateKey(bio, key, nil, nil, 0, nil, nil) == 1,
            PEM_write_bio_X509(bio, certificate) == 1
        else { return Library.reason() ?? "it cannot be written" }
        isSaved = true
        return nil
    }
}
