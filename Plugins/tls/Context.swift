// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc
import PluginKit
import TlsLogic

/// A profile as OpenSSL has it: its certificate, its key, whom it trusts. Made on the main thread or on that of the
/// commands; then only read, by every worker. Connections hold it as long as they are open.
final class Context: @unchecked Sendable {
    let profile: Profile
    /// The SSL_CTX.
    let raw: OpaquePointer
    let verifyMode: Int32
    /// Whoever signed it.
    let acceptsAnyAuthority: Bool

    /// All that is wrong is in `troubles`.
    init?(_ profile: Profile, selfSigned: SelfSigned?, _ troubles: inout [Trouble]) {
        let settings = profile.settings
        let isServer = profile.scope.kind == .server
        guard let raw = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            troubles.append(Trouble(what: "OpenSSL is out of order: \(Library.reason() ?? "")", help: ""))
            return nil
        }
        self.raw = raw
        self.profile = profile
        acceptsAnyAuthority = isServer && settings.verifyClient == .optionalNoCA
        verifyMode = Self.mode(settings, isServer)
        let before = troubles.count
        setOptions()
        setVersions(&troubles)
        setCiphers(&troubles)
        setCertificate(selfSigned, &troubles)
        setTrust(&troubles)
        guard troubles.count == before else { return nil }
        SSL_CTX_set_verify(raw, verifyMode, verifyMode == SSL_VERIFY_NONE ? nil : Verification.callback)
        SSL_CTX_set_verify_depth(raw, Int32(settings.verifyDepth ?? 9))
    }

    deinit { SSL_CTX_free(raw) }

    /// `tls.cfg:12`, or the parameters.
    private var place: String {
        profile.line > 0 ? "\(configFile.string ?? ""):\(profile.line): [\(profile.scope)]: " : ""
    }

    private func trouble(_ what: String, _ help: String) -> Trouble {
        Trouble(what: place + what, help: help)
    }

    private static func mode(_ settings: ProfileSettings, _ isServer: Bool) -> Int32 {
        let verifies = settings.verifies ?? false
        let requires = settings.requires ?? false
        guard isServer else { return verifies || requires ? SSL_VERIFY_PEER : SSL_VERIFY_NONE }
        let must = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        switch settings.verifyClient ?? .off {
        case .on: return must
        case .optional, .optionalNoCA: return requires ? must : SSL_VERIFY_PEER
        case .off: return requires ? must : verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE
        }
    }

    // MARK: - how

    private func setOptions() {
        var options = Self.serverPrefers
        options |= renegotiation.value == 0 ? Self.noRenegotiation : Self.clientRenegotiation
        if disableCompression.value != 0 { options |= Self.noCompression }
        SSL_CTX_set_options(raw, options)
        var modes = Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
        if releaseBuffers.value != 0 { modes |= Int(SSL_MODE_RELEASE_BUFFERS) }
        tls_context_mode(raw, modes)
        if readAhead.value >= 0 { tls_context_read_ahead(raw, Int32(readAhead.value)) }
        if maxFragment.value >= 512 { _ = tls_context_fragment(raw, maxFragment.value) }
        tls_context_dh_auto(raw)
        if profile.scope.kind == .server {
            tls_context_cache(raw, Int(sessionCache.value != 0 ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF))
            SSL_CTX_set_num_tickets(raw, 1)
            var id = Array((String(sessionID.value) + "\(profile.scope)").utf8.suffix(32))
            if let name = profile.settings.serverName { id = Array((id + Array(name.utf8)).suffix(32)) }
            _ = SSL_CTX_set_session_id_context(raw, id, UInt32(id.count))
            SSL_CTX_set_client_hello_cb(raw, Profiles.helloCallback, nil)
        } else {
            tls_context_cache(raw, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE))
            SSL_CTX_sess_set_new_cb(raw, ClientSessions.newCallback)
        }
    }

    // Bits that are written as shifts in OpenSSL's header, which Swift does not import.
    private static let noCompression: UInt64 = 1 << 17
    private static let noRenegotiation: UInt64 = 1 << 30
    private static let serverPrefers: UInt64 = 1 << 22
    private static let clientRenegotiation: UInt64 = 1 << 8

    private func setVersions(_ troubles: inout [Trouble]) {
        let versions = profile.settings.versions ?? .usual
        if tls_context_versions(raw, versions.least.number, versions.most.number) == 0 {
            troubles.append(trouble("OpenSSL does not speak \(versions)", "set tls_method to TLSv1.2+"))
        }
        // OpenSSL 3 keeps SHA-1, which the oldest versions sign with, for those who ask.
        if versions.most < .v12 { SSL_CTX_set_security_level(raw, 0) }
    }

    private func setCiphers(_ troubles: inout [Trouble]) {
        guard let list = profile.settings.ciphers else { return }
        let all = list.split(whereSeparator: { $0 == ":" || $0 == "," || $0 == " " })
        let new = all.filter { $0.hasPrefix("TLS_") }.joined(separator: ":")
        let old = all.filter { !$0.hasPrefix("TLS_") }.joined(separator: ":")
        let isGood =
            (new.isEmpty || SSL_CTX_set_ciphersuites(raw, new) == 1)
            && (old.isEmpty || SSL_CTX_set_cipher_list(raw, old) == 1)
        guard !isGood else { return }
        ERR_clear_error()
        troubles.append(
            trouble("no cipher is known in \"\(list)\"", "see: openssl ciphers -v; or take the line out"))
    }

    // MARK: - who we are

    private func setCertificate(_ selfSigned: SelfSigned?, _ troubles: inout [Trouble]) {
        let settings = profile.settings
        guard let file = settings.certificate else {
            if let key = settings.key {
                troubles.append(
                    trouble("there is a private_key, \(key), and no certificate for it", "set certificate"))
            }
            if profile.scope.kind == .server { selfSigned?.use(in: raw) }
            return
        }
        do throws(Trouble) {
            try Certificates.load(file, key: settings.key ?? file, into: raw)
        } catch {
            troubles.append(trouble(error.what, error.help))
        }
    }

    // MARK: - whom we trust

    private func setTrust(_ troubles: inout [Trouble]) {
        let settings = profile.settings
        for (file, name) in [(settings.caList, "ca_list"), (settings.crl, "crl")] {
            guard let file, let why = Certificates.unreadable(file) else { continue }
            troubles.append(trouble("\(name): \(file): \(why)", "see whether the server may read it"))
            return
        }
        if let file = settings.caList {
            if SSL_CTX_load_verify_file(raw, file) != 1 {
                ERR_clear_error()
                troubles.append(
                    trouble("ca_list: \(file) has no certificate that can be read", "it has to be PEM"))
            } else if profile.scope.kind == .server, let names = SSL_load_client_CA_file(file) {
                SSL_CTX_set_client_CA_list(raw, names)
            }
        }
        if let folder = settings.caPath {
            if let why = Certificates.unreadable(folder) {
                troubles.append(trouble("ca_path: \(folder): \(why)", "see whether the server may read it"))
            }
            _ = SSL_CTX_load_verify_dir(raw, folder)
        }
        // Those of the system, for servers of the world.
        if profile.scope.kind == .client, settings.caList == nil, settings.caPath == nil,
            verifyMode != SSL_VERIFY_NONE
        {
            _ = SSL_CTX_set_default_verify_paths(raw)
        }
        if let file = settings.crl, let store = SSL_CTX_get_cert_store(raw) {
            let lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file())
            if X509_load_crl_file(lookup, file, X509_FILETYPE_PEM) < 1 {
                troubles.append(trouble("crl: \(file) has no list that can be read", "it has to be PEM"))
            }
            _ = X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
        }
        ERR_clear_error()
    }
}

extension Versions.Version {
    var number: Int32 {
        switch self {
        case .v10: TLS1_VERSION
        case .v11: TLS1_1_VERSION
        case .v12: TLS1_2_VERSION
        case .v13: TLS1_3_VERSION
        }
    }
}
