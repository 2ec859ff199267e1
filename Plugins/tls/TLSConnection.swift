// SPDX-License-Identifier: Apache-2.0
import CMartlet
import COpenSSL
import PluginKit
import TlsLogic

/// The filter of one connection: bytes of TLS below, plain ones above. Of the worker that owns it, but for `facts`,
/// which do not change once others can find it.
final class TLSConnection: @unchecked Sendable {
    /// The SSL.
    private let ssl: OpaquePointer
    private let stage: OpaquePointer
    let isOutgoing: Bool
    let profiles: Profiles
    private(set) var context: Context
    /// What the client has asked for, or we have.
    var serverName: String?
    /// The domain that the other side has to be; nil: its address.
    private(set) var wantedName: String?
    private(set) var sessionKey = ""
    /// The last thing that was wrong with a certificate, X509_V_...
    var verdict = 0
    private var isReady = false
    private(set) var facts: Facts?
    /// What has come from below and was not read yet.
    fileprivate var input: UnsafeRawPointer?
    fileprivate var inputCount = 0

    /// nil when OpenSSL has no memory.
    private init?(_ stage: OpaquePointer, _ context: Context, _ profiles: Profiles, isOutgoing: Bool) {
        guard let ssl = SSL_new(context.raw) else { return nil }
        guard let bio = BIO_new(Wire.method) else {
            SSL_free(ssl)
            return nil
        }
        self.ssl = ssl
        self.stage = stage
        self.context = context
        self.profiles = profiles
        self.isOutgoing = isOutgoing
        let own = Unmanaged.passUnretained(self).toOpaque()
        BIO_set_data(bio, own)
        SSL_set_bio(ssl, bio, bio)
        SSL_set_ex_data(ssl, 0, own)
    }

    /// The connection of an SSL, inside of a call into OpenSSL that we made.
    static func of(_ ssl: OpaquePointer) -> TLSConnection? {
        SSL_get_ex_data(ssl, 0).map { Unmanaged<TLSConnection>.fromOpaque($0).takeUnretainedValue() }
    }

    var flow: mt_flow { flowOf(stage) }
    var localAddress: String { withUnsafeBytes(of: flow.local) { Address.text($0.baseAddress!) } }
    var remoteAddress: String { withUnsafeBytes(of: flow.remote) { Address.text($0.baseAddress!) } }
    var localPort: UInt16 { flow.local_port }

    // MARK: - beginnings

    static func accept(_ stage: OpaquePointer) -> TLSConnection? {
        let flow = flowOf(stage)
        let address = withUnsafeBytes(of: flow.local) { Address.text($0.baseAddress!) }
        guard let profiles = Profiles.inUse,
            let context = profiles.server(address, flow.local_port, name: nil),
            let connection = TLSConnection(stage, context, profiles, isOutgoing: false)
        else { return nil }
        SSL_set_accept_state(connection.ssl)
        return connection
    }

    /// To a domain, or to an address when there is no name.
    static func connect(_ stage: OpaquePointer, to name: String?, _ wanted: Outgoing.Choice?)
        -> TLSConnection?
    {
        let flow = flowOf(stage)
        let address = withUnsafeBytes(of: flow.remote) { Address.text($0.baseAddress!) }
        guard let profiles = Profiles.inUse,
            let context = profiles.client(
                address, flow.remote_port, id: wanted?.serverID, name: wanted?.serverName ?? name),
            let connection = TLSConnection(stage, context, profiles, isOutgoing: true)
        else { return nil }
        let asked = wanted?.serverName ?? context.profile.settings.serverName ?? name
        connection.wantedName = asked
        connection.serverName = asked
        if let asked { _ = tls_set_name(connection.ssl, asked) }
        connection.sessionKey =
            "\(context.profile.scope)|\(context.profile.settings.serverID ?? "")|\(asked ?? "")|\(address):\(flow.remote_port)"
        if let session = ClientSessions.take(connection.sessionKey) {
            _ = SSL_set_session(connection.ssl, session)
            SSL_SESSION_free(session)
        }
        SSL_set_connect_state(connection.ssl)
        return connection
    }

    /// Another profile, by the name that the client has asked for.
    func become(_ other: Context) {
        context = other
        SSL_set_SSL_CTX(ssl, other.raw)
        SSL_set_verify(
            ssl, other.verifyMode, other.verifyMode == SSL_VERIFY_NONE ? nil : Verification.callback)
        SSL_set_verify_depth(ssl, Int32(other.profile.settings.verifyDepth ?? 9))
        let versions = other.profile.settings.versions ?? .usual
        _ = tls_versions(ssl, versions.least.number, versions.most.number)
        other.setCiphers(of: ssl)
        if let names = SSL_CTX_get_client_CA_list(other.raw) {
            SSL_set_client_CA_list(ssl, SSL_dup_CA_list(names))
        }
    }

    // MARK: - bytes

    func begin() { if isOutgoing { shakeHands() } }

    func received(_ bytes: mt_str, on worker: Int) {
        input = UnsafeRawPointer(bytes.ptr)
        inputCount = bytes.len
        if !isReady { shakeHands() }
        if isReady { read(WorkerScratch.bytes(of: worker)) }
        input = nil
        inputCount = 0
    }

