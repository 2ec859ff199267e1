// SPDX-License-Identifier: Apache-2.0
import CMartlet

// The interfaces whose headers come with the contract, in Swift's words.

extension Need<sl_api> {
    /// Answers the call's request: in its transaction if there is one, else statelessly.
    @inlinable @discardableResult
    public func reply(_ call: borrowing Call, _ status: Int, _ reason: some Textual & ~Escapable) -> Outcome {
        reason.withRaw { Outcome(code: table.pointee.reply(call.raw, Int32(status), $0)) }
    }
    /// The same, always statelessly.
    @inlinable @discardableResult
    public func replyStateless(
        _ call: borrowing Call, _ status: Int, _ reason: some Textual & ~Escapable
    ) -> Outcome {
        reason.withRaw { Outcome(code: table.pointee.reply_stateless(call.raw, Int32(status), $0)) }
    }
    /// Answers with the message's last error, else 500.
    @inlinable @discardableResult public func replyError(_ call: borrowing Call) -> Outcome {
        Outcome(code: table.pointee.reply_error(call.raw))
    }
    /// The To tag of stateless replies to this request.
    @inlinable @_lifetime(copy message) public func tag(_ message: Message) -> Text {
        _overrideLifetime(Text(unchecked: table.pointee.tag(message.raw)), copying: message)
    }
}

extension Need<rr_api> {
    /// ";name=value", into the Record-Route of this message.
    @inlinable @discardableResult
    public func addParam(_ message: Message, _ param: some Textual & ~Escapable) -> Outcome {
        param.withRaw { Outcome(code: table.pointee.add_param(message.raw, $0)) }
    }
    /// A parameter of the Route of ours that loose_route() took.
    @inlinable @_lifetime(copy message)
    public func param(_ message: Message, _ name: some Textual & ~Escapable) -> Text? {
        var value = mt_str()
        let found = name.withRaw { table.pointee.param(message.raw, $0, &value) }
        guard found else { return nil }
        return _overrideLifetime(Text(unchecked: value), copying: message)
    }
}

extension Need<tm_api> {
    /// Answers in the message's transaction; `.no` when it has none.
    @inlinable @discardableResult
    public func reply(
        _ call: borrowing Call, _ message: Message, _ status: Int, _ reason: some Textual & ~Escapable
    ) -> Outcome {
        reason.withRaw { Outcome(code: table.pointee.reply(call.raw, message.raw, Int32(status), $0)) }
    }
}
