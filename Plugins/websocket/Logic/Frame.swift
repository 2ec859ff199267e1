// SPDX-License-Identifier: Apache-2.0

/// What stands around a piece of a message (RFC 6455, 5.2). A server writes its frames without a mask.
public enum Frame {
    public enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        public var isControl: Bool { rawValue & 8 != 0 }
    }

    /// The most that stands in front of a payload that a server sends.
    public static let headerRoom = 10
    /// RFC 6455, 5.5.
    public static let mostControl = 125

    /// Writes what stands in front of a whole message of that many bytes; answers how long it is: 2, 4 or 10.
    public static func writeHeader(
        _ opcode: Opcode, count: Int, into room: UnsafeMutableRawBufferPointer
    ) -> Int {
        room[0] = 0x80 | opcode.rawValue
        switch count {
        case ..<126:
            room[1] = UInt8(truncatingIfNeeded: count)
            return 2
        case ..<65_536:
            room[1] = 126
            room.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 2, as: UInt16.self)
            return 4
        default:
            room[1] = 127
            room.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
            return 10
        }
    }

    /// A Close with a reason, which is cut where a character ends. Code nil: without a body.
    public static func close(_ code: CloseCode?, _ reason: some Sequence<UInt8> = EmptyCollection())
        -> [UInt8]
    {
        guard let code else { return [0x88, 0] }
        var reason = Array(reason.prefix(mostControl - 2))
        while !reason.withUnsafeBytes({ UTF8Text.isValid($0) }) { reason.removeLast() }
        return [0x88, UInt8(2 + reason.count), UInt8(code.number >> 8), UInt8(code.number & 0xff)] + reason
    }

    /// Ping or Pong; of the data, as much as a control frame holds.
    public static func control(_ opcode: Opcode, _ data: some Collection<UInt8>) -> [UInt8] {
        let data = data.prefix(mostControl)
        return [0x80 | opcode.rawValue, UInt8(data.count)] + data
    }
}

/// The mask of a client (RFC 6455, 5.3).
struct Mask {
    /// As its four bytes stand in memory.
    private var bytes: UInt32

    init(_ bytes: UInt32) { self.bytes = bytes }

    /// Takes the mask off while copying. The next bytes may come later: it knows where it is.
    mutating func copy(_ from: UnsafeRawBufferPointer, to: UnsafeMutableRawPointer) {
        guard let start = from.baseAddress else { return }
        let count = from.count
        let wide = UInt64(bytes) << 32 | UInt64(bytes)
        var at = 0
        while at + 8 <= count {
            let word = start.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ wide
            to.storeBytes(of: word, toByteOffset: at, as: UInt64.self)
            at += 8
        }
        while at < count {
            let byte = start.load(fromByteOffset: at, as: UInt8.self) ^ self[at & 3]
            to.storeBytes(of: byte, toByteOffset: at, as: UInt8.self)
            at += 1
        }
        let turn = UInt32(count & 3) * 8
        if turn > 0 {
            let value = bytes.littleEndian
            bytes = (value >> turn | value << (32 - turn)).littleEndian
        }
    }

    private subscript(index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: bytes.littleEndian >> (UInt32(index) * 8))
    }
}
