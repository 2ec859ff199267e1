// SPDX-License-Identifier: Apache-2.0
import Message

/// What one message's Via is to say instead of its socket's address: set_advertised_address and _port. Kept in the
/// core's own word of the message, so that a message without it costs one comparison.
struct Advertised {
    /// The core's own word; the plugins' follow.
    static let slot = 0

    var host = Slice.absent
    var port = 0

    static func of(_ message: Message) -> UnsafeMutablePointer<Advertised>? {
        UnsafeMutablePointer(bitPattern: UInt(message.slot(Advertised.slot).pointee))
    }

    static func set(_ message: Message, host: Slice, port: Int) {
        let place: UnsafeMutablePointer<Advertised>
        if let there = of(message) {
            place = there
        } else {
            place = message.alloc(MemoryLayout<Advertised>.stride).bindMemory(
                to: Advertised.self, capacity: 1)
            place.initialize(to: Advertised())
            message.slot(Advertised.slot).pointee = UInt64(UInt(bitPattern: place))
        }
        if host.isPresent { place.pointee.host = message.keepBytes(host) }
        if port != 0 { place.pointee.port = port }
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
