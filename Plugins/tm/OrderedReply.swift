// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// An answer as an operator writes it down: "." and nothing are the same.
struct OrderedReply: Sendable {
    private let code: Int
    private let reason: String
    private let tag, lines, body: String?

    init(_ code: Int, _ reason: Text, _ tag: Text?, _ lines: Text?, _ body: Text?) {
        self.code = code
        self.reason = String(reason)
        self.tag = Self.written(tag)
        self.lines = Self.written(lines)
        self.body = Self.written(body)
    }

    private static func written(_ text: Text?) -> String? {
        guard let text, !text.isEmpty, text != mt_str(".") else { return nil }
        return String(text)
    }

    /// False: it has been answered already.
    func send(_ call: CallPointer, _ transaction: TransactionPointer) -> Bool {
        guard transaction.pointee.isUnanswered, let request = transaction.pointee.request,
            let reply = reason.withRaw({ Server.message.pointee.reply(request, Int32(code), $0) })
        else { return false }
        defer { Server.message.pointee.release(reply) }
        if let tag, text(request, MT_F_TO_TAG).len == 0 {
            tag.withRaw { set(reply, MT_F_TO_TAG, $0) }
        } else if code > 100, text(request, MT_F_TO_TAG).len == 0 {
            setTag(reply, transaction.pointee.handle)
        }
        for line in lines?.split(whereSeparator: \.isNewline) ?? [] {
            _ = String(line).withRaw { Server.message.pointee.insert(reply, UInt32(MT_LAST), nil, $0) }
        }
        if let body { body.withRaw { set(reply, MT_F_BODY, $0) } }
        transaction.pointee.flags.insert(.cared)
        stopOwing(transaction)
        return finish(call, transaction, reply, code)
    }
}
