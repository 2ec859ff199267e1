// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The calls that a rehearsal makes of a plugin's functions and variables, as blocks of a script.
///
/// Each function is called with usual arguments, without those that may be missing, and with each argument in turn at
/// its extremes. What the checker refuses, as it would refuse it in a configuration, is left out later.
struct Calls {
    struct Call {
        let name: String
        /// The block, one line of the configuration.
        let line: String
        /// What stands in it.
        let text: String
        let kind: UInt32
    }

    private(set) var all: [Call] = []

    init(_ table: PluginTable) {
        for function in table.functions {
            guard let kind = Self.kinds.first(where: { function.places & $0.bit != 0 }) else { continue }
            for arguments in Self.lists(function.arguments) {
                add("\(function.name)(\(arguments.joined(separator: ", ")));", kind)
            }
        }
        for variable in table.variables {
            for name in ["$\(variable.name)", "$\(variable.name)(x)", "$\(variable.name)(-1)"] {
                add("$var(x) = \(name);", Self.kinds[0])
                guard variable.set != nil else { continue }
                for value in ["\"\"", "\"x\"", "-1", "$null"] { add("\(name) = \(value);", Self.kinds[0]) }
            }
        }
    }

    /// Blocks that stand for those that a function may be given the name of.
    static var others: [String] { kinds.map { "\($0.keyword)[check] { exit; }" } }

    private static let kinds: [(bit: UInt32, keyword: String)] = [
        (UInt32(MT_IN_REQUEST), "route"), (UInt32(MT_IN_REPLY), "onreply_route"),
        (UInt32(MT_IN_FAILURE), "failure_route"), (UInt32(MT_IN_BRANCH), "branch_route"),
    ]

    private mutating func add(_ text: String, _ kind: (bit: UInt32, keyword: String)) {
        let name = "call\(all.count + 1)"
        all.append(Call(name: name, line: "\(kind.keyword)[\(name)] { \(text) }", text: text, kind: kind.bit))
    }

    private static func lists(_ fields: [PluginTable.Field]) -> [[String]] {
        let usual = fields.map { values($0)[0] }
        var lists = [usual]
        let required = fields.firstIndex { $0.has(MT_OPTIONAL) } ?? fields.count
        for count in required..<max(required, fields.count) { lists.append(Array(usual.prefix(count))) }
        for (index, field) in fields.enumerated() {
            for value in values(field).dropFirst() {
                var list = usual
                list[index] = value
                lists.append(list)
            }
        }
        return lists
    }

    /// The usual one first, as a script writes them.
    private static func values(_ field: PluginTable.Field) -> [String] {
        switch field.type {
        case Int(MT_INT), Int(MT_MS):
            let extremes =
                field.isLimited
                ? ["\(field.min)", "\(field.max)"] : ["0", "\"-1\"", "\(Int32.max)", "\"\(Int64.max)\""]
            return [field.isLimited ? "\(field.min)" : "1"] + extremes + ["$var(number)", "$var(nothing)"]
        case Int(MT_BOOL): return ["1", "0"]
        case Int(MT_EXPR): return ["\"$var(x)\"", "\"$avp(x)\"", "\"$ru\"", "\"$hdr(X)\""]
        case Int(MT_ROUTE), Int(MT_SOCKET): return ["\"check\""]
        case Int(MT_REGEX): return ["\"^a.*b\"", "\"(a|b)*$\"", "\"\""]
        default:
            return [
                "\"x\"", "\"\"", "\"1\"", "\"-1\"", "\"sip:a@127.0.0.1:9\"", "\"\(odd)\"", "\"\(long)\"",
                "\"$ru\"", "\"$var(nothing)\"", "$rb",
            ]
        }
    }

    private static let odd = "%00;<>@:,[]\\\\\\\"\\r\\n\\t ü/(){}*"
    private static let long = String(repeating: "x", count: 3000)
}
