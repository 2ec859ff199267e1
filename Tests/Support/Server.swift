// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The real server, on loopback, on ports that were free, with a folder of its own.
///
/// It is there when it has told its service manager that it is ready, and gone at the latest with the test
/// that started it. Nothing here takes longer than `patience`.
package final class Server {
    /// In seconds.
    package static let patience = 30.0

    /// Where it listens.
    package struct Socket: Equatable, Sendable {
        package let transport, host: String
        package let port: UInt16

        /// `udp:127.0.0.1:40123`, `tcp:[::1]:40123`
        init?(_ text: Substring) {
            guard let first = text.firstIndex(of: ":"), let last = text.lastIndex(of: ":"),
                let port = UInt16(text[text.index(after: last)...])
            else { return nil }
            transport = String(text[..<first])
            host = text[text.index(after: first)..<last].trimmingCharacters(in: ["[", "]"])
            self.port = port
        }

        /// As it stands in URIs and in Via.
        package var text: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    }

    package let folder: Scratch
    package let sockets: [Socket]
    /// What it told when it was ready.
    package let greeting: String
    private let process: Spawned
    private let watch: Watch

    package var pid: pid_t { process.pid }
    package var udp: Socket { first("udp") }
    package var tcp: Socket { first("tcp") }
    /// Where its control socket lies.
    package var runFolder: String { folder.path }

    /// Runs a configuration; with one worker, so that what comes later is done later. No addresses: those of
    /// the configuration. `command` is what runs it, when it is not the server that the tests were built with.
    package convenience init(
        _ configuration: String, command: [String] = [Repository.server],
        listen: [String] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"],
        _ arguments: String..., environment: [String: String] = [:], in folder: Scratch? = nil
    ) throws {
        let folder = try folder ?? Scratch()
        let file = try folder.file("martlet.cfg", with: configuration)
        try self.init(
            file: file, command: command, listen: listen, ["-n", "1"] + arguments, environment: environment,
            in: folder)
    }

    package init(
        file: String, command: [String] = [Repository.server],
        listen: [String] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"], _ arguments: [String] = [],
        environment: [String: String] = [:], in folder: Scratch? = nil
    ) throws {
        let folder = try folder ?? Scratch()
        let notifications = try Self.notifications(folder.file("notify"))
        var all = ProcessInfo.processInfo.environment
        all["NOTIFY_SOCKET"] = folder.file("notify")
        all.merge(environment) { $1 }
        let process = try Spawned(
            command + [file, "-E", "-Y", folder.path] + listen.flatMap { ["-l", $0] } + arguments,
            environment: all, output: folder.file("out"))
        let watch = Watch()
        watch.start(reading: process.standardError, of: process, notifications: notifications)
        guard let greeting = watch.notification("READY=1") else {
            process.signal(SIGKILL)
            throw Problem("the server is not ready, status \(process.wait())\n\(watch.log)")
        }
        let status = greeting.split(separator: "\n").first { $0.hasPrefix("STATUS=listening on ") } ?? ""
        sockets = status.dropFirst("STATUS=listening on ".count).split(separator: ",").compactMap {
            Socket($0.drop { $0 == " " })
        }
        self.folder = folder
        self.greeting = greeting
        self.process = process
        self.watch = watch
    }

    deinit {
        process.signal(SIGKILL)
        _ = process.wait()
    }

    package func first(_ transport: String) -> Socket {
        guard let socket = sockets.first(where: { $0.transport == transport }) else {
            preconditionFailure("the server listens on no \(transport): \(greeting)")
        }
        return socket
    }

    // MARK: - what it says

    /// What it has logged so far.
    package var log: String { watch.log }
    /// What it has told at the levels that nobody wants to see, and what it said of its file.
    package var warnings: [String] {
        let marks = [
            "ERROR", "WARNING", "error:", "warning:", "\"level\":\"error\"", "\"level\":\"warning\"",
        ]
        return log.split(separator: "\n").map(String.init).filter { line in
            marks.contains { line.contains($0) }
        }
    }
    /// The same without those who held up a worker: on a machine with other things to do, they only waited for
    /// their turn.
    package var complaints: [String] { warnings.filter { !$0.contains("held up its worker") } }
    /// Waits until it logs that.
    package func logs(_ text: String) -> Bool { watch.isLogged(text) }
    /// Waits until it tells its service manager that.
    package func tells(_ word: String) -> Bool { watch.notification(word) != nil }

    // MARK: - what it is told

    package func signal(_ number: Int32) { process.signal(number) }

    /// Waits for its end. Negative: the signal that ended it; nil: it goes on.
    package func end() -> Int32? { watch.end() ? process.wait() : nil }

    /// Ends it without a word: what it has not written yet is never written.
    package func kill() {
        signal(SIGKILL)
        _ = process.wait()
    }

    /// Asks it to stop, and waits for that.
    @discardableResult package func stop() -> Int32? {
        signal(SIGTERM)
        return end()
    }

    /// Asks it to run a command, with our own client.
    package func rpc(_ words: String...) throws -> Output {
        try martlet(["rpc", "-Y", runFolder] + words)
    }

    /// What a command answers, as JSON.
    package func json(_ words: String...) throws -> Any {
        let output = try martlet(["rpc", "-Y", runFolder, "--json"] + words)
        guard output.status == 0 else {
            throw Problem("\(words) failed with status \(output.status)\n\(output.err)\(output.out)")
        }
        return try JSONSerialization.jsonObject(with: Data(output.out.utf8), options: .fragmentsAllowed)
    }

    /// A statistic, as `core.rcv_replies`.
    package func statistic(_ name: String) throws -> Int? {
        let all = try json("stats.fetchn", name.replacingOccurrences(of: ".", with: ":"))
        return ((all as? [Any])?.first as? [String: Any] ?? all as? [String: Any])?[name] as? Int
    }

    private static func notifications(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        unlink(path)
        guard withName(ofFile: path, { bind(descriptor, $0, $1) }) == 0 else {
            throw Problem("\(path) cannot be bound: \(errorText)")
        }
        // A server may have become somebody else by the time that it is ready.
        chmod(path, 0o666)
        return descriptor
    }
}

/// Runs the command, for at most a minute.
package func martlet(_ arguments: [String]) throws -> Output {
    try run(["timeout", "-k", "1", "60", Repository.server] + arguments)
}

package func martlet(_ arguments: String...) throws -> Output { try martlet(arguments) }
