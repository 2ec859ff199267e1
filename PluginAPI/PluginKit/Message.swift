// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A SIP method, as a number.
@frozen public struct Method: Equatable, Sendable {
    public let number: Int
    @inlinable public init(number: Int) { self.number = number }
    /// Any method without a number: see `message.methodText`.
    @inlinable public static var other: Method { Method(number: 0) }
    @inlinable public static var invite: Method { Method(number: MT_INVITE) }
    @inlinable public static var ack: Method { Method(number: MT_ACK) }
    @inlinable public static var bye: Method { Method(number: MT_BYE) }
    @inlinable public static var cancel: Method { Method(number: MT_CANCEL) }
    @inlinable public static var options: Method { Method(number: MT_OPTIONS) }
    @inlinable public static var register: Method { Method(number: MT_REGISTER) }
    @inlinable public static var prack: Method { Method(number: MT_PRACK) }
    @inlinable public static var update: Method { Method(number: MT_UPDATE) }
    @inlinable public static var subscribe: Method { Method(number: MT_SUBSCRIBE) }
    @inlinable public static var notify: Method { Method(number: MT_NOTIFY) }
    @inlinable public static var publish: Method { Method(number: MT_PUBLISH) }
    @inlinable public static var info: Method { Method(number: MT_INFO) }
    @inlinable public static var refer: Method { Method(number: MT_REFER) }
    @inlinable public static var message: Method { Method(number: MT_MESSAGE) }
}

/// A field of a message: text or a number. A server that does not know one answers "absent".
@frozen public struct Field: Sendable {
    public let number: UInt32
    @inlinable public init(number: Int) { self.number = UInt32(number) }

    // Text
    @inlinable public static var method: Field { Field(number: MT_F_METHOD) }
    @inlinable public static var uri: Field { Field(number: MT_F_URI) }
    @inlinable public static var reason: Field { Field(number: MT_F_REASON) }
    @inlinable public static var callID: Field { Field(number: MT_F_CALL_ID) }
    @inlinable public static var cseqMethod: Field { Field(number: MT_F_CSEQ_METHOD) }
    @inlinable public static var fromURI: Field { Field(number: MT_F_FROM_URI) }
    @inlinable public static var fromTag: Field { Field(number: MT_F_FROM_TAG) }
    @inlinable public static var toURI: Field { Field(number: MT_F_TO_URI) }
    @inlinable public static var toTag: Field { Field(number: MT_F_TO_TAG) }
    @inlinable public static var viaBranch: Field { Field(number: MT_F_VIA_BRANCH) }
    @inlinable public static var nextHop: Field { Field(number: MT_F_NEXT_HOP) }
    @inlinable public static var path: Field { Field(number: MT_F_PATH) }
    @inlinable public static var contentType: Field { Field(number: MT_F_CONTENT_TYPE) }
    @inlinable public static var body: Field { Field(number: MT_F_BODY) }
    @inlinable public static var bytes: Field { Field(number: MT_F_BYTES) }
    @inlinable public static var receivedURI: Field { Field(number: MT_F_RECEIVED_URI) }
    @inlinable public static var replyLines: Field { Field(number: MT_F_REPLY_LINES) }
    @inlinable public static var replyBody: Field { Field(number: MT_F_REPLY_BODY) }
    @inlinable public static var replyType: Field { Field(number: MT_F_REPLY_TYPE) }
    @inlinable public static var errorReason: Field { Field(number: MT_F_ERROR_REASON) }
    @inlinable public static var version: Field { Field(number: MT_F_VERSION) }
    @inlinable public static var ruid: Field { Field(number: MT_F_RUID) }
    @inlinable public static var instance: Field { Field(number: MT_F_INSTANCE) }
    @inlinable public static var userAgent: Field { Field(number: MT_F_USER_AGENT) }
    // Numbers
    @inlinable public static var status: Field { Field(number: MT_F_STATUS) }
    @inlinable public static var methodID: Field { Field(number: MT_F_METHOD_ID) }
    @inlinable public static var cseq: Field { Field(number: MT_F_CSEQ) }
    @inlinable public static var maxForwards: Field { Field(number: MT_F_MAX_FORWARDS) }
    @inlinable public static var expires: Field { Field(number: MT_F_EXPIRES) }
    @inlinable public static var flags: Field { Field(number: MT_F_FLAGS) }
    @inlinable public static var outSocket: Field { Field(number: MT_F_OUT_SOCKET) }
    @inlinable public static var serial: Field { Field(number: MT_F_SERIAL) }
    @inlinable public static var scriptFlags: Field { Field(number: MT_F_SCRIPT_FLAGS) }
    @inlinable public static var branchFlags: Field { Field(number: MT_F_BRANCH_FLAGS) }
    @inlinable public static var error: Field { Field(number: MT_F_ERROR) }
    @inlinable public static var options: Field { Field(number: MT_F_OPTIONS) }
    @inlinable public static var targets: Field { Field(number: MT_F_TARGETS) }
    @inlinable public static var regID: Field { Field(number: MT_F_REG_ID) }
    @inlinable public static var q: Field { Field(number: MT_F_Q) }
    @inlinable public static var connection: Field { Field(number: MT_F_CONNECTION) }
}

