// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// As text: on one line, or with a line for each member of an object, indented by tabs.
    public func written(pretty: Bool) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.value(self, 0)
        return writer.bytes
    }
}

private struct JSONWriter {
    let pretty: Bool
    var bytes: [UInt8] = []

    init(pretty: Bool) { self.pretty = pretty }

    mutating func value(_ value: JSON, _ depth: Int) {
        switch value {
        case .null: bytes += Array("null".utf8)
        case .bool(let flag): bytes += Array((flag ? "true" : "false").utf8)
        case .number(let digits): bytes += Array(digits.utf8)
        case .text(let text): quoted(text)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, one) in values.enumerated() {
                if index > 0 { bytes += pretty ? [44, 32] : [44] }
                self.value(one, depth + 1)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members): object(members, depth)
        }
    }

    private mutating func object(_ members: [JSON.Member], _ depth: Int) {
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(44) }
            if pretty { line(depth + 1) }
            quoted(member.name)
            bytes.append(UInt8(ascii: ":"))
            if pretty { bytes.append(9) }
            value(member.value, depth + 1)
        }
        if pretty, !members.isEmpty { line(depth) }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func line(_ depth: Int) {
        bytes.append(10)
        for _ in 0..<depth { bytes.append(9) }
    }

    /// RFC 8259, 7: quotes, backslashes and control characters are escaped.
    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 10: bytes += Array("\\n".utf8)
            case 13: bytes += Array("\\r".utf8)
            case 9: bytes += Array("\\t".utf8)
            case ..<32, 127:
                let digits = String(byte, radix: 16)
                bytes += Array("\\u".utf8) + Array(repeating: 48, count: 4 - digits.utf8.count)
                bytes += Array(digits.utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
