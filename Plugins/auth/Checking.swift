// SPDX-License-Identifier: Apache-2.0
import AuthLogic
import CMartlet
import PluginKit

/// Whether a request's credentials are right.
enum Checking {
    /// The credentials for a realm: the first that name it, and are hashed as we ask for.
    static func find(
        _ message: Message, _ realm: mt_str, _ kind: Kind, _ out: UnsafeMutablePointer<auth_credentials>
    ) -> Int {
        if message.method == .ack || message.method == .cancel || message.method == .prack {
            return Int(AUTH_EXEMPT)
        }
        let realm = strip(Text(unchecked: realm))
        guard !realm.isEmpty else { return Int(AUTH_ERROR) }
        var fields = message.headers(kind.header(for: message))
        var isAnother = false
        while let field = fields.next() {
            guard let digest = DigestFields(field.body), realm.equals(digest.realm) else { continue }
            guard digest.isComplete else { return Int(AUTH_ERROR) }
            guard let algorithm = Algorithm.named(Text(unchecked: digest.algorithm)),
                Settings.algorithms.contains(algorithm)
            else {
                isAnother = true
                continue
            }
            let (user, domain) = digest.parts
            out.pointee.size = UInt32(MemoryLayout<auth_credentials>.size)
            out.pointee.kind = kind.rawValue
            out.pointee.username = digest.username
            out.pointee.user = user
            out.pointee.domain = domain
            out.pointee.realm = digest.realm
            out.pointee.fields = field.body.raw
            out.pointee.at = field.raw
            return judge(digest.nonce, message).code
        }
        return Int(isAnother ? AUTH_ERROR : AUTH_NONE)
    }

    /// The realm without `realm_prefix`.
    @_lifetime(copy realm) static func strip(_ realm: Text) -> Text {
        let prefix = realmPrefix.value
        return !prefix.isEmpty && realm.hasPrefix(prefix) ? realm.dropFirst(prefix.count) : realm
    }

    private static func judge(_ text: mt_str, _ message: Message) -> (code: Int, nonce: Nonce?) {
        switch Binding.with(message, { Settings.key.read(text, bound: $0) }) {
        case .malformed: return (Int(AUTH_ERROR), nil)
        case .foreign:
            Checked.note(message) { $0.isStale = true }
            return (Int(AUTH_STALE), nil)
        case .nonce(let nonce):
            let age = nonce.age(now: Loop.clock / 1000, life: nonceExpire.value, drift: nonceDrift.value)
            if age == .young { return (Int(AUTH_OK), nonce) }
            Checked.note(message) { $0.isStale = true }
            return (Int(AUTH_STALE), nil)
        }
    }

