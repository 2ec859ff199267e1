// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for. Besides our own words it takes Kamailio's flags, so that unit files and habits
/// keep working; a flag that has no meaning here is accepted with a notice that says why.
public struct Arguments: Equatable {
    public enum Action: Equatable, Sendable {
        case run, check, graph, rpc, version, help
        /// `martlet check PLUGIN.so`
        case checkPlugin
    }

    public var action = Action.run
    public var file: String?
    /// What follows the action: the command and its arguments for `rpc`.
    public var rest: [String] = []
    /// `-l`: addresses that replace the file's `listen` lines.
    public var listen: [String] = []
    /// `-A ID` or `-A ID=value`.
    public var defines: [String] = []
    /// `-L`: wins over the file's loadpath.
    public var modulePath: String?
    public var logToStandardError: Bool?
    public var logJSON = false
    public var debug: Int?
    public var workers: Int?
    public var workFolder, runFolder, pidFile, user, group: String?
    public var daemon = false
    public var noTCP = false
    public var strict = false
    public var json = false
    /// `-s` of rpc: where the server's control socket is.
    public var socket: String?
    public var notices: [String] = []

    public struct Fault: Error, Equatable {
        public let what: String
        public let help: String
    }

    public init(_ words: [String]) throws(Fault) {
        var words = words[...]
        if let first = words.first, let action = Self.actions[first] {
            self.action = action
            words.removeFirst()
        }
        if action == .rpc {
            try parseRPC(words)
            return
        }
        while let word = words.popFirst() {
            if word == "--" {
                for name in words { try take(file: name) }
                break
            }
            if word.hasPrefix("--") {
                try parseLong(String(word.dropFirst(2)), &words)
            } else if word.hasPrefix("-") && word.count > 1 {
                try parseShort(word.dropFirst(), &words)
            } else {
                try take(file: word)
            }
        }
        if action == .check, let file, file.hasSuffix(".so") { action = .checkPlugin }
    }

    private static let actions: [String: Action] = [
        "run": .run, "check": .check, "graph": .graph, "rpc": .rpc, "version": .version, "help": .help,
    ]

    private mutating func take(file name: String) throws(Fault) {
        guard file == nil else {
            throw Fault(
                what: "\"\(name)\" is one file too many: there is \"\(file ?? "")\" already",
                help: "martlet [run|check|graph] FILE")
        }
        file = name
    }

    private mutating func parseRPC(_ words: ArraySlice<String>) throws(Fault) {
        var words = words
        while let word = words.first, word.hasPrefix("-") {
            words.removeFirst()
            switch word {
            case "--json", "-j": json = true
            case "-s", "--socket": socket = try value(of: word, &words)
            case "-Y": runFolder = try value(of: word, &words)
            default: throw Fault(what: "rpc has no option \"\(word)\"", help: Self.usageRPC)
            }
        }
        rest = Array(words)
        if rest.first == "--json" || rest.last == "--json" {
            json = true
            rest.removeAll { $0 == "--json" }
        }
        if rest.isEmpty { throw Fault(what: "rpc needs a command", help: Self.usageRPC) }
    }

    private mutating func parseLong(_ word: String, _ words: inout ArraySlice<String>) throws(Fault) {
        switch word {
        case "daemon": daemon = true
        case "strict": strict = true
        case "abi":
            let version = try value(of: "--abi", &words)
            guard version == Version.abi else {
                throw Fault(
                    what: "--abi \(version): this server can speak ABI \(Version.abi) only",
                    help: "a newer server can also take the part of an older one")
            }
        case "json": logJSON = true
        case "version": action = .version
        case "help": action = .help
        default:
            throw Fault(what: "there is no option \"--\(word)\"", help: "martlet help lists them all")
        }
    }

    private mutating func parseShort(_ letters: Substring, _ words: inout ArraySlice<String>) throws(Fault) {
        var letters = letters
        while let letter = letters.popFirst() {
            if let flag = Self.plain[letter] {
                flag(&self)
                continue
            }
            guard Self.valued[letter] != nil || Self.idle[letter] != nil else {
                throw Fault(what: "there is no option \"-\(letter)\"", help: "martlet help lists them all")
            }
            // As getopt does: the rest of the word, or the next word.
            let text = letters.isEmpty ? try value(of: "-\(letter)", &words) : String(letters)
            letters = ""
            if let why = Self.idle[letter] {
                notices.append("-\(letter) \(text) has no effect: \(why)")
            } else if let take = Self.valued[letter], !take(&self, text) {
                throw Fault(
                    what: "-\(letter) needs a number from 1 on, not \"\(text)\"",
                    help: "martlet help lists them all")
            }
        }
        if daemonLevel >= 3 { daemon = true }
    }

