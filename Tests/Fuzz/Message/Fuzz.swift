// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// One input: a message, as a datagram and as a stream, and everything that a server does with it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Slice(base: bytes, count: count)
    _ = Message.glance(input)
    for stream in [false, true] { exercise(input, stream) }
    exerciseGrammar(input)
    return 0
}

private let pool = MessagePool()
nonisolated(unsafe) private let out = UnsafeMutableRawPointer.allocate(byteCount: 1 << 18, alignment: 16)

private func exercise(_ input: Slice, _ stream: Bool) {
    let message = pool.take()
    defer { message.release() }
    let fault = message.load(input, stream: stream)
    if fault == nil {
        // What is accepted leaves as it came.
        let size = message.write(into: out, room: 1 << 18)
        precondition(
            Slice(UnsafeRawBufferPointer(start: out, count: size)) == message.bytes, "changed on the way")
        precondition(Message.glance(input) == message.callID.firstWordHash, "another Call-ID at a glance")
        precondition(lines(of: message) == size, "lines that are not those of the message")
        let copy = message.copy(in: pool)
        let again = copy.write(into: out, room: 1 << 18)
        precondition(
            Slice(UnsafeRawBufferPointer(start: out, count: again)) == message.bytes,
            "copied into another one")
        precondition(lines(of: copy) == size, "lines that are not those of the copy")
        copy.release()
    }
    var flow = mt_flow()
    flow.protocol = 1
    flow.remote_port = UInt16(truncatingIfNeeded: input.count)
    flow.remote.0 = input[0]
    message.flow = flow
    for field: UInt32 in 1...40 {
        _ = message.text(field)
        _ = message.number(field + 999)
    }
    let reply = Message.reply(pool, to: message, status: max(fault?.status ?? 200, 100), reason: "Why")
    reply.setToTag("tag")
    _ = reply.write(into: out, room: 1 << 18)
    reply.release()
    let copy = message.copy(in: pool)
    _ = copy.writeRequest(into: out, room: 1 << 18, via: "Via: SIP/2.0/UDP a;branch=b\r\n")
    copy.release()
    _ = message.writeRequest(into: out, room: input.count, via: "Via: SIP/2.0/UDP a;branch=b\r\n")
    _ = message.writeReply(into: out, room: 1 << 18)
    message.insert(line: input, at: .last)
    message.insert(line: input.suffix(40), at: .after(message.header(.via)))
    message.setFromTag(input.suffix(5))
    message.setToURI("sip:x@y")
    message.setURI(input.suffix(20))
    message.setMethod(input.suffix(3))
    message.replace(message.header(.contact), body: input.suffix(30))
    message.setBody(input.suffix(10), type: "text/plain")
    var ref = message.firstField
    while ref.exists {
        _ = message.body(of: ref)
        if message.id(of: ref) == .route { message.remove(ref) }
        ref = message.next(after: ref)
    }
    _ = message.writeRequest(into: out, room: 1 << 18, via: "Via: SIP/2.0/UDP a;branch=b\r\n")
}

/// How many bytes start line, fields, blank line, and body have together, if they stand one behind the other.
private func lines(of message: Message) -> Int {
    var end = message.store.pointee.startLine
    func append(_ part: Slice) {
        precondition(part.base == end.base.map { $0 + end.count }, "a gap")
        end.count += part.count
    }
    var ref = message.firstField
    while ref.exists {
        append(message.line(of: ref))
        ref = message.next(after: ref)
    }
    append(message.store.pointee.blank)
    append(message.body)
    return end.count
}

extension Slice {
    /// What a glance answers: a Call-ID with blanks in it is none, and only its first word counts.
    fileprivate var firstWordHash: UInt32 {
        var n = 0
        while n < count, !self[n].isSpace { n += 1 }
        return prefix(n).hash
    }
}

private func exerciseGrammar(_ input: Slice) {
    let half = input.count / 2
    let a = URI(parsing: input.prefix(half))
    let b = URI(parsing: input.dropFirst(half))
    if let a {
        precondition(a.same(as: a), "a URI differs from itself")
        if let b { precondition(a.same(as: b) == b.same(as: a), "not symmetrical") }
    }
    var list = input
    while Address(taking: &list) != nil {}
    list = input
    while Via(taking: &list) != nil {}
    var params = Params(input)
    while params.next() != nil {}
    var room: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    withUnsafeMutableBytes(of: &room) { room in
        if Literal.bytes(of: input, into: room) {
            let text = UnsafeMutableRawBufferPointer(start: out, count: 64)
            _ = Literal.write(UnsafeRawBufferPointer(room), into: text)
        }
        _ = input.unescaped(into: room)
        _ = input.unquoted(into: room)
    }
}
