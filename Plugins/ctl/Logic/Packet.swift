// SPDX-License-Identifier: Apache-2.0

/// What kind of packet it is. A request asks, a reply answers, a fault says why there is no answer.
public enum PacketKind: UInt8, Sendable {
    case request = 0
    case reply = 1
    case fault = 3
}

/// The head of a BINRPC packet: `A1`, kind and sizes, the body's length, the cookie.
public struct PacketHead: Equatable, Sendable {
    public var kind: UInt8
    public var cookie: [UInt8]
    public var size: Int
    public var bodyCount: Int

    /// The head at the start of bytes; nil as long as some of it is missing.
    public static func parse(_ bytes: some RandomAccessCollection<UInt8>) throws(BadPacket) -> PacketHead? {
        guard let first = bytes.first else { return nil }
        guard first == 0xa1 else { throw BadPacket(cookie: []) }
        guard bytes.count >= 2 else { return nil }
        let sizes = bytes[bytes.index(after: bytes.startIndex)]
        let lengthSize = Int(sizes >> 2 & 3) + 1
        let cookieSize = Int(sizes & 3) + 1
        let size = 2 + lengthSize + cookieSize
        guard bytes.count >= size else { return nil }
        let rest = bytes.dropFirst(2)
        let length = rest.prefix(lengthSize).reduce(0) { $0 << 8 | Int($1) }
        let cookie = Array(rest.dropFirst(lengthSize).prefix(cookieSize))
        return PacketHead(kind: sizes >> 4, cookie: cookie, size: size, bodyCount: length)
    }
}

/// Bytes that are no packet. The cookie is empty when it could not be read either.
public struct BadPacket: Error, Equatable, Sendable {
    public var cookie: [UInt8]
    public var text = "corrupted packet"

    public init(cookie: [UInt8], text: String = "corrupted packet") {
        self.cookie = cookie
        self.text = text
    }
}

/// A whole packet. The cookie comes back to the client as it was sent, in as many bytes.
public func packet(_ kind: PacketKind, cookie: [UInt8], body: [UInt8]) -> [UInt8] {
    let cookie = cookie.isEmpty ? [0] : Array(cookie.prefix(4))
    let lengthSize = max(1, RecordWriter.size(UInt64(body.count)))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2 + lengthSize + cookie.count + body.count)
    bytes.append(0xa1)
    bytes.append(kind.rawValue << 4 | UInt8(lengthSize - 1) << 2 | UInt8(cookie.count - 1))
    for place in stride(from: lengthSize - 1, through: 0, by: -1) {
        bytes.append(UInt8(truncatingIfNeeded: body.count >> (8 * place)))
    }
    bytes.append(contentsOf: cookie)
    bytes.append(contentsOf: body)
    return bytes
}

/// A fault: a number as of SIP, and a text for people.
public func fault(_ code: Int32, _ text: some Collection<UInt8>, cookie: [UInt8]) -> [UInt8] {
    var body = RecordWriter()
    body.int(code)
    body.text(text)
    return packet(.fault, cookie: cookie, body: body.bytes)
}
