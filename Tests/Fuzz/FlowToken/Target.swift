// SPDX-License-Identifier: Apache-2.0

/// libFuzzer on what a stranger may write before the @ of a Route. Built together with Plugins/outbound/Logic, see
/// README.md. The first byte says how, the rest is the user part. Whatever it is: nothing that was not signed here is
/// a flow, and every flow is written as it was read.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    guard size > 0, let data else { return 0 }
    let keys = ring
    let limit: UInt32 = data[0] & 1 == 0 ? 0 : 60
    let text = UnsafeBufferPointer(start: data + 1, count: size - 1)
    switch FlowToken.read(text, keys, time: 1000, limit: limit) {
    case .noToken, .forged, .expired: break
    case .flow(let flow):
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FlowToken.room) { room in
            let again = FlowToken.write(flow, keys, time: limit > 0 ? 1000 : nil, into: room.baseAddress!)
            // Two texts for one flow would mean that one of them was not written here.
            if limit == 0 { precondition(room[0..<again].elementsEqual(text), "a flow of another text") }
        }
    }
    // The other way round: what is written is read again, whatever the addresses are.
    guard size >= 38, let transport = FlowTransport(rawValue: data[0] % 6 + 1) else { return 0 }
    let raw = UnsafeRawPointer(data + 1)
    func word(_ at: Int) -> UInt64 { raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) }
    let isV4 = data[0] & 0x80 != 0
    func end(_ at: Int) -> FlowPoint {
        isV4
            ? FlowPoint(
                v4: UInt32(truncatingIfNeeded: word(at)), port: UInt16(truncatingIfNeeded: word(at + 8)))
            : FlowPoint(high: word(at) | 1, low: word(at + 8), port: UInt16(truncatingIfNeeded: word(at)))
    }
    let flow = FlowName(transport, local: end(0), remote: end(16))
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FlowToken.room) { room in
        let count = FlowToken.write(flow, keys, time: nil, into: room.baseAddress!)
        let read = FlowToken.read(UnsafeBufferPointer(rebasing: room[0..<count]), keys)
        precondition(read == .flow(flow), "what was written is not read")
        // One bit of it changed is forged, or no token.
        let place = Int(data[size - 1]) % count
        room[place] ^= 1 << (data[size - 2] % 8)
        let changed = FlowToken.read(UnsafeBufferPointer(rebasing: room[0..<count]), keys)
        precondition(changed == .forged || changed == .noToken, "a changed token is taken")
    }
    return 0
}

/// Two secrets, as after one was replaced.
private let ring = Keyring([TokenKey(secret: Array("new".utf8)), TokenKey(secret: Array("old".utf8))])