/// A SIP message, borrowed for one callback. Reading and editing allocate nothing, and edits show at once.
///
///     let message = call.message
///     guard message.isRequest, message.method == .invite else { return .no }
///     message.set(.nextHop, "sip:10.0.0.1;transport=tcp")
///     message.append(Line("X-Seen-By", "edge"))
///
/// `keep()` makes one that outlasts the callback.
@frozen public struct Message: ~Escapable, BitwiseCopyable {
    public let raw: OpaquePointer

    /// For C functions that get the pointer.
    @inlinable @_lifetime(immortal)
    public init(_ raw: OpaquePointer) { self.raw = raw }

    @inlinable @_lifetime(copy self) public func text(_ field: Field) -> Text {
        _overrideLifetime(Text(unchecked: Server.message.pointee.text(raw, field.number)), copying: self)
    }

    /// Nil when it is absent.
    @inlinable public func number(_ field: Field) -> Int? {
        let number = Server.message.pointee.number(raw, field.number)
        return number == Int64.min ? nil : Int(number)
    }

    /// The first header of that name; absent when there is none.
    @inlinable @_lifetime(copy self) public func header(_ name: HeaderName) -> Text {
        var at = mt_header()
        guard Server.message.pointee.header(raw, name.token, &at) else { return Text.absent }
        return _overrideLifetime(Text(unchecked: at.body), copying: self)
    }
    @inlinable @_lifetime(copy self) public func header(_ header: Header) -> Text { self.header(header.name) }

    /// All headers of that name in order, or simply all.
    @inlinable @_lifetime(copy self) public func headers(_ name: HeaderName = .any) -> HeaderFields {
        _overrideLifetime(HeaderFields(raw, name), copying: self)
    }
    @inlinable @_lifetime(copy self) public func headers(_ header: Header) -> HeaderFields {
        headers(header.name)
    }

    @inlinable @_lifetime(copy self) public func first(_ name: HeaderName) -> HeaderField? {
        var at = mt_header()
        guard Server.message.pointee.header(raw, name.token, &at) else { return nil }
        return _overrideLifetime(HeaderField(at), copying: self)
    }
    @inlinable @_lifetime(copy self) public func first(_ header: Header) -> HeaderField? {
        first(header.name)
    }

    /// The way it came.
    @inlinable public var flow: Flow {
        var flow = mt_flow()
        Server.message.pointee.flow(raw, &flow)
        return Flow(flow)
    }

    /// Writes the message as it stands; returns the size it takes, also when there was too little room.
    @inlinable public func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        Server.message.pointee.write(raw, buffer.baseAddress, buffer.count)
    }
}

// MARK: The usual fields

extension Message {
    @inlinable public var isRequest: Bool { number(.status) == nil }
    @inlinable public var isReply: Bool { number(.status) != nil }
    @inlinable public var method: Method { Method(number: number(.methodID) ?? 0) }
    @inlinable public var methodText: Text { @_lifetime(copy self) get { text(.method) } }
    /// The Request-URI as it is now.
    @inlinable public var uri: Text { @_lifetime(copy self) get { text(.uri) } }
    /// The Request-URI as it arrived.
    @inlinable public var receivedURI: Text { @_lifetime(copy self) get { text(.receivedURI) } }
    @inlinable public var status: Int? { number(.status) }
    @inlinable public var reason: Text { @_lifetime(copy self) get { text(.reason) } }
    @inlinable public var callID: Text { @_lifetime(copy self) get { text(.callID) } }
    @inlinable public var cseq: Int? { number(.cseq) }
    @inlinable public var cseqMethod: Text { @_lifetime(copy self) get { text(.cseqMethod) } }
    @inlinable public var fromURI: Text { @_lifetime(copy self) get { text(.fromURI) } }
    @inlinable public var fromTag: Text { @_lifetime(copy self) get { text(.fromTag) } }
    @inlinable public var toURI: Text { @_lifetime(copy self) get { text(.toURI) } }
    @inlinable public var toTag: Text { @_lifetime(copy self) get { text(.toTag) } }
    @inlinable public var viaBranch: Text { @_lifetime(copy self) get { text(.viaBranch) } }
    @inlinable public var nextHop: Text { @_lifetime(copy self) get { text(.nextHop) } }
    @inlinable public var contentType: Text { @_lifetime(copy self) get { text(.contentType) } }
    @inlinable public var body: Text { @_lifetime(copy self) get { text(.body) } }
    /// The message as it arrived.
    @inlinable public var bytes: Text { @_lifetime(copy self) get { text(.bytes) } }
    @inlinable public var maxForwards: Int? { number(.maxForwards) }
    @inlinable public var flags: UInt { UInt(bitPattern: number(.flags) ?? 0) }
}
