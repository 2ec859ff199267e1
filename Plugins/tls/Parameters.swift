// SPDX-License-Identifier: Apache-2.0
import PluginKit
import TlsLogic

let method = Param<Text>(
    "tls_method", default: "TLSv1.2+", is: .verbatim, "Which versions of TLS are spoken.")
let verifies = Param<Int>(
    "verify_certificate", default: "0", in: 0...1, "1: certificates of peers are verified.")
let requires = Param<Int>(
    "require_certificate", default: "0", in: 0...1, "1: clients have to show a certificate that is accepted.")
let verifyClient = Param<Text>(
    "verify_client", default: "off", is: .verbatim,
    "off, on, optional or optional_no_ca: what is asked of clients besides the two above.")
let verifyDepth = Param<Int>(
    "verify_depth", default: "9", in: 0...100,
    "How many authorities may stand between a peer and one that is trusted.")
let certificate = Param<Text?>(
    "certificate", is: .verbatim, "File of the certificate and what leads to its root, PEM.")
let privateKey = Param<Text?>(
    "private_key", is: .verbatim, "File of its key, PEM; without it, the same as certificate.")
let caList = Param<Text?>("ca_list", is: .verbatim, "File of the authorities that are trusted, PEM.")
let caPath = Param<Text?>(
    "ca_path", is: .verbatim, "Folder of authorities that are trusted, as c_rehash leaves it.")
let crl = Param<Text?>("crl", is: .verbatim, "File of revoked certificates, PEM.")
let cipherList = Param<Text?>(
    "cipher_list", is: .verbatim, "Ciphers up to TLS 1.2, and of 1.3 those that begin with TLS_.")
let serverName = Param<Text?>(
    "server_name", is: .verbatim, "What outgoing connections ask for, and who the other side has to be.")
let checkHostname = Param<Int>(
    "check_hostname", default: "1", in: 0...1,
    "0: a server's certificate that is verified may be anybody's.")
let connectionTimeout = Param<Int>(
    "connection_timeout", default: "600", in: -1...2_147_483,
    "For how many seconds a new connection may be silent; -1: for ever.")
let sessionCache = Param<Int>(
    "session_cache", default: "0", in: 0...1,
    "1: sessions of clients are kept in memory, for those that do not take tickets.")
let sessionID = Param<Text>("session_id", default: "martlet", is: .verbatim, "What sessions belong to.")
let renegotiation = Param<Int>(
    "renegotiation", default: "0", in: 0...1, "1: peers may renegotiate (TLS 1.2 and below).")
let disableCompression = Param<Int>(
    "tls_disable_compression", default: "1", in: 0...1, "0: compression is allowed.")
let freelist = Param<Int>(
    "ssl_freelist_max_len", default: "-1", "No effect: OpenSSL has no such list any more.")
let maxFragment = Param<Int>(
    "ssl_max_send_fragment", default: "-1", in: -1...16_384,
    "The largest record, 512 to 16384 bytes; -1: 16384.")
let readAhead = Param<Int>(
    "ssl_read_ahead", default: "-1", in: -1...1, "1: OpenSSL reads ahead; -1: it does not.")
let releaseBuffers = Param<Int>(
    "ssl_release_buffers", default: "-1", in: -1...1,
    "0: idle connections keep their buffers; -1: they do not.")
let closeNotify = Param<Int>(
    "send_close_notify", default: "1", in: 0...1, "0: connections end without the alert that says so.")
let queueMaximum = Param<Int>("con_ct_wq_max", default: "65536", "No effect: see tcp_conn_wq_max.")
let queuesMaximum = Param<Int>("ct_wq_max", default: "10485760", "No effect: see tcp_wq_max.")
let queueBlock = Param<Int>("ct_wq_blk_size", default: "4096", "No effect.")
let logLevel = Param<Int>(
    "tls_log", default: "3", "No effect: handshakes that fail are logged as info, outgoing ones as warnings.")
let debugLevel = Param<Int>("tls_debug", default: "3", "No effect.")
let lowMemory1 = Param<Int>(
    "low_mem_threshold1", default: "-1", "No effect: there is no pool of a fixed size.")
let lowMemory2 = Param<Int>(
    "low_mem_threshold2", default: "-1", "No effect: there is no pool of a fixed size.")
let forceRun = Param<Int>("tls_force_run", default: "0", "No effect.")
let configFile = Param<Text?>("config", is: .verbatim, "The file of profiles.")
let xavpName = Param<Text?>(
    "xavp_cfg", is: .verbatim,
    "The $xavp whose members server_name and server_id choose for outgoing connections.")
let eventCallback = Param<Text?>(
    "event_callback", is: .verbatim, "No effect: there are no scripts in other languages.")
let randomEngine = Param<Text?>("rand_engine", is: .verbatim, "No effect: OpenSSL's generator is used.")
let engine = Param<Text?>("engine", is: .verbatim, "Engines are not used; only NONE is accepted.")
let engineConfig = Param<Text?>("engine_config", is: .verbatim, "No effect without an engine.")
let engineAlgorithms = Param<Text?>("engine_algorithms", is: .verbatim, "No effect without an engine.")

@Declarations func parameters() -> [any Declaration] {
    method
    [verifies, requires, verifyDepth, checkHostname]
    verifyClient
    [certificate, privateKey, caList, caPath, crl, cipherList, serverName]
    [connectionTimeout, sessionCache, renegotiation, disableCompression]
    sessionID
    [freelist, maxFragment, readAhead, releaseBuffers, closeNotify]
    [queueMaximum, queuesMaximum, queueBlock, logLevel, debugLevel, lowMemory1, lowMemory2, forceRun]
    [configFile, xavpName, eventCallback, randomEngine, engine, engineConfig, engineAlgorithms]
}

extension Param where Value == Text? {
    /// nil when it was not set, or to nothing.
    var string: String? {
        guard let text = value, !text.isEmpty else { return nil }
        return String(text)
    }
}

/// What the parameters say, for every profile that says nothing else.
enum Defaults {
    static func settings() throws(Trouble) -> ProfileSettings {
        var settings = ProfileSettings()
        guard let versions = Versions(named: String(method.value)) else {
            throw Trouble(
                what: "tls_method cannot be \"\(String(method.value))\"", help: "it is \(Versions.names)")
        }
        guard let client = VerifyClient(rawValue: String(verifyClient.value).lowercased()) else {
            throw Trouble(
                what: "verify_client cannot be \"\(String(verifyClient.value))\"",
                help: "it is off, on, optional or optional_no_ca")
        }
        if let name = engine.string, name.lowercased() != "none" {
            throw Trouble(
                what: "there are no engines, so none called \"\(name)\"",
                help: "take the line out; OpenSSL 3 has providers, which its own openssl.cnf loads")
        }
        settings.versions = versions
        settings.verifyClient = client
        settings.verifies = verifies.value != 0
        settings.requires = requires.value != 0
        settings.verifyDepth = verifyDepth.value
        settings.checksName = checkHostname.value != 0
        settings.certificate = certificate.string
        settings.key = privateKey.string
        settings.caList = caList.string
        settings.caPath = caPath.string
        settings.crl = crl.string
        settings.ciphers = cipherList.string
        settings.serverName = serverName.string
        return settings
    }
}
