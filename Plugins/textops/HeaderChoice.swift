// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Which headers a function is about: a name.
///
/// A constant becomes the server's number for that name when the file is read, so that finding a header
/// compares no text. A name from a variable is compared with each header, compact forms included.
struct HeaderChoice: Scriptable, ~Escapable {
    let token: UInt32
    let text: Text

    static var type: UInt32 { Text.type }

    @_lifetime(immortal)
    static func read(_ value: UnsafePointer<mt_value>) -> HeaderChoice {
        let token = UInt32(truncatingIfNeeded: UInt(bitPattern: value.pointee.ptr))
        return HeaderChoice(token: token, text: Text(unchecked: value.pointee.str))
    }

    @_lifetime(copy text)
    private init(token: UInt32, text: Text) {
        self.token = token
        self.text = text
    }

    static let prepare: mt_fn = { call in
        guard let call = call?.pointee, let out = call.out else { return Outcome.error.code }
        let text = Text(unchecked: call.args.pointee.str).trimmed
        guard !text.isEmpty, !text.contains(UInt8(ascii: ":")), !text.contains(UInt8(ascii: " ")) else {
            return Host.fail(
                "\"\(String(text))\" is no header name", help: "write the name alone, as in \"Contact\""
            ).code
        }
        let token = String(text).withCString { Server.sip.pointee.token($0) }
        out.pointee.ptr = UnsafeMutableRawPointer(bitPattern: UInt(token))
        return Outcome.yes.code
    }

    /// The next such header behind `at`, which starts as a zeroed one.
    func next(in message: Message, _ at: inout mt_header) -> Bool {
        if token != 0 { return Server.message.pointee.header(message.raw, token, &at) }
        while Server.message.pointee.header(message.raw, 0, &at) {
            if names(Text(unchecked: at.text)) { return true }
        }
        return false
    }

    private func names(_ name: Text) -> Bool {
        if name.equalsIgnoringCase(text) { return true }
        let long = HeaderChoice.long(text)
        return long.equalsIgnoringCase(HeaderChoice.long(name))
    }

    /// The name that a compact form stands for; any other name is its own.
    @_lifetime(copy name)
    private static func long(_ name: Text) -> Text {
        guard name.count == 1 else { return name }
        let long: StaticString? =
            switch name[0] | 0x20 {
            case UInt8(ascii: "a"): "Accept-Contact"
            case UInt8(ascii: "b"): "Referred-By"
            case UInt8(ascii: "c"): "Content-Type"
            case UInt8(ascii: "d"): "Request-Disposition"
            case UInt8(ascii: "e"): "Content-Encoding"
            case UInt8(ascii: "f"): "From"
            case UInt8(ascii: "i"): "Call-ID"
            case UInt8(ascii: "j"): "Reject-Contact"
            case UInt8(ascii: "k"): "Supported"
            case UInt8(ascii: "l"): "Content-Length"
            case UInt8(ascii: "m"): "Contact"
            case UInt8(ascii: "o"): "Event"
            case UInt8(ascii: "r"): "Refer-To"
            case UInt8(ascii: "s"): "Subject"
            case UInt8(ascii: "t"): "To"
            case UInt8(ascii: "u"): "Allow-Events"
            case UInt8(ascii: "v"): "Via"
            case UInt8(ascii: "x"): "Session-Expires"
            case UInt8(ascii: "y"): "Identity"
            default: nil
            }
        guard let long else { return name }
        return Text(long)
    }
}
