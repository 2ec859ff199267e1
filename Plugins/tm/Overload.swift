// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Whoever takes on more calls than he can finish finishes none. So while a worker cannot keep up, calls that are new are
/// refused at once, which costs a twentieth of a call; what belongs to calls that there are goes on.
func isTooMuch(_ call: CallPointer, _ message: OpaquePointer, _ method: Int) -> Bool {
    let limit = overloadTime.value.count
    guard limit > 0, method == MT_INVITE, Int(Server.loop.pointee.behind()) >= limit,
        text(message, MT_F_TO_TAG).len == 0,
        let reply = Server.message.pointee.reply(message, 503, mt_str("Service Unavailable"))
    else { return false }
    defer { Server.message.pointee.release(reply) }
    Line("Retry-After", overloadRetry.value).withRaw {
        _ = Server.message.pointee.insert(reply, UInt32(MT_LAST), nil, $0)
    }
    // A tag of no transaction: its ACK ends here.
    setTag(reply, .none)
    _ = Server.net.pointee.send(call, reply, nil, nil, nil)
    Statistics.refused.add()
    return true
}
