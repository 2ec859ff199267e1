// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SlLogic

/// May stand on a later line, or be missing: then every reply is stateless.
let tm = Need("tm", 1, as: tm_api.self, [.optional, .late])

let defaultCode = Param<Int>(
    "default_code", default: "500", in: 100...699, "The status when the one given is no number.")
let defaultReason = Param<Text>(
    "default_reason", default: "Internal Server Error", "The reason when the one given has no value.")
let bindTM = Param<Int>(
    "bind_tm", default: "1", in: 0...1,
    "1: send_reply() answers in the transaction when there is one; 0: never.")
let richRedirect = Param<Int>(
    "rich_redirect", default: "0", in: 0...3,
    "What else the Contacts of a 3xx say: 1 the branch flags, 2 the path as a Route; 3 both.")

/// Counted by position: `replies[i]` is number i, and the rest comes behind.
enum Statistics {
    static let all =
        ReplyCount.names.map { Counter($0, "Stateless replies sent, by status.") } + [
            Counter("sent_replies", "Stateless replies sent."),
            Counter("sent_err_replies", "Of those, sent for an error."),
            Counter("failures", "Stateless replies that could not be sent."),
            Counter("received_ACKs", "ACKs to stateless replies, taken in."),
        ]
    private static var first: UInt32 { UInt32(ReplyCount.count) }

    static func sent(_ status: Int) {
        add(UInt32(ReplyCount.index(of: status)))
        add(first)
    }
    static func sentError() { add(first + 1) }
    static func failed() { add(first + 2) }
    static func receivedACK() { add(first + 3) }

    private static func add(_ counter: UInt32) { Server.host.pointee.count(Server.host, counter, 1) }
}

let filteredACK = Event("filtered-ack", "An ACK to a reply of ours was taken in; the message is the ACK.")
let localResponse = Event("local-response", "A reply was sent; the message is the reply.")
