// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A client over TLS that is not ours: `openssl s_client`. What is sent to `stream` goes through it, and what comes
/// back is plain.
package final class OpenSSLClient {
    package let stream: Connection
    private let process: Spawned
    private let errors: String
    private let folder: Scratch

    /// With options of s_client.
    package convenience init(to server: Server.Socket, _ options: String...) throws {
        try self.init(to: server, options)
    }

    /// - Parameter isQuiet: false: it takes commands, and says everything that it sees.
    package init(to server: Server.Socket, _ options: [String], isQuiet: Bool = true) throws {
        folder = try Scratch()
        errors = folder.file("errors")
        var ends: [Int32] = [-1, -1]
        let made = Inheritance.lock.withLock {
            let made = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return made
        }
        guard made == 0 else { throw Problem("no pair of sockets: \(errorText)") }
        defer { close(ends[1]) }
        stream = Connection(accepted: ends[0])
        process = try Spawned(
            ["/usr/bin/openssl", "s_client"] + (isQuiet ? ["-quiet"] : []) + ["-connect", server.text]
                + options,
            environment: ProcessInfo.processInfo.environment, output: "/dev/null", errors: errors,
            stream: ends[1])
    }

    deinit {
        process.signal(SIGKILL)
        _ = process.wait()
    }

    /// What it has complained about so far.
    package var said: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

    /// One handshake, and what s_client says of it.
    package static func look(at server: Server.Socket, _ options: String...) throws -> String {
        let output = try run(["timeout", "20", "openssl", "s_client", "-connect", server.text] + options)
        return output.out + output.err
    }
}

/// An authority for one test, and what it signs: files in a folder that goes with the test.
package final class Authority {
    package let folder: Scratch
    private let name: String
    package var file: String { folder.file("\(name).pem") }

    package init(_ name: String = "authority", in folder: Scratch? = nil) throws {
        self.folder = try folder ?? Scratch()
        self.name = name
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=\(name)", "-keyout", self.folder.file("\(name).key"), "-out", file)
    }

    /// One that another one has signed, in the same folder.
    package init(_ name: String, under root: Authority) throws {
        folder = root.folder
        self.name = name
        try root.sign(name, "DNS:\(name).example", more: "basicConstraints=critical,CA:TRUE\n")
    }

    /// Its list of revoked certificates, with that one on it.
    package func revoke(_ name: String) throws -> String {
        let settings = try folder.file(
            "revoke.cnf",
            with: """
                [ca]
                default_ca=own
                [own]
                database=\(folder.file("index.txt", with: ""))
                certificate=\(file)
                private_key=\(folder.file("\(self.name).key"))
                default_md=sha256
                default_crl_days=30

                """)
        try openssl("ca", "-config", settings, "-revoke", certificate(name))
        try openssl("ca", "-config", settings, "-gencrl", "-out", folder.file("crl.pem"))
        return folder.file("crl.pem")
    }

    /// NAME.pem and NAME.key, for alternative names as `DNS:a.example,IP:127.0.0.1`; less than one day: expired.
    @discardableResult
    package func sign(
        _ name: String, _ names: String, days: Int = 30, subject: String? = nil, more: String = ""
    ) throws
        -> String
    {
        try openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", subject ?? "/CN=\(name)", "-keyout", folder.file("\(name).key"), "-out",
            folder.file("\(name).csr"))
        let extensions = try folder.file("\(name).ext", with: "subjectAltName=\(names)\n" + more)
        try openssl(
            "x509", "-req", "-in", folder.file("\(name).csr"), "-CA", file, "-CAkey",
            folder.file("\(self.name).key"), "-CAcreateserial", "-days", "\(days)", "-extfile", extensions,
            "-out", folder.file("\(name).pem"))
        return folder.file("\(name).pem")
    }

    package func key(_ name: String) -> String { folder.file("\(name).key") }
    package func certificate(_ name: String) -> String { folder.file("\(name).pem") }

    private func openssl(_ words: String...) throws {
        let output = try run(["timeout", "30", "openssl"] + words)
        guard output.status == 0 else { throw Problem("openssl \(words): \(output.err)") }
    }
}
