// SPDX-License-Identifier: Apache-2.0
import CMartlet

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
        let body = body(of: header(.via))
        guard let start = body.base, let whole = via.whole.base else { return .absent }

        let source = sourceText
        let received = keep("received=", source)
        let rport = asked ? keep("rport=", digits(Int(flow.remote_port))) : .absent
        // Each parameter takes the place of the one that is there, or goes to the end of the value.
        var value = via.whole
        value = put(received, inPlaceOf: "received", in: value)
        if asked { value = put(rport, inPlaceOf: "rport", in: value) }
        let behind = body.dropFirst(whole - start + via.whole.count)
        return keep(keep(name(of: header(.via)), ": ", body.prefix(whole - start), value), behind, "\r\n")
    }

    private func put(_ param: Slice, inPlaceOf name: Slice, in value: Slice) -> Slice {
        // What stands before the first semicolon are no parameters.
        let begin = value.firstIndex(of: UInt8(ascii: ";")) ?? value.count
        guard let old = Params(value.dropFirst(begin)).param(named: name), let start = value.base,
            let place = old.whole.base
        else { return keep(value, ";", param) }
        return keep(value.prefix(place - start), param, value.dropFirst(place - start + old.whole.count))
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
