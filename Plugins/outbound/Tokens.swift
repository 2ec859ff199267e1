// SPDX-License-Identifier: Apache-2.0
import CMartlet
import OutboundLogic
import PluginKit

/// Flow tokens of messages.
enum Tokens {
    private static var time: UInt32 { UInt32(truncatingIfNeeded: Loop.clock / 1000) }

    /// The token of the way that a message came; absent: it came from nowhere.
    @_lifetime(copy message)
    static func issue(_ call: borrowing Call, _ message: Message) -> Text {
        let raw = message.flow.raw
        guard let flow = FlowName(raw) else { return Text.absent }
        let memory = message.allocate(FlowToken.room)
        guard let start = memory.baseAddress else { return Text.absent }
        let text = start.bindMemory(to: UInt8.self, capacity: FlowToken.room)
        let count = FlowToken.write(flow, Keys.now, time: mostAge.value > 0 ? time : nil, into: text)
        issuedTokens.add()
        if Flows.issued(flow, raw) { Flows.tellOpened(call, message, flow, raw) }
        let token = mt_str(ptr: UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self), len: count)
        return _overrideLifetime(Text(unchecked: token), copying: message)
    }

    /// What a user part says, without any consequence.
    static func read(_ user: mt_str) -> FlowToken.Reading {
        let text = UnsafeBufferPointer(
            start: UnsafeRawPointer(user.ptr)?.assumingMemoryBound(to: UInt8.self), count: user.len)
        let limit = UInt32(truncatingIfNeeded: mostAge.value)
        guard text.contains(UInt8(ascii: "%")), text.count <= 3 * FlowToken.room else {
            return FlowToken.read(text, Keys.now, time: limit > 0 ? time : 0, limit: limit)
        }
        // Somebody between has written its signs as escapes (RFC 3261, 19.1.4: it is the same).
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.count) { plain in
            var count = 0
            var at = 0
            while at < text.count {
                var byte = text[at]
                if byte == UInt8(ascii: "%"), at + 2 < text.count, let high = digit(text[at + 1]),
                    let low = digit(text[at + 2])
                {
                    byte = high << 4 | low
                    at += 2
                }
                plain[count] = byte
                count += 1
                at += 1
            }
            return FlowToken.read(
                UnsafeBufferPointer(rebasing: plain[0..<count]), Keys.now, time: limit > 0 ? time : 0,
                limit: limit)
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    /// Where a token leads now; `mt_flow.connection` of what is gone is one that was never open.
    static func decode(_ user: mt_str, _ out: inout mt_flow) -> mt_result {
        switch read(user) {
        case .noToken: return mt_result(MT_NO)
        case .forged:
            forgedTokens.add()
            return mt_result(OUTBOUND_FORGED)
        case .expired:
            expiredTokens.add()
            return mt_result(OUTBOUND_EXPIRED)
        case .flow(let flow):
            out = flow.raw
            if let (socket, connection) = way(of: flow) {
                out.socket = socket
                out.connection = connection
                verifiedTokens.add()
                return mt_result(MT_OK)
            }
            out.socket = UInt32.max
            out.connection = UInt64.max
            deadTokens.add()
            return mt_result(MT_GONE)
        }
    }

    /// nil: it is gone, or was never one of this server's.
    static func way(of flow: FlowName) -> (socket: UInt32, connection: UInt64)? {
        guard flow.transport.isStream else { return Sockets.find(flow).map { ($0, 0) } }
        guard case .open(let entry) = Flows.find(flow) else { return nil }
        return (entry.socket, entry.connection)
    }
}
