// SPDX-License-Identifier: Apache-2.0
import Message

/// One transformation, `{s.substr,0,3}`: what to do, and its parameters.
struct Transformation {
    enum Operation: UInt8 {
        // s.
        case length, int, md5, sha1, sha256, sha384, sha512, toLower, toUpper, numeric, substring, select
        case strip, stripTail, stripTo, trim, trimLeft, trimRight, remove, removeSpace, replace
        case prefixes, prefixesQuoted, formatTime, hash, unquote, unbracket, countBytes
        case before, after, beforeLast, afterLast, foldSpaces, foldTabs
        case toHexadecimal, fromHexadecimal, to7Bit, from7Bit, toBase58, fromBase58
        case toBase64, toBase64Bare, fromBase64, toBase64URL, toBase64URLBare, fromBase64URL
        case escapeCommon, unescapeCommon, escapeUser, unescapeUser, escapeParam, unescapeParam, escapeCSV
        case toForm, fromForm
        // uri.
        case uriUser, uriHost, uriPassword, uriPort, uriParams, uriParam, uriHeaders, uriScheme
        case uriToSocket, uriDestination, uriShortAddress, uriShort
        // nameaddr., tobody.
        case nameaddrName, nameaddrURI, nameaddrLength
        case bodyURI, bodyTag, bodyUser, bodyHost, bodyParams, bodyDisplay
        // param., line., val., urialias., sock., re.
        case paramValue, paramIn, paramValueAt, paramNameAt, paramCount
        case lineCount, lineAt, lineStarting
        case zeroForNull, emptyForNull, json, jsonQuoted
        case aliasEncode, aliasDecode
        case socketHost, socketPort, socketTransport, socketURI
        case substitute
    }

    let operation: Operation
    var first = Parameter.none
    var second = Parameter.none
    /// The name of a URI's parameter, for those that have operations of their own.
    var key = Slice.absent
    var separator = UInt8(ascii: ";")
    var substitution: UnsafePointer<SubstitutionCode>?

    init(_ operation: Operation) { self.operation = operation }

    /// A number, a text, or a variable whose value of the moment counts.
    struct Parameter {
        var number: Int64 = 0
        var text = Slice.absent
        var variable: UnsafePointer<VariableCode>?
        /// A text that is a number.
        var isNumber = false

        static var none: Parameter { Parameter() }
        var isPresent: Bool { text.isPresent || variable != nil }

        /// nil when it is a variable without a number.
        func asNumber(_ context: Context) -> Int? {
            guard let variable else { return isNumber ? Int(number) : nil }
            let value = VariableCode.read(variable, context)
            if value.hasNumber { return Int(value.number) }
            return value.text.integer()
        }

        func asText(_ context: Context) -> Slice? {
            guard let variable else { return text }
            let value = VariableCode.read(variable, context)
            return value.isNull ? nil : value.asText(context.pointee.message)
        }
    }

    /// One after the other. Undefined stays so, but for the few that turn it into something.
    static func apply(
        _ all: UnsafeBufferPointer<Transformation>, to value: ScriptValue, _ context: Context
    ) -> ScriptValue {
        var value = value
        for index in 0..<all.count {
            value = (all.baseAddress! + index).pointee.apply(to: value, context)
        }
        return value
    }

    private func apply(to value: ScriptValue, _ context: Context) -> ScriptValue {
        switch operation {
        case .zeroForNull: return value.isNull ? ScriptValue(0) : value
        case .emptyForNull: return value.isNull ? ScriptValue(.empty) : value
        case .json, .jsonQuoted:
            let text = value.asText(context.pointee.message)
            return ScriptValue(Escaping.json(text, quoted: operation == .jsonQuoted, context.pointee.message))
        case .formatTime where value.hasNumber: return formatTime(value.number, context)
        default: break
        }
        guard !value.isNull else { return .null }
        let text = value.asText(context.pointee.message)
        if operation.rawValue < Operation.uriUser.rawValue { return onString(text, context) }
        if operation.rawValue < Operation.nameaddrName.rawValue { return onURI(text, context) }
        return onStructure(text, context)
    }

    func formatTime(_ seconds: Int64, _ context: Context) -> ScriptValue {
        guard let format = first.asText(context) else { return .null }
        var time = VariableCode.brokenDown(seconds)
        return ScriptValue(VariableCode.formatted(&time, format, context.pointee.message))
    }
}
