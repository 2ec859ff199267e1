// SPDX-License-Identifier: Apache-2.0
import Message

/// Compiles what stands between the braces of a transformation: `s.select,1,;`.
struct TransformationReader {
    private let bytes: [UInt8]
    private let range: Range<Int>
    private let parser: VariableParser
    private var at: Int

    init(_ bytes: [UInt8], _ range: Range<Int>, _ parser: VariableParser) {
        self.bytes = bytes
        self.range = range
        self.parser = parser
        at = range.lowerBound
    }

    mutating func transformation() throws(VariableError) -> Transformation {
        let end = bytes[range].firstIndex(of: UInt8(ascii: ",")) ?? range.upperBound
        var name = String(decoding: bytes[range.lowerBound..<end], as: UTF8.self)
        while name.first == " " { name.removeFirst() }
        while name.last == " " { name.removeLast() }
        at = end
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        // Names of classes are exact, those of operations are not.
        let known = parts.count == 2 ? "\(parts[0]).\(parts[1].lowercased())" : name
        guard let form = TransformationForm.all[known] else { throw unknown(name, end) }
        var result = Transformation(form.operation)
        if let key = form.key { result.key = parser.storage.text(Array(key.utf8)) }
        if form.operation == .substitute {
            guard at < range.upperBound else { throw missing(name, "/expression/replacement/") }
            let text = Array(bytes[(at + 1)..<range.upperBound])
            switch Substitution.compile(text, parser) {
            case .success(let substitution): result.substitution = substitution.code
            case .failure(let error): throw error.moved(by: at + 1)
            }
            return result
        }
        for (index, parameter) in form.parameters.enumerated() {
            guard at < range.upperBound else {
                if parameter.isOptional { break }
                throw missing(name, parameter.name)
            }
            let start = at + 1
            let value = try read(parameter, isLast: index == form.parameters.count - 1, of: name)
            if parameter.kind == .separator {
                result.separator = value.text.count > 0 ? value.text[0] : UInt8(ascii: ";")
            } else if index == 0 {
                result.first = value
            } else {
                result.second = value
            }
            if parameter.kind == .length, value.isNumber, value.number < 0 {
                throw VariableError("the length in {\(name)} must not be negative", at: start)
            }
        }
        guard at >= range.upperBound else {
            throw VariableError(
                "{\(name)} takes \(form.parameters.count) parameter\(form.parameters.count == 1 ? "" : "s") at most",
                at: at, length: range.upperBound - at)
        }
        return result
    }

    /// One parameter, after its comma.
    private mutating func read(
        _ parameter: TransformationForm.Parameter, isLast: Bool, of name: String
    ) throws(VariableError) -> Transformation.Parameter {
        at += 1
        let start = at
        var value = Transformation.Parameter()
        if at < range.upperBound, bytes[at] == UInt8(ascii: "$"), at + 1 < range.upperBound,
            VariableReader.isNameByte(bytes[at + 1]) || bytes[at + 1] == UInt8(ascii: "(")
        {
            var reader = VariableReader(Array(bytes[..<range.upperBound]), parser, at: at)
            value.variable = try reader.variable()
            at = reader.index
            return value
        }
        // A byte to look for may be a comma: then it is the last parameter.
        if parameter.kind == .byte || parameter.kind == .separator {
            at = isLast ? range.upperBound : min(at + 1, range.upperBound)
        } else {
            while at < range.upperBound, bytes[at] != UInt8(ascii: ",") || isLast && parameter.kind == .text {
                at += 1
            }
        }
        value.text = parser.storage.text(bytes[start..<at])
        if parameter.kind == .number || parameter.kind == .length {
            guard let number = value.text.trimmed.integer() else {
                throw VariableError(
                    "\"\(value.text.string)\" is no number, as {\(name)} wants it", at: start,
                    length: max(1, at - start))
            }
            value.number = Int64(number)
            value.isNumber = true
        } else if value.text.isEmpty, !parameter.mayBeEmpty {
            throw missing(name, parameter.name)
        }
        return value
    }

    private func missing(_ name: String, _ parameter: String) -> VariableError {
        VariableError(
            "{\(name)} needs its \(parameter)", help: "write {\(name),\(parameter)}", at: range.lowerBound,
            length: range.count)
    }

    private func unknown(_ name: String, _ end: Int) -> VariableError {
        let family = name.split(separator: ".").first.map(String.init) ?? ""
        let absent = ["sql": "sqlops", "url": "xhttp", "json": "json", "msrpuri": "msrp"]
        if let plugin = absent[family] {
            return VariableError(
                "unknown transformation {\(name)}",
                help: "class \(family) belongs to \(plugin), which does not exist here",
                at: range.lowerBound, length: end - range.lowerBound)
        }
        return VariableError(
            "unknown transformation {\(name)}",
            help: Suggestion.help(for: name, in: TransformationForm.all.keys)
                ?? "classes are s, uri, nameaddr, tobody, param, line, val, urialias, re, sock",
            at: range.lowerBound,
            length: max(1, end - range.lowerBound))
    }
}

/// What a transformation is called and what it takes.
struct TransformationForm {
    struct Parameter {
        enum Kind { case number, length, text, byte, separator }

        let name: String
        let kind: Kind
        var isOptional = false
        var mayBeEmpty = false
    }

    let operation: Transformation.Operation
    var parameters: [Parameter] = []
    var key: String?

