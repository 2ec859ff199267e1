// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Synchronization

/// Where the server's words go: standard error, syslog, or JSON lines on standard error.
///
/// Any thread may write. A line leaves with one `write`, so lines of different threads do not mix and nothing is
/// locked; what does not leave is not tried again.
public enum Log {
    public enum Level: Int32, Comparable, Sendable {
        case debug = 0, info, notice, warning, error
        public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
        var word: String {
            switch self {
            case .debug: "DEBUG"
            case .info: "INFO"
            case .notice: "NOTICE"
            case .warning: "WARNING"
            case .error: "ERROR"
            }
        }
        var priority: Int32 {
            switch self {
            case .debug: LOG_DEBUG
            case .info: LOG_INFO
            case .notice: LOG_NOTICE
            case .warning: LOG_WARNING
            case .error: LOG_ERR
            }
        }
    }

    public enum Sink: Int32, Sendable { case standardError, syslog, json }

    /// What a line is about, besides its text.
    public struct Subject {
        public var plugin: String
        public var worker: Int?
        public var callID: String?
        /// Of the configuration: "modules.conf:88".
        public var place: String?
        public init(
            plugin: String = "core", worker: Int? = nil, callID: String? = nil, place: String? = nil
        ) {
            self.plugin = plugin
            self.worker = worker
            self.callID = callID
            self.place = place
        }
    }

    private static let sink = Atomic<Int32>(Sink.standardError.rawValue)
    private static let least = Atomic<Int32>(Level.warning.rawValue)

    /// The lowest level that is written now.
    public static var level: Level {
        get { Level(rawValue: least.load(ordering: .relaxed)) ?? .warning }
        set { least.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Nothing is written from here on, until a level is set.
    static func silence() { least.store(Level.error.rawValue + 1, ordering: .relaxed) }

    /// `debug` of the configuration counts the other way: 3 is everything, 0 warnings, -1 errors only.
    public static func level(debug: Int) -> Level {
        switch debug {
        case 3...: .debug
        case 2: .info
        case 1: .notice
        case 0: .warning
        default: .error
        }
    }

    /// Chooses where lines go. `name` and `facility` (LOG_DAEMON ...) are for syslog.
    public static func open(_ chosen: Sink, name: String = "martlet", facility: Int32 = LOG_DAEMON) {
        if chosen == .syslog {
            // openlog keeps the pointer: the name has to live as long as the process.
            openlog(strdup(name), LOG_PID | LOG_NDELAY, facility)
        }
        sink.store(chosen.rawValue, ordering: .relaxed)
    }

    /// `LOG_DAEMON`, `LOG_LOCAL0` and so on, as the configuration names them.
    public static func facility(_ name: String) -> Int32 {
        let known: [String: Int32] = [
            "AUTH": 4, "AUTHPRIV": 10, "CRON": 9, "DAEMON": 3, "FTP": 11, "KERN": 0, "LPR": 6, "MAIL": 2,
            "NEWS": 7,
            "SYSLOG": 5, "USER": 1, "UUCP": 8, "LOCAL0": 16, "LOCAL1": 17, "LOCAL2": 18, "LOCAL3": 19,
            "LOCAL4": 20,
            "LOCAL5": 21, "LOCAL6": 22, "LOCAL7": 23,
        ]
        let word = name.hasPrefix("LOG_") ? String(name.dropFirst(4)) : name
        return (known[word] ?? 3) << 3
    }

    /// After a log rotation: the next line opens what it needs anew.
    public static func reopen() {
        if sink.load(ordering: .relaxed) == Sink.syslog.rawValue { closelog() }
    }

    public static func write(
        _ level: Level, _ text: String, _ subject: @autoclosure () -> Subject = Subject()
    ) {
        guard level.rawValue >= least.load(ordering: .relaxed) else { return }
        var text = text[...]
        while let last = text.last, last.isNewline { text.removeLast() }
        switch Sink(rawValue: sink.load(ordering: .relaxed)) ?? .standardError {
        case .standardError: emit(plain(level, text, subject()))
        case .json: emit(json(level, text, subject()))
        case .syslog: send(level, "\(level.word): \(subject().plugin): \(text)\(tail(subject()))")
        }
    }

    private static func plain(_ level: Level, _ text: Substring, _ subject: Subject) -> String {
        "\(Timestamp.now()) \(level.word): \(subject.plugin): \(text)\(tail(subject))\n"
    }

    private static func tail(_ subject: Subject) -> String {
        let worker = subject.worker.map { "worker \($0)" }
        let call = subject.callID.map { "Call-ID \($0)" }
        let parts = [subject.place, worker, call].compactMap { $0 }
        return parts.isEmpty ? "" : " [\(parts.joined(separator: ", "))]"
    }

    private static func json(_ level: Level, _ text: Substring, _ subject: Subject) -> String {
        var line = "{\"time\":\"\(Timestamp.now())\",\"level\":\"\(level.word.lowercased())\""
        line += ",\"plugin\":\(JSONText.quoted(subject.plugin))"
        if let worker = subject.worker { line += ",\"worker\":\(worker)" }
        if let place = subject.place { line += ",\"place\":\(JSONText.quoted(place))" }
        if let callID = subject.callID { line += ",\"call_id\":\(JSONText.quoted(callID))" }
        return line + ",\"text\":\(JSONText.quoted(String(text)))}\n"
    }

    /// Words for whoever started the program, as they are, on standard error.
    public static func tell(_ text: String) { emit(text) }

    private static func emit(_ line: String) {
        var line = line
        line.withUTF8 { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.write(2, bytes.baseAddress! + sent, bytes.count - sent)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { return }
                sent += count
            }
        }
    }

    private static func send(_ level: Level, _ text: String) {
        text.withCString { line in withVaList([line]) { vsyslog(level.priority, "%s", $0) } }
    }
}
