// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What stands behind `@tm.` in a select: `uas.status`, `uac[2].request.from.uri`. nil: nothing that there is.
public enum SelectPath: Equatable, Sendable {
    public enum Server: Equatable, Sendable { case status, localToTag, response, negativeACK }
    public enum Branch: Equatable, Sendable { case status, uri, response, request, copies }

    case method
    case branchCount
    /// The number of the branch whose answer the client got.
    case relayed
    case server(Server)
    /// The client's request; what follows is a select of its own, or nothing.
    case request(rest: Int)
    /// A branch by its number, or the one that is meant here; `rest` as above for its request and response.
    case branch(Int?, Branch, rest: Int)

    /// `rest` counts from the beginning of the text, and is its length when nothing follows.
    public init?(_ text: Text) {
        var at = 0
        func word() -> Range<Int> {
            let start = at
            while at < text.count, text[at] != UInt8(ascii: "."), text[at] != UInt8(ascii: "[") { at += 1 }
            return start..<at
        }
        /// Behind a dot, if there is one.
        func rest() -> Int { at < text.count && text[at] == UInt8(ascii: ".") ? at + 1 : at }

        let first = text[word()]
        if first == "method" {
            self = .method
        } else if first == "uas" {
            at = rest()
            let second = text[word()]
            if second == "status" {
                self = .server(.status)
            } else if second == "local_to_tag" {
                self = .server(.localToTag)
            } else if second == "response" {
                self = .server(.response)
            } else if second == "request" || second == "req" {
                at = rest()
                if text.dropFirst(at) == "neg_ack_retransmission" {
                    self = .server(.negativeACK)
                    return
                }
                self = .request(rest: at)
                return
            } else {
                return nil
            }
        } else if first == "uac" {
            var index: Int?
            if at < text.count, text[at] == UInt8(ascii: "[") {
                guard let close = text.firstIndex(of: UInt8(ascii: "]")),
                    let number = text[(at + 1)..<close].integer, number >= 0
                else { return nil }
                index = number
                at = close + 1
            }
            at = rest()
            let second = text[word()]
            if second == "count", index == nil {
                self = .branchCount
            } else if second == "relayed", index == nil {
                self = .relayed
            } else if second == "status" || second == "last_status" {
                self = .branch(index, .status, rest: at)
            } else if second == "uri" {
                self = .branch(index, .uri, rest: at)
            } else if second == "response_retransmission" {
                self = .branch(index, .copies, rest: at)
            } else if second == "request" || second == "response" {
                at = rest()
                self = .branch(index, second == "request" ? .request : .response, rest: at)
                return
            } else {
                return nil
            }
        } else {
            return nil
        }
        if at < text.count { return nil }
    }
}