    static let all: [String: TransformationForm] = {
        var all: [String: TransformationForm] = [:]
        func add(
            _ name: String, _ operation: Transformation.Operation, _ parameters: Parameter...,
            key: String? = nil
        ) {
            all[name] = TransformationForm(operation: operation, parameters: parameters, key: key)
        }
        let byte = Parameter(name: "character", kind: .byte)
        let count = Parameter(name: "count", kind: .number)
        let index = Parameter(name: "index", kind: .number)
        let name = Parameter(name: "name", kind: .text)
        let separator = Parameter(name: "separator", kind: .separator, isOptional: true)
        func text(_ name: String, empty: Bool = false) -> Parameter {
            Parameter(name: name, kind: .text, mayBeEmpty: empty)
        }

        add("s.len", .length)
        add("s.int", .int)
        add("s.md5", .md5)
        add("s.sha1", .sha1)
        add("s.sha256", .sha256)
        add("s.sha384", .sha384)
        add("s.sha512", .sha512)
        add("s.tolower", .toLower)
        add("s.toupper", .toUpper)
        add("s.numeric", .numeric)
        add(
            "s.substr", .substring, Parameter(name: "offset", kind: .number),
            Parameter(name: "length", kind: .length))
        add("s.select", .select, index, byte)
        add("s.strip", .strip, count)
        add("s.striptail", .stripTail, count)
        add("s.stripto", .stripTo, byte)
        add("s.trim", .trim)
        add("s.ltrim", .trimLeft)
        add("s.rtrim", .trimRight)
        add("s.rm", .remove, text("text"))
        add("s.rmws", .removeSpace)
        add("s.replace", .replace, text("text"), text("replacement", empty: true))
        let most = Parameter(name: "count", kind: .number, isOptional: true)
        add("s.prefixes", .prefixes, most)
        add("s.prefixes.quoted", .prefixesQuoted, most)
        add("s.ftime", .formatTime, text("format"))
        add("s.corehash", .hash, most)
        add("s.unquote", .unquote)
        add("s.unbracket", .unbracket)
        add("s.count", .countBytes, byte)
        add("s.before", .before, byte)
        add("s.after", .after, byte)
        add("s.rbefore", .beforeLast, byte)
        add("s.rafter", .afterLast, byte)
        add("s.fmtlines", .foldSpaces, count, Parameter(name: "blanks", kind: .number))
        add("s.fmtlinet", .foldTabs, count, Parameter(name: "tabs", kind: .number))
        add("s.encode.hexa", .toHexadecimal)
        add("s.decode.hexa", .fromHexadecimal)
        add("s.encode.7bit", .to7Bit)
        add("s.decode.7bit", .from7Bit)
        add("s.encode.base58", .toBase58)
        add("s.decode.base58", .fromBase58)
        add("s.encode.base64", .toBase64)
        add("s.decode.base64", .fromBase64)
        add("s.encode.base64t", .toBase64Bare)
        add("s.decode.base64t", .fromBase64)
        add("s.encode.base64url", .toBase64URL)
        add("s.decode.base64url", .fromBase64URL)
        add("s.encode.base64urlt", .toBase64URLBare)
        add("s.decode.base64urlt", .fromBase64URL)
        add("s.escape.common", .escapeCommon)
        add("s.unescape.common", .unescapeCommon)
        add("s.escape.user", .escapeUser)
        add("s.unescape.user", .unescapeUser)
        add("s.escape.param", .escapeParam)
        add("s.unescape.param", .unescapeParam)
        add("s.escape.csv", .escapeCSV)
        add("s.urlencode.param", .toForm)
        add("s.urldecode.param", .fromForm)

        add("uri.user", .uriUser)
        add("uri.host", .uriHost)
        add("uri.domain", .uriHost)
        add("uri.passwd", .uriPassword)
        add("uri.port", .uriPort)
        add("uri.params", .uriParams)
        add("uri.param", .uriParam, name)
        add("uri.headers", .uriHeaders)
        for key in ["transport", "ttl", "maddr", "method", "lr", "r2"] {
            add("uri." + key, .uriParam, key: key)
        }
        add("uri.uparam", .uriParam, key: "user")
        add("uri.scheme", .uriScheme)
        add("uri.tosocket", .uriToSocket)
        add("uri.duri", .uriDestination)
        add("uri.saor", .uriShortAddress)
        add("uri.suri", .uriShort)

        add("nameaddr.name", .nameaddrName)
        add("nameaddr.uri", .nameaddrURI)
        add("nameaddr.len", .nameaddrLength)
        add("tobody.uri", .bodyURI)
        add("tobody.tag", .bodyTag)
        add("tobody.user", .bodyUser)
        add("tobody.host", .bodyHost)
        add("tobody.params", .bodyParams)
        add("tobody.display", .bodyDisplay)

        let part = Parameter(name: "name", kind: .text)
        add("param.value", .paramValue, part, separator)
        add("param.in", .paramIn, part, separator)
        add("param.valueat", .paramValueAt, index, separator)
        add("param.name", .paramNameAt, index, separator)
        add("param.count", .paramCount, separator)
        add("line.count", .lineCount)
        add("line.at", .lineAt, index)
        add("line.sw", .lineStarting, text("prefix"))
        add("val.n0", .zeroForNull)
        add("val.ne", .emptyForNull)
        add("val.json", .json)
        add("val.jsonqe", .jsonQuoted)
        add("urialias.encode", .aliasEncode)
        add("urialias.decode", .aliasDecode)
        add("sock.host", .socketHost)
        add("sock.port", .socketPort)
        add("sock.proto", .socketTransport)
        add("sock.touri", .socketURI)
        add("re.subst", .substitute)
        return all
    }()
}
