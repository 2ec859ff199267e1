// SPDX-License-Identifier: Apache-2.0

/// A parameter of the server, `name = value`.
public struct GlobalParameter: Sendable {
    public enum Kind: Sendable, Equatable {
        case number(ClosedRange<Int>)
        /// `yes`, `no`, or a number.
        case boolean
        case string
        /// A bare word or a string.
        case name
        /// One of these words, in any case.
        case word([String])
        /// An address or a name, bare or in quotes.
        case host
        /// A number, or one of these words.
        case numberOrWord([String: Int])
    }

    typealias Apply = @Sendable (inout Settings, Placed<ParameterValue>) -> Void

    public let name: String
    public let aliases: [String]
    public let kind: Kind
    /// As one would write it.
    public let fallback: String
    /// Completes "NAME is ...".
    public let meaning: String?
    /// Why it has no effect; nil when it has.
    public let notice: String?
    let apply: Apply?
}

/// Every global parameter there is: what is not here is an error.
public enum GlobalParameters {
    public static let all: [GlobalParameter] = acting + ignored
    public static let byName: [String: GlobalParameter] = all.reduce(into: [:]) { table, parameter in
        for name in [parameter.name] + parameter.aliases { table[name] = parameter }
    }

    static let any = Int(Int32.min)...Int(Int32.max)
    static let natural = 0...Int(Int32.max)

    private static let acting: [GlobalParameter] =
        logging + process + sockets + sip + script + streams + resolver + blocklist

    // MARK: How the tables are written

    /// One that acts. `names` is the name and, after blanks, its aliases.
    static func acts(
        _ names: String, _ kind: GlobalParameter.Kind, _ fallback: String, _ meaning: String,
        _ apply: @escaping GlobalParameter.Apply
    ) -> GlobalParameter {
        let names = names.split(separator: " ").map(String.init)
        return GlobalParameter(
            name: names[0], aliases: Array(names.dropFirst()), kind: kind, fallback: fallback,
            meaning: meaning,
            notice: nil, apply: apply)
    }

    /// Several that have no effect, for one reason. Each is a name, with aliases behind slashes.
    static func ignores(_ names: String, _ kind: GlobalParameter.Kind, because notice: String)
        -> [GlobalParameter]
    {
        names.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { entry in
            let names = entry.split(separator: "/").map(String.init)
            return GlobalParameter(
                name: names[0], aliases: Array(names.dropFirst()), kind: kind, fallback: "", meaning: nil,
                notice: notice, apply: nil)
        }
    }

    static let facilities: [String] =
        [
            "LOG_AUTH", "LOG_AUTHPRIV", "LOG_CRON", "LOG_DAEMON", "LOG_FTP", "LOG_KERN", "LOG_LPR",
            "LOG_MAIL", "LOG_NEWS",
            "LOG_SYSLOG", "LOG_USER", "LOG_UUCP",
        ] + (0...7).map { "LOG_LOCAL\($0)" }
}

extension Placed<ParameterValue> {
    var number: Int {
        if case .integer(let number) = value { return number }
        return 0
    }

    var truth: Bool { number != 0 }

    /// A string or a word.
    var text: Text {
        switch value {
        case .string(let text): text
        case .word(let word), .variable(let word): Text(word)
        case .integer(let number): Text(String(number))
        }
    }

    var placedText: Placed<Text> { Placed<Text>(text, at: place) }
}
