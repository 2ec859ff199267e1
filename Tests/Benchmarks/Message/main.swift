// SPDX-License-Identifier: Apache-2.0
// Instructions per step of a message's life: see README.md.
import CMartlet
import Glibc
import Message

func fixture(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { fatalError("cannot read \(path)") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[0..<count])
}

@inline(never) func take(_ pool: MessagePool, _ bytes: [UInt8]) -> Message {
    let message = pool.take()
    message.receiveBuffer.copyMemory(
        from: UnsafeRawBufferPointer(start: bytes.withUnsafeBytes { $0.baseAddress }, count: bytes.count))
    return message
}
@inline(never) func index(_ message: Message, _ count: Int) -> Bool { message.index(count: count) == nil }
@inline(never) func glance(_ message: Message, _ count: Int) -> UInt32 {
    Message.glance(Slice(UnsafeRawBufferPointer(rebasing: message.receiveBuffer[0..<count]))) ?? 0
}
@inline(never) func forward(_ message: Message, _ out: UnsafeMutableRawPointer, _ via: Slice) -> Int {
    message.writeRequest(into: out, room: 65_536, via: via)
}
@inline(never) func forwardStamped(_ message: Message, _ out: UnsafeMutableRawPointer, _ via: Slice) -> Int {
    var flow = mt_flow()
    flow.protocol = 1
    flow.remote_port = 5062
    flow.remote.10 = 0xFF
    flow.remote.11 = 0xFF
    flow.remote.12 = 127
    flow.remote.15 = 1
    message.flow = flow
    return message.writeRequest(into: out, room: 65_536, via: via)
}
@inline(never) func reply(_ pool: MessagePool, _ message: Message) -> Message {
    Message.reply(pool, to: message, status: 200, reason: "OK")
}
@inline(never) func setTag(_ message: Message) -> Bool { message.setToTag("abcdefgh.12345678") }
@inline(never) func write(_ message: Message, _ out: UnsafeMutableRawPointer) -> Int {
    message.write(into: out, room: 65_536)
}
@inline(never) func release(_ message: Message) { message.release() }
@inline(never) func copy(_ pool: MessagePool, _ message: Message) -> Message { message.copy(in: pool) }

let bytes = fixture(
    CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "Tests/Fixtures/Messages/invite.sip")
let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 1000 : 1000
let pool = MessagePool()
let out = UnsafeMutableRawPointer.allocate(byteCount: 65_536, alignment: 64)
let via: Slice = "Via: SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bK.abcdefghijkl\r\n"
var sum = 0
for _ in 0..<rounds {
    let message = take(pool, bytes)
    sum += Int(glance(message, bytes.count) & 1)
    guard index(message, bytes.count) else { fatalError("a fault in the fixture") }
    sum += forward(message, out, via)
    sum += forwardStamped(message, out, via)
    let answer = reply(pool, message)
    sum += setTag(answer) ? 1 : 0
    sum += write(answer, out)
    let twin = copy(pool, message)
    release(twin)
    release(answer)
    release(message)
}
print(sum, pool.blocks)
