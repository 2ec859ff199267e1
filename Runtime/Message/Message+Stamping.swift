// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// Noting in a request's top Via where it came from: `received` (RFC 3261, 18.2.1) and `rport` (RFC 3581, 4).
extension Message {
    /// The line of the top Via with its stamp; absent when it is right as it is. Made once, kept in the arena.
    ///
    /// With `force`, as if the sender had asked by an empty rport.
    func stampedVia(force: Bool) -> Slice {
        guard flow.protocol != 0, isRequest, let top = field(header(.via)) else { return .absent }
        if store.pointee.stampedFrom == UnsafePointer(top.pointee.line), store.pointee.stampedForced == force
        {
            return store.pointee.stampedVia
        }
        let made = makeStampedVia(force: force)
        store.pointee.stampedVia = made
        store.pointee.stampedFrom = top.pointee.line
        store.pointee.stampedForced = force
        return made
    }

    private func makeStampedVia(force: Bool) -> Slice {
        let via = topVia
        let asked = via.rport.isPresent || force
        guard via.host.isPresent, asked || via.received.isPresent || !sentBySource(via.host) else {
            return .absent
        }
        if let line = usualStamp(via) { return line }
        let body = firstBody(.via)
        guard let top = field(header(.via)), let start = body.base, let begin = via.whole.base else {
            return .absent
        }

        let source = sourceText
        let name = Slice(base: top.pointee.line, count: Int(top.pointee.nameLength))
        let room = name.count + body.count + source.count + 48
        let place = alloc(room)
        var writer = Writer(place: place, room: room)
        // Mostly there is a colon and a blank already, and all up to the first stamp is one stretch.
        let between = top.pointee.line + name.count
        writer.put(name)
        writer.put(start == between + 2 && between[1] == 0x20 ? Slice(between, upTo: start) : ": ")
        writer.put(Slice(start, upTo: begin))
        // Each value takes the place of the one that is there, or its parameter goes to the end.
        var at = begin
        func put(_ value: Slice, inPlaceOf old: Slice) {
            guard let stands = old.base, stands >= at else { return }
            writer.put(Slice(at, upTo: stands))
            // A name alone has no "=" yet.
            var before = stands
            while before > begin, before[-1].isSpace { before -= 1 }
            if before > begin, before[-1] != UInt8(ascii: "=") { writer.put("=") }
            writer.put(value)
            at = stands + old.count
        }
        let port = asked ? digits(Int(flow.remote_port)) : .absent
        let rportFirst = if let a = via.rport.base, let b = via.received.base { a < b } else { false }
        if asked, rportFirst { put(port, inPlaceOf: via.rport) }
        put(source, inPlaceOf: via.received)
        if asked, !rportFirst { put(port, inPlaceOf: via.rport) }
        writer.put(Slice(at, upTo: begin + via.whole.count))
        if via.received.isAbsent {
            writer.put(";received=")
            writer.put(source)
        }
        if asked, via.rport.isAbsent {
            writer.put(";rport=")
            writer.put(port)
        }
        writer.put(body.dropFirst(begin - start + via.whole.count))
        writer.put("\r\n")
        return Slice(base: UnsafePointer(place.assumingMemoryBound(to: UInt8.self)), count: writer.finish())
    }

    /// What nearly everybody sends over IPv4: a line with one value, which has an empty rport and no received. nil: it is
    /// something else.
    private func usualStamp(_ via: Via) -> Slice? {
        guard let top = field(header(.via)), let rport = via.rport.base, via.rport.isEmpty,
            via.received.isAbsent,
            let begin = via.whole.base
        else { return nil }
        let line = UnsafePointer(top.pointee.line)
        let length = Int(top.pointee.length)
        let end = begin + via.whole.count
        guard begin > line, end <= line + length, line + length - end <= 2, rport > begin, rport <= end else {
            return nil
        }
        let (high, low) = withUnsafeBytes(of: store.pointee.flow.remote) {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        guard high == 0, UInt32(truncatingIfNeeded: low) == 0xffff_0000 else { return nil }
        let before = rport[-1]
        guard before == UInt8(ascii: "=") || before.isAlpha else { return nil }

        let place = alloc(length + 48).assumingMemoryBound(to: UInt8.self)
        var at = place
        memcpy(at, line, rport - line)
        at += rport - line
        if before != UInt8(ascii: "=") { Message.put(UInt8(ascii: "="), &at) }
        Message.put(number: Int(store.pointee.flow.remote_port), &at)
        memcpy(at, rport, end - rport)
        at += end - rport
        memcpy(at, (";received=" as StaticString).utf8Start, 10)
        at += 10
        for shift in 4..<8 {
            if shift > 4 { Message.put(UInt8(ascii: "."), &at) }
            Message.put(number: Int(low >> UInt64(8 * shift) & 0xff), &at)
        }
        Message.put(0x0D, &at)
        Message.put(0x0A, &at)
        return Slice(base: UnsafePointer(place), count: at - place)
    }

    @inline(__always) private static func put(_ byte: UInt8, _ at: inout UnsafeMutablePointer<UInt8>) {
        at.pointee = byte
        at += 1
    }

    /// Up to five digits.
    @inline(__always) private static func put(number: Int, _ at: inout UnsafeMutablePointer<UInt8>) {
        var unit = number < 10 ? 1 : number < 100 ? 10 : number < 1000 ? 100 : number < 10_000 ? 1000 : 10_000
        while unit > 0 {
            put(UInt8(truncatingIfNeeded: 48 + number / unit % 10), &at)
            unit /= 10
        }
    }

    /// Is the sent-by an address, and the one the request came from?
    private func sentBySource(_ host: Slice) -> Bool {
        var written: (UInt64, UInt64) = (0, 0)
        guard withUnsafeMutableBytes(of: &written, { Literal.bytes(of: host, into: $0) }) else {
            return false
        }
        return withUnsafeBytes(of: store.pointee.flow.remote) {
            $0.loadUnaligned(as: UInt64.self) == written.0
                && $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) == written.1
        }
    }

    /// The source address, IPv6 without brackets.
    private var sourceText: Slice {
        let room = UnsafeMutableRawBufferPointer(start: alloc(48), count: 48)
        let count = withUnsafeBytes(of: store.pointee.flow.remote) { Literal.write($0, into: room) }
        return Slice(UnsafeRawBufferPointer(rebasing: room[0..<count]))
    }
}
