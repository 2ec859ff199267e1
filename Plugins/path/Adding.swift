// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PathLogic
import PluginKit

/// What path knows about one message, in that message's memory. The message's slot word points to it.
private struct Added {
    /// The sockets that the headers name now.
    var socketIn, socketOut: UInt32
    /// "user@", or empty.
    var user: mt_str
    /// Instead of the socket's address, or absent.
    var address: mt_str
    /// ";lr;received=x;ob", what each header ends with.
    var tail: mt_str
    var isDouble: Bool

    static func find(_ message: Message) -> UnsafeMutablePointer<Added>? {
        UnsafeMutablePointer(bitPattern: UInt(message.slot))
    }

    func keep(in message: Message) {
        guard let start = message.allocate(MemoryLayout<Added>.stride).baseAddress else { return }
        let place = start.bindMemory(to: Added.self, capacity: 1)
        place.initialize(to: self)
        message.slot = UInt64(UInt(bitPattern: place))
    }

    func line(_ message: Message, _ socket: UInt32) -> mt_str {
        let one = Sockets[socket]
        let head =
            address.len > 0
            ? Line("\(address)\(one?.transport ?? mt_str())").kept(by: message).raw : one?.head ?? mt_str()
        let r2: StaticString = isDouble ? ";r2=on" : ""
        return Line("<sip:\(user)\(head)\(tail)\(r2)>").kept(by: message).raw
    }
}

/// How a Path is asked for.
struct Wish {
    /// Absent: a flow token where outbound says so.
    var user = mt_str()
    var params = mt_str()
    /// host[:port], or absent: that of the socket.
    var address = mt_str()
    var addsReceived = false
}

/// Puts a Path of ours above all others (RFC 3327, 5.2).
func addPath(_ call: borrowing Call, _ wish: Wish) -> Outcome {
    let message = call.message
    let flow = message.flow
    guard flow.raw.protocol != 0 else {
        Host.log(.error, "add_path: a request of this server's own came from nowhere")
        return .no
    }
    var user = wish.user
    var hasOB = false
    if user.ptr == nil, outbound.isThere {
        user = outbound.table.pointee.token(call.raw, message.raw, mt_str())
        if user.len > 0, hasOneVia(message) { hasOB = true }
    }
    var tail = Line(";lr")
    if wish.addsReceived {
        let source = Source(flow.raw)
        Seen.note(source)
        tail.append(Line(";\(receivedName.value)="))
        source.text(format: receivedFormat.value).withRaw { tail.append(Text(unchecked: $0)) }
    }
    if hasOB { tail.append(";ob") }
    if wish.params.len > 0 { tail.append(Line(";\(wish.params)")) }
    let added = Added(
        socketIn: Sockets.row(flow.raw),
        socketOut: message.number(.outSocket).map { UInt32(truncatingIfNeeded: $0) }
            ?? Sockets.row(flow.raw),
        user: user.len > 0 ? Line("\(user)@").kept(by: message).raw : mt_str(),
        address: wish.address.len > 0 ? message.keep(wish.address).raw : mt_str(),
        tail: tail.kept(by: message).raw, isDouble: enableR2.value != 0)
    added.keep(in: message)
    if added.isDouble {
        guard insert(message, added.line(message, added.socketIn)).isYes else { return .no }
    }
    return insert(message, added.line(message, added.socketOut)).isYes ? .yes : .no
}

/// The last proxy's is on top.
private func insert(_ message: Message, _ body: mt_str) -> Outcome {
    if let first = message.first(path) { return message.insert(Line("Path: \(body)"), before: first) }
    return message.append(Line("Path: \(body)"))
}

/// Hook "core.sending": now it is known by which socket the request leaves.
func settle(_ message: Message, _ flow: mt_flow) -> Outcome {
    let socket = Sockets.row(flow)
    guard let added = Added.find(message), added.pointee.socketOut != socket,
        let first = message.first(path)
    else { return .yes }
    added.pointee.socketOut = socket
    message.replace(first, added.pointee.line(message, socket))
    return .yes
}

/// Hook "core.copied": each branch may leave by another socket.
func carryOver(from original: Message, to copy: Message) {
    guard let added = Added.find(original) else { return }
    var own = added.pointee
    own.user = copy.keep(own.user).raw
    own.address = copy.keep(own.address).raw
    own.tail = copy.keep(own.tail).raw
    own.keep(in: copy)
}

func hasOneVia(_ message: Message) -> Bool {
    var fields = message.headers(via)
    guard let only = fields.next(), fields.next() == nil else { return false }
    return only.body.firstIndex(of: UInt8(ascii: ",")) == nil
}
