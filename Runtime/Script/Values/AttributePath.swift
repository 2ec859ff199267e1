// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// One step of `$xavp(root[1]=>member[$var(i)])`: a name and which one of that name.
struct AttributeStep {
    let name: AttributeName
    var indexing = VariableCode.Indexing.none
    var index: Int32 = 0
    var indexCode: UnsafePointer<VariableCode>?
}

/// From the root to the member that is meant.
struct AttributePath {
    let steps: UnsafeBufferPointer<AttributeStep>
}

/// Compiles what stands in the parentheses of `$avp` and its kin.
struct AttributePathParser {
    private let reader: VariableReader

    init(_ reader: VariableReader) { self.reader = reader }

    /// `name`, `s:name`, `i:10`, `$var(name)`
    func avp(_ range: Range<Int>, _ code: inout VariableCode) throws(VariableError) {
        let inner = reader.text(range)
        let storage = reader.parser.storage
        if inner.contains("$") {
            code.keyFormat = try reader.format(in: range)
            return
        }
        let name: AttributeName
        if inner.hasPrefix("i:") {
            guard let number = Int64(inner.dropFirst(2)) else {
                throw VariableError(
                    "\"\(inner.dropFirst(2))\" is no number",
                    help: "attributes named by text are $avp(s:name)",
                    at: range.lowerBound, length: range.count)
            }
            name = AttributeName(number: number)
        } else {
            let text = inner.hasPrefix("s:") ? String(inner.dropFirst(2)) : inner
            name = AttributeName(storage.text(Array(text.utf8)), kind: UInt32(MT_A_AVP))
        }
        code.detail = UnsafeRawPointer(storage.place(name))
        code.key = storage.text(Array(inner.utf8))
    }

    /// `root`, `root[0]=>member[-1]`
    func nested(_ range: Range<Int>, _ code: inout VariableCode) throws(VariableError) {
        let kind = UInt32(code.number)
        let isSingle = kind == UInt32(MT_A_XAVU)
        var steps: [AttributeStep] = []
        var at = range.lowerBound
        repeat {
            if !steps.isEmpty { at += 2 }
            let start = at
            while at < range.upperBound,
                VariableReader.isNameByte(reader.bytes[at]) || reader.bytes[at] == 0x2D
            {
                if reader.bytes[at] == 0x2D, at + 1 < range.upperBound,
                    reader.bytes[at + 1] == UInt8(ascii: ">")
                {
                    break
                }
                at += 1
            }
            guard at > start else { throw VariableError("the name of an attribute is missing", at: start) }
            var step = AttributeStep(
                name: AttributeName(reader.parser.storage.text(reader.bytes[start..<at]), kind: kind))
            if at < range.upperBound, reader.bytes[at] == UInt8(ascii: "[") {
                guard !isSingle else {
                    throw VariableError("$xavu has one value, and takes no index", at: at)
                }
                let end = try reader.closing(from: at, UInt8(ascii: "["), UInt8(ascii: "]"))
                switch try VariableReader.indexing(reader.text(at + 1..<end), at: at + 1, reader.parser) {
                case .constant(let number):
                    step.indexing = .constant
                    step.index = number
                case .all: step.indexing = .all
                case .computed(let variable):
                    step.indexing = .computed
                    step.indexCode = variable
                }
                at = end + 1
            }
            steps.append(step)
        } while at + 1 < range.upperBound && reader.bytes[at] == UInt8(ascii: "=")
            && reader.bytes[at + 1] == UInt8(ascii: ">")
        guard at == range.upperBound else {
            throw VariableError(
                "\"\(reader.text(at..<range.upperBound))\" is not expected here",
                help: "attributes are written root=>member or root[index]=>member[index]", at: at,
                length: range.upperBound - at)
        }
        code.detail = UnsafeRawPointer(
            reader.parser.storage.place(AttributePath(steps: reader.parser.storage.place(steps))))
        code.key = reader.parser.storage.text(reader.bytes[range])
    }
}
