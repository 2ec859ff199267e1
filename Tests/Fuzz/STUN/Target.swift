// SPDX-License-Identifier: Apache-2.0

/// libFuzzer on datagrams that look like STUN. Built together with Plugins/stun/Logic, see README.md. Whatever they
/// are: an answer has the length that it says, the transaction that was asked, attributes that fill it, and fits its room.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    for isV4 in [true, false] {
        let source = STUN.Source(address: isV4 ? (0, 0xffff_7f00_0001) : (1, 2), isV4: isV4, port: 5060)
        software.withUnsafeBytes { software in
            withUnsafeTemporaryAllocation(byteCount: STUN.room(software: software.count), alignment: 4) {
                room in
                guard
                    case .answer(let count, _) = STUN.answer(
                        bytes, from: source, software: software, into: room)
                else { return }
                precondition(count <= room.count && count % 4 == 0 && count >= 20)
                precondition(Int(room[2]) << 8 | Int(room[3]) == count - 20, "a wrong length")
                precondition(room[4..<20].elementsEqual(bytes[4..<20]), "another transaction")
                var at = 20
                while at < count {
                    let length = Int(room[at + 2]) << 8 | Int(room[at + 3])
                    at += 4 + (length + 3) & ~3
                }
                precondition(at == count, "attributes that do not fill it")
            }
        }
    }
    return 0
}

private let software = Array("martlet 1.0.0".utf8)
