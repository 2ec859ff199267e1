// SPDX-License-Identifier: Apache-2.0

/// libFuzzer on what a stranger may send to the control socket. Built together with Plugins/ctl/Logic, see
/// README.md. Whatever the bytes are, they end in a request, a refusal or the wish for more; and what a
/// request says can be written and read again.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    var bytes = Array(UnsafeBufferPointer(start: data, count: size))
    while true {
        switch Intake.of(bytes) {
        case .more: return 0
        case .refuse(let packet, let taken, _):
            precondition((try? PacketHead.parse(packet)) != nil, "a refusal that nobody can read")
            precondition(taken > 0 && taken <= bytes.count, "took \(taken) of \(bytes.count)")
            bytes.removeFirst(taken)
        case .run(let request, let taken):
            var reply = Reply(largest: 0, largestStructure: 0)
            reply.open([UInt8](), list: false)
            for argument in request.arguments {
                switch argument {
                case .int(let value): reply.put(request.name, int: Int64(value))
                case .text(let text): reply.put(request.name, text: text)
                }
            }
            let packet = reply.finished(cookie: request.cookie)
            guard let head = try? PacketHead.parse(packet) else { preconditionFailure("not a packet") }
            var reader = RecordReader(packet, in: head.size..<packet.count)
            guard let echo = try? reader.next(), case .structure(let members) = echo else {
                preconditionFailure("not a structure")
            }
            precondition(members.count == request.arguments.count && reader.atEnd)
            bytes.removeFirst(taken)
        }
    }
}
