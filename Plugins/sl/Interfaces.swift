// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SlLogic

/// May stand on a later line, or be missing: then every reply is stateless.
let tm = Need("tm", 0, 1, as: tm_api.self, [.optional, .late])

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

let repliesByStatus = ReplyCount.names.map { Counter($0, "Stateless replies sent, by status.") }
let sentReplies = Counter("sent_replies", "Stateless replies sent.")
let sentErrorReplies = Counter("sent_err_replies", "Of those, sent for an error.")
let failures = Counter("failures", "Stateless replies that could not be sent.")
let receivedACKs = Counter("received_ACKs", "ACKs to stateless replies, taken in.")

let filteredACK = Event("filtered-ack", "An ACK to a reply of ours was taken in; the message is the ACK.")
let localResponse = Event("local-response", "A reply was sent; the message is the reply.")

/// Emits as sl, also when another plugin called us with its own call.
func emit(_ event: Event, _ call: borrowing Call, _ message: Message) {
    let caller = call.raw.pointee.host
    call.raw.pointee.host = Server.host
    event.emit(call, message)
    call.raw.pointee.host = caller
}
