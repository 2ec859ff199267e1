// SPDX-License-Identifier: Apache-2.0
import CMartlet
import COpenSSL
import Glibc
import PluginKit
import Synchronization
import TlsLogic

/// All profiles of one reading of the file. A new reading makes a new one; connections keep theirs.
final class Profiles: Sendable {
    let contexts: [Context]
    private let profiles: [Profile]

    private init(_ contexts: [Context]) {
        self.contexts = contexts
        profiles = contexts.map(\.profile)
    }

    // MARK: - the one in use

    private static let current = Mutex<Profiles?>(nil)
    private static let selfSigned = Mutex<SelfSigned?>(nil)

    static var inUse: Profiles? { current.withLock { $0 } }

    /// Reads the parameters, the file and all that they name. What is wrong with any of it, all at once; then
    /// what was in use before stays. Not on a worker.
    static func read() -> [Trouble] {
        var troubles: [Trouble] = []
        var parameters = ProfileSettings()
        do throws(Trouble) { parameters = try Defaults.settings() } catch { troubles.append(error) }
        var file = ProfileFile("")
        if let path = configFile.string {
            if let text = Self.text(of: path) {
                file = ProfileFile(text)
            } else {
                troubles.append(
                    Trouble(
                        what: "config: \(path): \(String(cString: strerror(errno)))",
                        help: "write the whole path; see whether the server may read it"))
            }
            for fault in file.faults {
                troubles.append(Trouble(what: "\(path):\(fault.line): \(fault.what)", help: fault.help))
            }
        }
        let all = file.profiles(parameters: parameters)
        let own =
            all.contains { $0.scope.kind == .server && $0.settings.certificate == nil }
            ? signedByItself() : nil
        var contexts: [Context] = []
        for profile in all {
            if let context = Context(profile.normalized, selfSigned: own, &troubles) {
                contexts.append(context)
            }
        }
        guard troubles.isEmpty else { return troubles }
        let new = Profiles(contexts)
        let old = current.withLock { current in
            let old = current
            current = new
            return old
        }
        if let old { new.takeTickets(from: old) }
        return []
    }

    private static func text(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while case let count = fread(&part, 1, part.count, file), count > 0 { bytes += part.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Only when somebody may come: a socket is there.
    private static func signedByItself() -> SelfSigned? {
        let sockets = (0..<Socket.count).map { Socket(index: UInt32($0)) }
        guard
            let socket = sockets.first(where: {
                $0.text.hasPrefix(Text("tls:")) || $0.text.hasPrefix(Text("wss:"))
            })
        else { return nil }
        return selfSigned.withLock { known in
            if known == nil {
                var name = String(socket.advertised)
                if let colon = name.lastIndex(of: ":"), name.last != "]" { name = String(name[..<colon]) }
                name = name.trimmed(of: ["[", "]"])
                known = SelfSigned(file: Self.selfSignedFile, name: name)
                Host.log(
                    .warning,
                    "no certificate is set, so the server shows one that it has signed itself, "
                        + "\(Self.selfSignedFile), which nobody has a reason to trust: set certificate and private_key"
                )
            }
            return known
        }
    }

    static var selfSignedFile: String { "\(Host.runDirectory)/tls-selfsigned.pem" }

    /// What was made is kept for the next start.
    static func save() {
        let why = selfSigned.withLock { $0?.save() }
        if let why {
            Host.log(.warning, "\(selfSignedFile): \(why): the next start will show another certificate")
        }
    }

    /// So that clients can go on with their sessions after a reload.
    private func takeTickets(from old: Profiles) {
        for context in contexts {
            guard
                let before = old.contexts.first(where: {
                    $0.profile.scope == context.profile.scope
                        && $0.profile.settings.serverName == context.profile.settings.serverName
                }),
                context.profile.scope.kind == .server
            else { continue }
            var keys = [UInt8](repeating: 0, count: 128)
            let size = tls_context_ticket_keys(before.raw, nil, 0)
            guard size > 0, size <= keys.count, tls_context_ticket_keys(before.raw, &keys, size) == 1 else {
                continue
            }
            _ = tls_context_take_ticket_keys(context.raw, &keys, size)
        }
        ERR_clear_error()
    }

    // MARK: - choosing

    func server(_ address: String, _ port: UInt16, name: String?) -> Context? {
        ProfileChoice.server(profiles, address: address, port: port, name: name).map { contexts[$0] }
    }

    func client(_ address: String, _ port: UInt16, id: String?, name: String?) -> Context? {
        ProfileChoice.client(profiles, address: address, port: port, id: id, name: name).map { contexts[$0] }
    }

    /// The first that a client says (RFC 6066, 3; RFC 8446, 4.2.11): everything about the connection may still change.
    static let helloCallback: SSL_client_hello_cb_fn = { ssl, _, _ in
        guard let ssl, let connection = TLSConnection.of(ssl) else { return SSL_CLIENT_HELLO_ERROR }
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        guard SSL_client_hello_get0_ext(ssl, UInt32(TLSEXT_TYPE_server_name), &bytes, &count) == 1,
            let name = ServerName.read(UnsafeRawBufferPointer(start: bytes, count: count))
        else { return SSL_CLIENT_HELLO_SUCCESS }
        connection.serverName = name
        guard
            let context = connection.profiles.server(
                connection.localAddress, connection.localPort, name: name),
            context !== connection.context
        else { return SSL_CLIENT_HELLO_SUCCESS }
        connection.become(context)
        return SSL_CLIENT_HELLO_SUCCESS
    }
}

extension String {
    func trimmed(of letters: Set<Character>) -> String {
        var rest = self[...]
        while let first = rest.first, letters.contains(first) { rest = rest.dropFirst() }
        while let last = rest.last, letters.contains(last) { rest = rest.dropLast() }
        return String(rest)
    }
}

extension Profile {
    /// With its address as the system writes it.
    var normalized: Profile {
        guard case .address(let host, let port) = scope.place else { return self }
        var copy = self
        copy.scope.place = .address(Address.normal(host) ?? host, port: port)
        return copy
    }
}

/// Addresses as text.
enum Address {
    static func normal(_ text: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)
        for family in [AF_INET, AF_INET6] where inet_pton(family, text, &bytes) == 1 {
            return Self.text(&bytes, family)
        }
        return nil
    }

    /// Of the 16 bytes of a flow.
    static func text(_ bytes: UnsafeRawPointer) -> String {
        let isV4 =
            bytes.loadUnaligned(as: UInt64.self) == 0
            && bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self) == 0xffff_0000
        return text(isV4 ? bytes + 12 : bytes, isV4 ? AF_INET : AF_INET6)
    }

    private static func text(_ bytes: UnsafeRawPointer, _ family: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
            guard inet_ntop(family, bytes, room.baseAddress, socklen_t(room.count)) != nil,
                let start = room.baseAddress
            else { return "" }
            return String(cString: start)
        }
    }
}
