// SPDX-License-Identifier: Apache-2.0

/// Takes records off the front of a packet's body.
///
/// It is total: any bytes whatever end in a record or in a `RecordError`, and nesting is bounded.
public struct RecordReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    static let deepest = 16

    public init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        let range = range.clamped(to: 0..<bytes.count)
        position = range.lowerBound
        end = range.upperBound
    }

    public init(_ bytes: [UInt8]) { self.init(bytes, in: 0..<bytes.count) }

    public var atEnd: Bool { position >= end }

    /// The next record, with all that is nested in it.
    public mutating func next() throws(RecordError) -> Record {
        try next(depth: 0)
    }

    /// The next record, which has to be text: a command's name.
    public mutating func text() throws(RecordError) -> [UInt8] {
        guard position < end else { throw .endOfPacket }
        guard bytes[position] & 0x0f == RecordType.text else { throw .wrongType }
        guard case .text(let text) = try next(depth: 0) else { throw .wrongType }
        return text
    }

    private mutating func next(depth: Int) throws(RecordError) -> Record {
        let tag = try byte(or: .endOfPacket)
        let flagged = tag & 0x80 != 0
        switch tag & 0x0f {
        case RecordType.int:
            let size = try number(of: tag)
            // More than 32 bits is more than kamcmd itself can read.
            guard size <= 4 else { throw .bad }
            return .int(Int32(truncatingIfNeeded: try unsigned(size)))
        case RecordType.double:
            let size = try number(of: tag)
            return .double(thousandths: Int64(bitPattern: try unsigned(size)))
        case RecordType.text: return .text(try string(tag))
        case RecordType.bytes: return .bytes(Array(try span(tag)))
        case RecordType.structure where !flagged: return .structure(try members(depth: depth + 1))
        case RecordType.list where !flagged: return .list(try items(depth: depth + 1))
        case RecordType.structure, RecordType.list, RecordType.name: throw .bad
        default: throw .wrongType
        }
    }

    private mutating func members(depth: Int) throws(RecordError) -> [Record.Member] {
        guard depth <= Self.deepest else { throw .tooDeep }
        var members: [Record.Member] = []
        while true {
            guard position < end else { throw .needMore }
            let tag = bytes[position]
            if tag == 0x80 | RecordType.structure {
                position += 1
                return members
            }
            guard tag & 0x0f == RecordType.name else {
                members.append(.init(name: nil, value: try next(depth: depth)))
                continue
            }
            position += 1
            let name = try string(tag)
            guard position < end else { throw .needMore }
            members.append(.init(name: name, value: try next(depth: depth)))
        }
    }

    private mutating func items(depth: Int) throws(RecordError) -> [Record] {
        guard depth <= Self.deepest else { throw .tooDeep }
        var items: [Record] = []
        while true {
            guard position < end else { throw .needMore }
            if bytes[position] == 0x80 | RecordType.list {
                position += 1
                return items
            }
            items.append(try next(depth: depth))
        }
    }

    /// The bytes of a text or a name, without the zero that ends them.
    private mutating func string(_ tag: UInt8) throws(RecordError) -> [UInt8] {
        var text = try span(tag)
        if text.last == 0 { text = text.dropLast() }
        return Array(text)
    }

    private mutating func span(_ tag: UInt8) throws(RecordError) -> ArraySlice<UInt8> {
        var count = Int(tag >> 4 & 7)
        if tag & 0x80 != 0 {
            guard count <= 4 else { throw .bad }
            count = Int(try unsigned(count))
        }
        guard count <= end - position else { throw .needMore }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// How many bytes a number has: its tag says so, and a flag on it has no meaning.
    private func number(of tag: UInt8) throws(RecordError) -> Int {
        guard tag & 0x80 == 0 else { throw .bad }
        return Int(tag >> 4 & 7)
    }

    private mutating func unsigned(_ size: Int) throws(RecordError) -> UInt64 {
        guard size <= end - position else { throw .needMore }
        var value: UInt64 = 0
        for index in position..<position + size { value = value << 8 | UInt64(bytes[index]) }
        position += size
        return value
    }

    private mutating func byte(or error: RecordError) throws(RecordError) -> UInt8 {
        guard position < end else { throw error }
        defer { position += 1 }
        return bytes[position]
    }
}
