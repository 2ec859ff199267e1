// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import PluginKit
import Synchronization

/// Sessions with servers, so that the next connection to one of them costs half: by who was wanted, where, and how.
enum ClientSessions {
    /// Safe, because OpenSSL counts references to sessions by itself.
    private struct Kept: @unchecked Sendable {
        let session: OpaquePointer
    }
    private static let kept = Mutex<[String: Kept]>([:])
    private static let most = 1024

    /// The last one, to be freed.
    static func take(_ key: String) -> OpaquePointer? {
        kept.withLock { kept in
            guard let found = kept[key] else { return nil }
            SSL_SESSION_up_ref(found.session)
            return found.session
        }
    }

    /// The server has given us one.
    static let newCallback: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
        guard let ssl, let session, let connection = TLSConnection.of(ssl) else { return 0 }
        let old = kept.withLock { kept -> OpaquePointer? in
            if kept.count >= most, kept[connection.sessionKey] == nil, let any = kept.keys.first {
                let old = kept.removeValue(forKey: any)?.session
                kept[connection.sessionKey] = Kept(session: session)
                return old
            }
            return kept.updateValue(Kept(session: session), forKey: connection.sessionKey)?.session
        }
        if let old { SSL_SESSION_free(old) }
        // It is ours now.
        return 1
    }

    /// What was agreed on before may not be what the files say now.
    static func forget() {
        let all = kept.withLock { kept in
            let all = kept.values.map(\.session)
            kept = [:]
            return all
        }
        for session in all { SSL_SESSION_free(session) }
    }
}
