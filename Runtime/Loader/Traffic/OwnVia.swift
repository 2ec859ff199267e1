// SPDX-License-Identifier: Apache-2.0
import Message

/// What our Via of one request is to say: an address other than that of its socket (set_advertised_address and _port),
/// and the branch of whoever keeps a transaction for it. Kept in the core's own word of the message, so that a message
/// without it costs one comparison.
struct OwnVia {
    /// The core's own word; the plugins' follow.
    static let slot = 0

    var host = Slice.absent
    var port = 0
    var branch = Slice.absent

    /// The longest branch that is taken.
    static let longest = 128

    static func of(_ message: Message) -> UnsafeMutablePointer<OwnVia>? {
        UnsafeMutablePointer(bitPattern: UInt(message.slot(OwnVia.slot).pointee))
    }

    static func advertise(_ message: Message, host: Slice, port: Int) {
        let place = made(message)
        if host.isPresent { place.pointee.host = message.keepBytes(host) }
        if port != 0 { place.pointee.port = port }
    }

    /// False for what cannot stand there.
    static func setBranch(_ message: Message, _ branch: Slice) -> Bool {
        guard message.isRequest, branch.count > 0, branch.count <= longest else { return false }
        guard let bytes = branch.base else { return false }
        for index in 0..<branch.count
        where !bytes[index].isDigit && !bytes[index].isAlpha && !bytes[index].isToken {
            return false
        }
        made(message).pointee.branch = message.keepBytes(branch)
        return true
    }

    /// A copy goes out by the same address, as a branch of its own.
    static func copy(from original: Message, to copy: Message) {
        guard let own = of(original), own.pointee.host.isPresent || own.pointee.port != 0 else { return }
        advertise(copy, host: own.pointee.host, port: own.pointee.port)
    }

    private static func made(_ message: Message) -> UnsafeMutablePointer<OwnVia> {
        if let there = of(message) { return there }
        let place = message.alloc(MemoryLayout<OwnVia>.stride).bindMemory(to: OwnVia.self, capacity: 1)
        place.initialize(to: OwnVia())
        message.slot(slot).pointee = UInt64(UInt(bitPattern: place))
        return place
    }

    /// `SIP/2.0/UDP host:port;branch=`, with the parts of the usual one that are not replaced.
    func putPrefix(instead usual: Slice, _ at: inout UnsafeMutablePointer<UInt8>) {
        func put(_ piece: Slice, _ at: inout UnsafeMutablePointer<UInt8>) {
            guard let base = piece.base else { return }
            at.update(from: base, count: piece.count)
            at += piece.count
        }
        let blank = usual.firstIndex(of: 0x20) ?? 0
        let end = usual.firstIndex(of: UInt8(ascii: ";")) ?? usual.count
        let sentBy = usual[(blank + 1)..<end]
        let colon = sentBy.lastIndex(of: UInt8(ascii: ":")).flatMap {
            sentBy[sentBy.count - 1] == UInt8(ascii: "]") ? nil : $0
        }
        put(usual.prefix(blank + 1), &at)
        put(host.isPresent ? host.prefix(256) : sentBy.prefix(colon ?? sentBy.count), &at)
        if port != 0 {
            put(":", &at)
            var digits = 1
            while digits * 10 <= port { digits *= 10 }
            while digits > 0 {
                at.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: port / digits % 10)
                at += 1
                digits /= 10
            }
        } else if let colon {
            put(sentBy.dropFirst(colon), &at)
        }
        put(usual.dropFirst(end), &at)
    }
}
