// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The methods that have a number of their own in `martlet.h`; any other one is `other`.
@frozen public enum Method: UInt8, Sendable {
    case other = 0
    case invite, ack, bye, cancel, options, register
    case prack, update, subscribe, notify, publish, info, refer, message

    /// Method names are case-sensitive (RFC 3261, 7.1).
    public init(_ text: Slice) {
        self = .other
        guard text.count >= 3, text.count <= 9 else { return }
        switch (text.count, text[0]) {
        case (6, UInt8(ascii: "I")) where text == "INVITE": self = .invite
        case (3, UInt8(ascii: "A")) where text == "ACK": self = .ack
        case (3, UInt8(ascii: "B")) where text == "BYE": self = .bye
        case (6, UInt8(ascii: "C")) where text == "CANCEL": self = .cancel
        case (7, UInt8(ascii: "O")) where text == "OPTIONS": self = .options
        case (8, UInt8(ascii: "R")) where text == "REGISTER": self = .register
        case (5, UInt8(ascii: "P")) where text == "PRACK": self = .prack
        case (6, UInt8(ascii: "U")) where text == "UPDATE": self = .update
        case (9, UInt8(ascii: "S")) where text == "SUBSCRIBE": self = .subscribe
        case (6, UInt8(ascii: "N")) where text == "NOTIFY": self = .notify
        case (7, UInt8(ascii: "P")) where text == "PUBLISH": self = .publish
        case (4, UInt8(ascii: "I")) where text == "INFO": self = .info
        case (5, UInt8(ascii: "R")) where text == "REFER": self = .refer
        case (7, UInt8(ascii: "M")) where text == "MESSAGE": self = .message
        default: break
        }
    }
}
