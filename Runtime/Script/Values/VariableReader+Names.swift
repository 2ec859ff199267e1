// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// From a name and what stands in its parentheses to an operation with its operands.
extension VariableReader {
    func operation(_ name: String, key: Range<Int>?, at start: Int) throws(VariableError) -> VariableCode {
        let place = (start, name.utf8.count)
        switch name {
        case "env", "envn", "def", "defn": return try environment(name, key: key, at: start)
        case "K": return try protocolConstant(key: key, at: start)
        default: break
        }
        guard let known = VariableTable.names[name] else {
            if let callout = parser.plugin(name) {
                return try pluginVariable(callout, name, key: key, at: start)
            }
            if let ignored = Self.withoutPlugin[name] { return VariableCode(ignored) }
            throw VariableError(
                "unknown variable $\(name)",
                help: Suggestion.help(for: name, in: VariableTable.names.keys) ?? "",
                at: place.0, length: place.1)
        }
        var code = VariableCode(known.operation)
        code.part = known.part
        code.number = known.number
        code.isWritable = known.isWritable

        if case .none = known.key {
            guard key == nil else {
                throw VariableError("$\(name) takes nothing in parentheses", at: place.0, length: place.1)
            }
            return code
        }
        guard let key, !key.isEmpty else {
            throw VariableError(
                "$\(name) needs a name in parentheses", help: "write $\(name)(\(example(known.key)))",
                at: place.0,
                length: place.1)
        }
        try apply(known, key, name, &code)
        return code
    }

    /// Variables that some plugin sets and that are undefined without it.
    static let withoutPlugin: [String: VariableOperation] = ["ruid": .null, "location_ua": .null]

    private func example(_ key: VariableName.Key) -> String {
        switch key {
        case .words(let words): words[0].0
        case .header: "Subject"
        case .variable: "$avp(x)"
        case .number: "0"
        case .verbatim: "via[1]"
        case .nested: "name=>member"
        case .none, .text, .avp, .scriptVariable: "name"
        }
    }

    private func apply(
        _ known: VariableName, _ range: Range<Int>, _ name: String, _ code: inout VariableCode
    ) throws(VariableError) {
        let inner = text(range)
        let isDynamic = bytes[range].contains(UInt8(ascii: "$"))
        switch known.key {
        case .none: break
        case .words(let words):
            guard let word = words.first(where: { $0.0 == inner }) else {
                let all = words.map(\.0).joined(separator: ", ")
                throw VariableError(
                    "$\(name) knows no \"\(inner)\"",
                    help: Suggestion.help(for: inner, in: words.map(\.0)) ?? "one of \(all)",
                    at: range.lowerBound,
                    length: range.count)
            }
            code.part = word.1
            if code.operation == .branch || code.operation == .scratchBranch {
                code.isWritable = known.isWritable && word.1 != .count
            }
            if known.operation == .version { code.number = 1 }
        case .header:
            if isDynamic {
                code.keyFormat = try format(in: range)
            } else {
                code.key = parser.storage.text(bytes[range])
                code.header = parser.numbersHeaders ? HeaderID.token(inner) : HeaderID.named(code.key)
            }
            if code.operation == .headerValue || code.operation == .headerValueCount {
                try checkListHeader(inner, isDynamic, code.header, range)
            }
        case .text:
            if isDynamic {
                code.keyFormat = try format(in: range)
            } else {
                code.key = parser.storage.text(bytes[range])
            }
        case .verbatim:
            if known.operation == .select {
                try SelectParser(parser: parser).compile(Array(bytes[range]), into: &code)
            } else {
                code.key = parser.storage.text(bytes[range])
            }
        case .variable:
            var reader = VariableReader(bytes, parser, at: range.lowerBound)
            code.detail = UnsafeRawPointer(try reader.variable())
            guard reader.index == range.upperBound else {
                throw VariableError("unexpected text after the variable", at: reader.index)
            }
        case .avp: try AttributePathParser(self).avp(range, &code)
        case .nested: try AttributePathParser(self).nested(range, &code)
        case .scriptVariable:
            guard !isDynamic else {
                throw VariableError(
                    "the name of $\(name) has to be constant",
                    help: "$avp takes computed names, as $sht does",
                    at: range.lowerBound, length: range.count)
            }
            switch known.operation {
            case .shared: code.number = Int64(SharedVariables.slot(named: inner))
            case .nullableScriptVariable:
                code.number = Int64(ScriptVariables.slot(named: inner, nullable: true))
            default: code.number = Int64(ScriptVariables.slot(named: inner, nullable: false))
            }
            code.key = parser.storage.text(bytes[range])
        case .number:
            if isDynamic {
                var reader = VariableReader(bytes, parser, at: range.lowerBound)
                code.indexCode = try reader.variable()
                code.indexing = .computed
            } else {
                guard let bit = Int32(inner), 0..<32 ~= bit else {
                    throw VariableError(
                        "\"\(inner)\" is no flag", help: "flags are 0 to 31", at: range.lowerBound,
                        length: range.count)
                }
                code.index = bit
                code.indexing = .constant
            }
        }
    }