    /// - Parameter method: absent: that of the request.
    static func check(
        _ message: Message, _ credentials: auth_credentials, _ secret: mt_str, isHash: Bool, method: mt_str
    ) -> Int {
        guard let digest = DigestFields(Text(unchecked: credentials.fields)), digest.isComplete,
            let algorithm = Algorithm.named(Text(unchecked: digest.algorithm))
        else { return Int(AUTH_ERROR) }
        let method = method.len > 0 ? method : message.methodText.raw
        let body = message.body.raw
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Algorithm.longest) { room in
            var hash = secret
            if isHash {
                guard hash.len == algorithm.length else {
                    Host.log(
                        .warning,
                        "the hash of \(Text(unchecked: digest.username)) is none of \(algorithm.name)")
                    return Int(AUTH_ERROR)
                }
            } else if let start = room.baseAddress {
                DigestResponse.writeUserHash(
                    algorithm, user: digest.username, realm: digest.realm, password: secret, into: start)
                hash = mt_str(ptr: start, len: algorithm.length)
            }
            guard DigestResponse.isRight(algorithm, userHash: hash, digest, method: method, body: body) else {
                return Int(AUTH_WRONG)
            }
            // Only who knows the password can use up a nonce.
            let result = use(digest, message)
            guard result == Int(AUTH_OK) else { return result }
            Checked.note(message) { $0.used = credentials.at }
            if addsInfo.value { addInfo(message, algorithm, hash, digest, body) }
            return result
        }
    }

    private static func use(_ digest: DigestFields, _ message: Message) -> Int {
        guard let book = Settings.book else { return Int(AUTH_OK) }
        guard let nonce = judge(digest.nonce, message).nonce else { return Int(AUTH_STALE) }
        let count = oneTime.value && !countsNonces.value ? nil : digest.countNumber
        let print = fingerprint(digest, message)
        switch book.use(
            nonce.serial, count: count, fingerprint: print, now: UInt32(truncatingIfNeeded: Loop.clock / 1000)
        ) {
        case .first, .repeated: return Int(AUTH_OK)
        case .replayed:
            Checked.note(message) { $0.isStale = true }
            return Int(AUTH_REUSED)
        case .forgotten:
            Checked.note(message) { $0.isStale = true }
            return Int(AUTH_STALE)
        }
    }

    /// What a copy of a request that got lost has in common with it, and what one that was overheard has not:
    /// where it came from.
    private static func fingerprint(_ digest: DigestFields, _ message: Message) -> UInt32 {
        var hash = message.callID.hash &* 31 &+ message.viaBranch.hash
        hash = hash &* 31 &+ Text(unchecked: digest.response).hash
        hash = hash &* 31 &+ UInt64(message.cseq ?? 0)
        var flow = message.flow.raw
        hash = hash &* 31 &+ UInt64(flow.remote_port)
        withUnsafeBytes(of: &flow.remote) {
            for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    /// RFC 7616, 3.5: we know the password, too.
    private static func addInfo(
        _ message: Message, _ algorithm: Algorithm, _ hash: mt_str, _ digest: DigestFields, _ body: mt_str
    ) {
        guard digest.qop.len > 0 else { return }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Algorithm.longest) { room in
            guard let start = room.baseAddress else { return }
            DigestResponse.write(
                algorithm, userHash: hash, digest, method: mt_str(), body: mt_str(), into: start)
            let proof = mt_str(ptr: start, len: algorithm.length)
            let name: StaticString = message.method == .register ? "" : "Proxy-"
            let line: Line =
                "\(name)Authentication-Info: qop=\(digest.qop), rspauth=\"\(proof)\", cnonce=\"\(digest.cnonce)\", nc=\(digest.count)\r\n"
            message.set(.replyLines, line)
        }
    }

    /// Is the user of the credentials the one that the request says it is from?
    static func match(_ message: Message, _ credentials: auth_credentials, _ flags: Int, withDomain: Bool)
        -> Int
    {
        guard flags & Int(AUTH_MATCH_USER) != 0 else { return Int(AUTH_OK) }
        let method = message.method
        if flags & Int(AUTH_NOT_IN_CALLS) != 0 {
            for skipped in [Method.invite, .bye, .prack, .update, .message] where method == skipped {
                return Int(AUTH_OK)
            }
        }
        guard let from = URI(message.fromURI) else { return Int(AUTH_ERROR) }
        func isUser(_ uri: URI) -> Bool {
            guard uri.user.equals(credentials.user) else { return false }
            let domain = credentials.domain.len > 0 ? credentials.domain : credentials.realm
            return !withDomain || uri.host.equalsIgnoringCase(domain)
        }
        guard isUser(from) else { return Int(AUTH_MISMATCH) }
        guard method == .register || method == .publish else { return Int(AUTH_OK) }
        guard let to = URI(message.toURI) else { return Int(AUTH_ERROR) }
        guard isUser(to) else { return Int(AUTH_MISMATCH) }
        guard method == .publish else { return Int(AUTH_OK) }
        guard let target = URI(message.uri), isUser(target) else { return Int(AUTH_MISMATCH) }
        return Int(AUTH_OK)
    }
}
