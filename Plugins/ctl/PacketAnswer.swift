// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Carrier
import CtlLogic
import PluginKit

/// Turns the answer of a command into a packet. Lives on the commands' thread.
final class PacketAnswer: CommandReader, @unchecked Sendable {
    private let thread: ControlThread
    private let cookie: [UInt8]
    private let target: Target
    private var reply: Reply

    init(_ thread: ControlThread, _ cookie: [UInt8], _ target: Target) {
        self.thread = thread
        self.cookie = cookie
        self.target = target
        reply = Reply(largest: thread.limits.answer, largestStructure: thread.limits.structure)
    }

    func run(_ request: Request) {
        let name = String(decoding: request.name, as: UTF8.self)
        guard !withArguments(request, { run(name, $0) }).isYes else { return }
        thread.deliver(fault(500, "command \(name) not found".utf8, cookie: cookie), to: target)
    }

    override func put(_ key: Text, _ value: Value) {
        let name = bytes(key)
        switch value.raw.type {
        case UInt32(MT_STR): reply.put(name, text: bytes(value.text))
        case UInt32(MT_NULL): reply.put(name, text: [UInt8]())
        default: reply.put(name, int: value.raw.num)
        }
    }

    override func open(_ key: Text, list: Bool) { reply.open(bytes(key), list: list) }
    override func close() { reply.close() }

    override func done(_ code: Int, _ text: Text) {
        let packet =
            code == 0
            ? reply.finished(cookie: cookie) : fault(Int32(clamping: code), bytes(text), cookie: cookie)
        thread.deliver(packet, to: target)
    }

    private func bytes(_ text: Text) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(
            start: UnsafeRawPointer(text.raw.ptr)?.assumingMemoryBound(to: UInt8.self), count: text.raw.len)
    }
}

/// The arguments of a request as the server takes them, for as long as the closure runs.
func withArguments<Result>(_ request: Request, _ body: ([mt_value]) -> Result) -> Result {
    let arguments = request.arguments.map { argument -> CommandArgument in
        switch argument {
        case .int(let number): .int(Int64(number))
        case .text(let text): .text(text)
        }
    }
    return withValues(arguments, body)
}