    private func shakeHands() {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return becameReady() }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
        default: handshakeFailed()
        }
    }

    private func handshakeFailed() {
        failedHandshakes.add()
        var why = Library.reason() ?? "the handshake broke off"
        if verdict != 0, verdict != Int(X509_V_OK) {
            rejectedCertificates.add()
            why = "its certificate is not accepted: \(Library.verdict(verdict))"
            if verdict == Int(X509_V_ERR_HOSTNAME_MISMATCH) {
                why = "its certificate is not that of \(wantedName ?? remoteAddress)"
            }
        }
        if isOutgoing {
            Host.log(
                .warning,
                "no TLS with \(wantedName.map { "\($0) at " } ?? "")\(remoteAddress):\(flow.remote_port): \(why)"
            )
            end(Text(""))
        } else {
            why.withRaw { _ = Server.net.pointee.ended(stage, $0) }
        }
    }

    private func end(_ why: Text) { _ = Server.net.pointee.ended(stage, why.isEmpty ? mt_str() : why.raw) }

    private func becameReady() {
        isReady = true
        handshakes.add()
        if SSL_session_reused(ssl) == 1 { resumedSessions.add() }
        openConnections.add()
        facts = Facts(ssl, self)
        Registry.add(self)
        if connectionTimeout.value != 0 {
            var flow = flow
            let seconds = connectionTimeout.value < 0 ? UInt32.max : UInt32(connectionTimeout.value)
            _ = Server.net.pointee.hold(&flow, seconds)
        }
        _ = Server.net.pointee.ready(stage)
    }

    private func read(_ scratch: UnsafeMutableRawPointer) {
        ERR_clear_error()
        while true {
            let count = SSL_read(ssl, scratch, Int32(WorkerScratch.room))
            if count > 0 {
                let plain = mt_str(
                    ptr: UnsafeRawPointer(scratch).assumingMemoryBound(to: CChar.self), len: Int(count))
                guard Server.net.pointee.arrived(stage, plain) == mt_result(MT_OK) else { return }
                if inputCount == 0, SSL_has_pending(ssl) == 0 { return }
                continue
            }
            switch SSL_get_error(ssl, count) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
            case SSL_ERROR_ZERO_RETURN: return end(Text(""))
            default:
                let why = Library.reason() ?? "the stream broke off"
                return why.withRaw { _ = Server.net.pointee.ended(stage, $0) }
            }
        }
    }

    /// False: nothing more will leave.
    func send(_ plain: mt_str) -> Bool {
        ERR_clear_error()
        var written = 0
        return SSL_write_ex(ssl, plain.ptr, plain.len, &written) == 1
    }

    func close(isOrderly: Bool) {
        if isReady {
            if isOrderly, closeNotify.value != 0 {
                ERR_clear_error()
                _ = SSL_shutdown(ssl)
            }
            openConnections.add(-1)
            Registry.remove(self)
        }
        // Whatever the end was like, the session may be gone on with.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_set_ex_data(ssl, 0, nil)
        SSL_free(ssl)
        ERR_clear_error()
    }
}

extension Context {
    /// Those of the profile, for a connection that began with another.
    func setCiphers(of ssl: OpaquePointer) {
        guard let list = profile.settings.ciphers else { return }
        let all = list.split(whereSeparator: { $0 == ":" || $0 == "," || $0 == " " })
        let new = all.filter { $0.hasPrefix("TLS_") }.joined(separator: ":")
        let old = all.filter { !$0.hasPrefix("TLS_") }.joined(separator: ":")
        if !new.isEmpty { _ = SSL_set_ciphersuites(ssl, new) }
        if !old.isEmpty { _ = SSL_set_cipher_list(ssl, old) }
    }
}

/// The flow of a connection, by its stage.
func flowOf(_ stage: OpaquePointer) -> mt_flow { Server.net.pointee.flow(stage)?.pointee ?? mt_flow() }

/// What lies below OpenSSL: it reads what has arrived, and what it writes goes to the wire at once. So a connection
/// has no buffers of its own while nothing happens.
enum Wire {
    nonisolated(unsafe) static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "martlet") else {
            return nil
        }
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        BIO_meth_set_read(method) { bio, place, room in
            tls_no_retry(bio)
            guard let raw = BIO_get_data(bio), let place, room > 0 else { return -1 }
            return Unmanaged<TLSConnection>.fromOpaque(raw)._withUnsafeGuaranteedRef { connection in
                let count = min(Int(room), connection.inputCount)
                guard count > 0, let input = connection.input else {
                    tls_retry_read(bio)
                    return -1
                }
                UnsafeMutableRawPointer(place).copyMemory(from: input, byteCount: count)
                connection.input = input + count
                connection.inputCount -= count
                return Int32(count)
            }
        }
        BIO_meth_set_write(method) { bio, bytes, count in
            tls_no_retry(bio)
            guard let raw = BIO_get_data(bio), let bytes, count > 0 else { return -1 }
            Unmanaged<TLSConnection>.fromOpaque(raw)._withUnsafeGuaranteedRef {
                $0.put(mt_str(ptr: bytes, len: Int(count)))
            }
            return count
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }()
}

extension TLSConnection {
    fileprivate func put(_ bytes: mt_str) { _ = Server.net.pointee.wire(stage, bytes) }
}

/// Where plain bytes are read to: one place per worker, for none of them reads two connections at a time.
enum WorkerScratch {
    static let room = 16_384
    nonisolated(unsafe) private static var all: [UnsafeMutableRawPointer] = []

    /// [main]
    static func prepare() {
        guard all.isEmpty else { return }
        all = (0..<Host.workers).map { _ in .allocate(byteCount: room, alignment: 64) }
        Outgoing.prepare()
    }

    static func bytes(of worker: Int) -> UnsafeMutableRawPointer { all[worker] }
}
