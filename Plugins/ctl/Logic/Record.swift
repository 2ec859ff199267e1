// SPDX-License-Identifier: Apache-2.0

/// One value in a BINRPC packet.
///
/// Text is bytes: nobody promises that it is UTF-8. A number with decimals travels as thousandths.
public indirect enum Record: Equatable, Sendable {
    case int(Int32)
    case text([UInt8])
    case double(thousandths: Int64)
    case structure([Member])
    case list([Record])
    case bytes([UInt8])

    /// A value in a structure. The name is absent where a list stands inside a structure.
    public struct Member: Equatable, Sendable {
        public var name: [UInt8]?
        public var value: Record

        public init(name: [UInt8]?, value: Record) {
            self.name = name
            self.value = value
        }
    }
}

/// What can be wrong with the bytes of a record, in the words that kamcmd's users know.
public enum RecordError: Error, Equatable, Sendable {
    case endOfPacket, needMore, wrongType, bad, tooDeep

    public var text: String {
        switch self {
        case .endOfPacket: "end of packet encountered"
        case .needMore: "more data needed"
        case .wrongType: "record doesn't match type"
        case .bad: "bad record"
        case .tooDeep: "structures nested too deep"
        }
    }
}

/// The low four bits of a record's tag.
enum RecordType {
    static let int: UInt8 = 0
    static let text: UInt8 = 1
    static let double: UInt8 = 2
    static let structure: UInt8 = 3
    static let list: UInt8 = 4
    static let name: UInt8 = 5
    static let bytes: UInt8 = 6
}