    func format(in range: Range<Int>) throws(VariableError) -> Format {
        switch parser.format(bytes: Array(bytes[range])) {
        case .success(let format): return format
        case .failure(let error): throw error.moved(by: range.lowerBound)
        }
    }

    private func checkListHeader(
        _ name: String, _ isDynamic: Bool, _ header: HeaderID, _ range: Range<Int>
    ) throws(VariableError) {
        let lists = [
            "via", "v", "route", "record-route", "contact", "m", "diversion", "p-asserted-identity",
            "p-preferred-identity", "d",
        ]
        guard isDynamic || !lists.contains(name.lowercased()) else { return }
        if isDynamic { return }
        throw VariableError(
            "header \(name) is not known as a list of values",
            help:
                "lists are Via, Route, Record-Route, Contact, Diversion, P-Asserted-Identity, P-Preferred-Identity;"
                + " use $hdr", at: range.lowerBound, length: range.count)
    }

    private func pluginVariable(
        _ callout: VariableCallout, _ name: String, key: Range<Int>?, at start: Int
    ) throws(VariableError) -> VariableCode {
        var code = VariableCode(.plugin)
        code.isWritable = callout.set != nil
        code.detail = UnsafeRawPointer(parser.storage.place(callout))
        if let key {
            if bytes[key].contains(UInt8(ascii: "$")) {
                code.keyFormat = try format(in: key)
            } else {
                code.key = parser.storage.text(bytes[key])
            }
        }
        if code.keyFormat == nil {
            code.prepared = try callout.prepare(
                code.key, of: key.map { "$\(name)(\(text($0)))" } ?? "$\(name)",
                at: key.map { ($0.lowerBound, $0.count) } ?? (start, name.utf8.count), parser.takeFailure)
        }
        return code
    }

    // MARK: constants

    private func environment(
        _ name: String, key: Range<Int>?, at start: Int
    ) throws(VariableError) -> VariableCode {
        guard let key, !key.isEmpty else {
            throw VariableError("$\(name) needs a name in parentheses", at: start, length: name.utf8.count)
        }
        let inner = text(key)
        let value =
            name.hasPrefix("env") ? getenv(inner).map { String(cString: $0) } : parser.definition(inner)
        var code = VariableCode(value == nil ? .null : .constant)
        if let value {
            code.key = parser.storage.text(Array(value.utf8))
            if name.hasSuffix("n") {
                code.number = ScriptValue.number(of: code.key)
                code.key = .absent
            }
        }
        return code
    }

    /// `$K(UDP)` and the like: numbers of the socket interface.
    private func protocolConstant(key: Range<Int>?, at start: Int) throws(VariableError) -> VariableCode {
        let numbers: [String: Int64] = [
            "IPv4": Int64(AF_INET), "IPv6": Int64(AF_INET6), "UDP": 1, "TCP": 2, "TLS": 3, "SCTP": 4, "WS": 5,
            "WSS": 6,
        ]
        guard let key else {
            throw VariableError("$K needs a name in parentheses", help: "write $K(UDP)", at: start)
        }
        guard let number = numbers[text(key)] else {
            throw VariableError(
                "$K knows no \"\(text(key))\"", help: "one of IPv4, IPv6, UDP, TCP, TLS, SCTP, WS, WSS",
                at: key.lowerBound, length: key.count)
        }
        var code = VariableCode(.constant)
        code.number = number
        return code
    }
}