    /// -D and -DD stay in the foreground, as we do anyway; -DDD asks for a daemon.
    private var daemonLevel = 0

    private static let plain: [Character: @Sendable (inout Arguments) -> Void] = [
        "c": { $0.action = .check },
        "D": { $0.daemonLevel += 1 },
        "E": { $0.logToStandardError = true },
        "e": { $0.logToStandardError = true },
        "d": { $0.debug = ($0.debug ?? 0) + 1 },
        "v": { $0.action = .version },
        "V": { $0.action = .version },
        "I": { $0.action = .version },
        "h": { $0.action = .help },
        "T": { $0.noTCP = true },
        "r": { $0.notices.append("-r has no effect: DNS is looked up without it") },
        "R": { $0.notices.append("-R has no effect: DNS is looked up without it") },
        "6": { $0.notices.append("-6 has no effect: IPv6 works without it") },
        "S": { $0.notices.append("-S has no effect: there is no SCTP") },
        "K": { $0.notices.append("-K has no effect: it turned on checks of another server") },
    ]

    /// The flags with a value; false when it is not of the right kind.
    private static let valued: [Character: @Sendable (inout Arguments, String) -> Bool] = [
        "f": {
            $0.file = $1
            return true
        },
        "l": {
            $0.listen.append($1)
            return true
        },
        "A": {
            $0.defines.append($1)
            return true
        },
        "L": {
            $0.modulePath = $1
            return true
        },
        "n": {
            $0.workers = Int($1)
            return $0.workers.map { $0 > 0 } ?? false
        },
        "w": {
            $0.workFolder = $1
            return true
        },
        "Y": {
            $0.runFolder = $1
            return true
        },
        "P": {
            $0.pidFile = $1
            return true
        },
        "u": {
            $0.user = $1
            return true
        },
        "g": {
            $0.group = $1
            return true
        },
    ]

    private static let idle: [Character: String] = [
        "m": "memory comes from one heap; there is no size to set",
        "M": "memory comes from one heap; there is no size to set",
        "x": "memory comes from one heap; there is no allocator to choose",
        "X": "memory comes from one heap; there is no allocator to choose",
        "N": "TCP is served by the same workers; -n sets their number",
        "b": "receive buffers are set by maxbuffer",
        "W": "connections are polled with epoll",
        "t": "use your service manager's sandbox instead of chroot",
        "O": "the script is always compiled",
        "a": "aliases are set by alias and auto_aliases",
        "G": "the group file of processes is not written",
        "Q": "there is one kind of configuration engine",
    ]

    private func value(of flag: String, _ words: inout ArraySlice<String>) throws(Fault) -> String {
        guard let value = words.popFirst() else {
            throw Fault(what: "\(flag) needs a value", help: "martlet help lists them all")
        }
        return value
    }

    private static let usageRPC = "martlet rpc [--json] [-s SOCKET] COMMAND [ARGUMENT ...]"

    public static let help = """
        martlet [run] FILE            run the configuration FILE
        martlet check FILE            tell everything that is wrong with it, and open no socket
        martlet check PLUGIN.so       check a plugin as the loader would, and more strictly
        martlet graph FILE            its plugins, needs and offers, for Graphviz
        martlet rpc [--json] [-s SOCKET] COMMAND [ARGUMENT ...]
                                      ask a running server; "system.listMethods" lists the commands
        martlet version | help

          -f FILE     the configuration             -c          check it only
          -l ADDR     listen here, not as the file says ([udp:|tcp:]HOST[:PORT]), may be repeated
          -A ID[=V]   define ID before the file is read
          -L FOLDERS  where plugins are, before the file's loadpath
          -n N        the number of workers         -T          no TCP
          -E, -e      log to standard error         --json      log JSON lines
          -d          log more; repeat for still more
          -w FOLDER   working folder                -Y FOLDER   where sockets and fifos go
          -P FILE     write the process id there    -u, -g NAME drop to this user, this group
          -D, -DD     stay in the foreground, as always
          -DDD, --daemon   go to the background
          --abi X.Y   offer plugins what ABI X.Y had, and no more
          --strict    verify what plugins do on each call, and stop at the first offence
          -m, -M, -x and other sizes are accepted: there is nothing to size.
        """
}
