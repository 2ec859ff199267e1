// SPDX-License-Identifier: Apache-2.0

/// The words that mean something to the language wherever they stand.
enum Words {
    /// Boolean words and address families are numbers.
    static let numbers: [String: Int] = {
        var numbers: [String: Int] = [:]
        for word in ["yes", "true", "on", "enable"] { numbers[word] = 1 }
        for word in ["no", "false", "off", "disable"] { numbers[word] = 0 }
        for word in ["INET", "inet", "Inet", "ipv4", "IPv4", "IPV4"] { numbers[word] = 2 }
        for word in ["INET6", "inet6", "ipv6", "IPv6", "IPV6"] { numbers[word] = 10 }
        return numbers
    }()

    /// What begins something at the top level, besides global parameters.
    static let topLevel: Set<String> = Set(routes.keys).union([
        "loadmodule", "loadmodulex", "modparam", "modparamx", "loadpath", "mpath", "flags", "bool",
        "avpflags",
        "cfgengine", "listen", "socket", "alias", "domain", "include_file", "import_file",
    ])

    static let routes: [String: RouteKind] = [
        "request_route": .request, "route": .request, "reply_route": .reply, "onreply_route": .reply,
        "failure_route": .failure, "branch_route": .branch, "onsend_route": .onsend, "event_route": .event,
        "error_route": .error, "local_route": .local, "timer_route": .timer, "startup_route": .startup,
    ]

    static let statements: Set<String> = [
        "if", "else", "switch", "case", "default", "while", "break", "return", "exit", "drop", "route",
    ]

    static let operators: [String: BinaryOperator] = [
        "or": .or, "and": .and, "eq": .equalText, "ne": .unequalText, "ieq": .equalInteger,
        "ine": .unequalInteger, "mod": .modulo,
    ]

    static let operands: [String: Operand] = Dictionary(
        uniqueKeysWithValues: Operand.allCases.map { ($0.rawValue, $0) })

    static let builtins: [String: Builtin] = Dictionary(
        uniqueKeysWithValues: Builtin.allCases.map { ($0.rawValue, $0) })

    static let transports: Set<String> = ["udp", "tcp", "tls", "sctp", "ws", "wss"]

    /// Where one of these stands no define is put in its place.
    static let reserved: Set<String> =
        topLevel
        .union(statements).union(operators.keys).union(operands.keys).union(builtins.keys).union(numbers.keys)
        .union(CoreFunctions.spellings.keys).union(GlobalParameters.byName.keys)
        .union(transports).union(transports.map { $0.uppercased() })
        .union(["not", "defined", "myself", "advertise", "ADVERTISE", "virtual", "name", "NAME", "desc"])
}
