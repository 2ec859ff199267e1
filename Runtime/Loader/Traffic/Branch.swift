// SPDX-License-Identifier: Apache-2.0
import Glibc
import Message

/// The branch of our Via when nobody keeps state (RFC 3261, 16.11): computed from the request, so that a repeated one,
/// its CANCEL and its ACK get the same; and it carries how the request came in, for the way back of the reply.
///
/// `z9hG4bK`, sixteen digits over the request and what follows, `.`, the socket, and for a stream `.` and its
/// connection. Only who knows our secret can make one up, so what a reply says may be believed.
struct Branch {
    /// As much as one can take.
    static let room = 64
    static let cookie: StaticString = "z9hG4bK"

    /// Writes it, and answers how many bytes that are.
    static func write(_ request: Message, into place: UnsafeMutablePointer<UInt8>) -> Int {
        var at = place
        at.update(from: cookie.utf8Start, count: 7)
        at += 7
        let flow = request.flow
        guard flow.protocol != 0 else {
            // A request of our own: nothing has to lead back.
            writeHex(mix(host.secret, request.serial ^ UInt64(request.worker) << 56), 16, &at)
            return at - place
        }
        let hash = self.hash(request.topVia, request, flow.socket, flow.connection)
        writeHex(hash, 16, &at)
        at.pointee = UInt8(ascii: ".")
        at += 1
        writeHex(UInt64(flow.socket), digits(UInt64(flow.socket)), &at)
        if flow.connection != 0 {
            at.pointee = UInt8(ascii: ".")
            at += 1
            writeHex(flow.connection, digits(flow.connection), &at)
        }
        return at - place
    }

    /// How the request of this reply came in, if the branch of our own Via says so. `next` is the Via below ours.
    static func origin(of reply: Message, branch: Slice, next: Via) -> (socket: UInt32, connection: UInt64)? {
        guard branch.count > 7 + 16 + 1, branch.count < room, let base = branch.base else { return nil }
        let end = base + branch.count
        var at = base + 7
        guard let hash = readHex(&at, end), at == base + 23, at < end, at.pointee == UInt8(ascii: ".") else {
            return nil
        }
        at += 1
        guard let socket = readHex(&at, end), socket <= UInt64(UInt32.max) else { return nil }
        var connection: UInt64 = 0
        if at < end {
            guard at.pointee == UInt8(ascii: ".") else { return nil }
            at += 1
            guard let number = readHex(&at, end), at == end else { return nil }
            connection = number
        }
        guard self.hash(next, reply, UInt32(socket), connection) == hash else { return nil }
        return (UInt32(socket), connection)
    }

    /// Is it the branch of a reply to a request that was forwarded by this server, in this life of it?
    static func isOurs(_ reply: Message) -> Bool {
        guard let next = reply.viaBelowTop else { return false }
        return origin(of: reply, branch: reply.viaBranch, next: next) != nil
    }

    /// Over what request, reply, CANCEL and ACK agree on. A branch without the cookie says nothing (RFC 2543).
    private static func hash(_ via: Via, _ message: Message, _ socket: UInt32, _ connection: UInt64) -> UInt64
    {
        var hash = mix(host.secret, connection ^ UInt64(socket) << 40)
        hash = fold(hash, via.host)
        hash = mix(hash, UInt64(truncatingIfNeeded: via.port))
        hash = fold(hash, via.branch)
        if via.branch.count < 8 || !via.branch.hasPrefix("z9hG4bK") {
            hash = fold(hash, message.callID)
            hash = fold(hash, message.fromTag)
            hash = mix(hash, UInt64(message.cseq))
        }
        return mix(hash, hash >> 32)
    }

    // MARK: - pieces

    @inline(__always) static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = (a ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: b ^ 0xd6e8_feb8_6659_fd93)
        return high ^ low
    }

    /// Eight bytes at a time.
    static func fold(_ start: UInt64, _ text: Slice) -> UInt64 {
        guard let base = text.base else { return mix(start, 1) }
        let raw = UnsafeRawPointer(base)
        var hash = start &+ UInt64(text.count)
        var at = 0
        while at + 8 <= text.count {
            hash = mix(hash, raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        var rest: UInt64 = 0
        while at < text.count {
            rest = rest << 8 | UInt64(base[at])
            at += 1
        }
        return mix(hash, rest)
    }

    private static func digits(_ number: UInt64) -> Int { max(1, (67 - number.leadingZeroBitCount) / 4) }

    @inline(__always) static func writeHex(
        _ number: UInt64, _ count: Int, _ at: inout UnsafeMutablePointer<UInt8>
    ) {
        for place in 0..<count {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(4 * (count - 1 - place))) & 15
            at[place] = digit < 10 ? digit + 48 : digit + 87
        }
        at += count
    }

    private static func readHex(_ at: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt64? {
        let start = at
        var number: UInt64 = 0
        while at < end, at - start < 16 {
            switch at.pointee {
            case 48...57: number = number << 4 | UInt64(at.pointee - 48)
            case 97...102: number = number << 4 | UInt64(at.pointee - 87)
            default: return at == start ? nil : number
            }
            at += 1
        }
        return at == start ? nil : number
    }
}
