// SPDX-License-Identifier: Apache-2.0
import CMartlet
import COpenSSL
import PluginKit
import Synchronization

/// What a handshake has led to. It does not change, so any worker may read it: the calls of one connection run on all
/// of them.
final class Facts: @unchecked Sendable {
    let flow: mt_flow
    let isOutgoing: Bool
    /// Texts of OpenSSL's, which live as long as the process.
    let version: UnsafePointer<CChar>?
    let cipher: OpaquePointer?
    let isResumed: Bool
    /// X509_V_OK or why not.
    let verdict: Int
    let serverName: String?
    /// Unix time, in milliseconds.
    let opened: Int
    /// The X509 of the other side and our own; nil when there is none.
    let peer, own: OpaquePointer?

    init(_ ssl: OpaquePointer, _ connection: TLSConnection) {
        flow = connection.flow
        isOutgoing = connection.isOutgoing
        version = SSL_get_version(ssl)
        cipher = SSL_get_current_cipher(ssl)
        isResumed = SSL_session_reused(ssl) == 1
        peer = SSL_get1_peer_certificate(ssl)
        let result = Int(SSL_get_verify_result(ssl))
        verdict = result == Int(X509_V_OK) ? connection.verdict : result
        own = SSL_get_certificate(ssl)
        if let own { X509_up_ref(own) }
        serverName = connection.serverName
        opened = Loop.clock
    }

    deinit {
        X509_free(peer)
        X509_free(own)
    }

    /// The peer has shown a certificate, and it was found good.
    var isVerified: Bool { peer != nil && verdict == Int(X509_V_OK) }

    /// 1: that was the verdict on the peer's certificate. nil: it has shown none.
    func says(_ code: Int32) -> Int? { peer == nil ? nil : verdict == Int(code) ? 1 : 0 }

    /// In OpenSSL's words.
    var cipherDescription: String? {
        guard let cipher else { return nil }
        var text = [CChar](repeating: 0, count: 256)
        guard let said = SSL_CIPHER_description(cipher, &text, 256) else { return nil }
        return String(cString: said).trimmed(of: ["\n", " "])
    }
}

/// The connections whose handshake is done, for all workers and commands.
enum Registry {
    private final class Shard: Sendable {
        let facts = Mutex<[UInt64: Facts]>([:])
    }
    private static let shards = (0..<16).map { _ in Shard() }

    private static func shard(_ connection: UInt64) -> Shard { shards[Int(connection & 15)] }

    static func add(_ connection: TLSConnection) {
        guard let facts = connection.facts else { return }
        shard(facts.flow.connection).facts.withLock { $0[facts.flow.connection] = facts }
    }

    static func remove(_ connection: TLSConnection) {
        guard let id = connection.facts?.flow.connection else { return }
        shard(id).facts.withLock { _ = $0.removeValue(forKey: id) }
    }

    static func find(_ connection: UInt64) -> Facts? {
        connection == 0 ? nil : shard(connection).facts.withLock { $0[connection] }
    }

    static func all() -> [Facts] { shards.flatMap { shard in shard.facts.withLock { Array($0.values) } } }

    static var count: Int { shards.reduce(0) { sum, shard in sum + shard.facts.withLock { $0.count } } }
}

extension Message {
    /// Of the connection that it came along.
    var tls: Facts? { Registry.find(flow.connection) }
}
