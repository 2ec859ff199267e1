// SPDX-License-Identifier: Apache-2.0
import Message
import Worker

/// What the core counts, under the names that operators know: group `core`.
struct CoreCounters {
    var receivedRequests = Statistics.ID.none, receivedReplies = Statistics.ID.none
    var forwardedRequests = Statistics.ID.none, forwardedReplies = Statistics.ID.none
    var droppedRequests = Statistics.ID.none, droppedReplies = Statistics.ID.none
    var failedRequests = Statistics.ID.none, failedReplies = Statistics.ID.none
    var badURIs = Statistics.ID.none, unsupportedMethods = Statistics.ID.none
    var badHeaders = Statistics.ID.none
    /// Replies whose top Via is not ours; they are among the dropped ones.
    var foreignReplies = Statistics.ID.none
    /// Requests that came again while the script of the first was waiting.
    var absorbedRequests = Statistics.ID.none
    /// The first of one per method, `rcv_requests_invite` and so on, in the order of `MT_INVITE`...
    var firstMethod = Statistics.ID.none
    /// The first of one per class, `rcv_replies_1xx` to `rcv_replies_6xx`.
    var firstClass = Statistics.ID.none

    private static let methods = [
        "invite", "ack", "bye", "cancel", "options", "register", "prack", "update", "subscribe", "notify",
        "publish",
        "info", "refer", "message",
    ]

    init() {}

    init(_ statistics: Statistics) {
        func define(_ name: String) -> Statistics.ID { statistics.define("core", name) }
        receivedRequests = define("rcv_requests")
        receivedReplies = define("rcv_replies")
        forwardedRequests = define("fwd_requests")
        forwardedReplies = define("fwd_replies")
        droppedRequests = define("drop_requests")
        droppedReplies = define("drop_replies")
        failedRequests = define("err_requests")
        failedReplies = define("err_replies")
        badURIs = define("bad_URIs_rcvd")
        unsupportedMethods = define("unsupported_methods")
        badHeaders = define("bad_msg_hdr")
        foreignReplies = define("foreign_replies")
        absorbedRequests = define("absorbed_requests")
        let methods = Self.methods.map { define("rcv_requests_\($0)") }
        let classes = (1...6).map { define("rcv_replies_\($0)xx") }
        if let first = methods.first { firstMethod = first }
        if let first = classes.first { firstClass = first }
    }

    /// Of the method with this number; the unknown ones have `unsupported_methods`.
    @inline(__always) func method(_ method: Method) -> Statistics.ID {
        method == .other
            ? unsupportedMethods : Statistics.ID(rawValue: firstMethod.rawValue + UInt32(method.rawValue) - 1)
    }

    @inline(__always) func `class`(_ status: Int) -> Statistics.ID {
        Statistics.ID(rawValue: firstClass.rawValue + UInt32(min(max(status / 100, 1), 6)) - 1)
    }
}

/// One more of something. Wait-free, from any thread.
@inline(__always) func count(_ id: Statistics.ID, _ by: Int64 = 1) {
    host.statistics?._withUnsafeGuaranteedRef { $0.add(id, by) }
}
