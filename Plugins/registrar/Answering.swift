// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

let acceptedRegistrations = Counter("accepted_regs", "REGISTERs that were done.")
let rejectedRegistrations = Counter("rejected_regs", "REGISTERs that were refused.")

/// What save() is told besides the table.
struct SaveFlags: OptionSet {
    let rawValue: Int
    static let memoryOnly = SaveFlags(rawValue: 1)
    static let noReply = SaveFlags(rawValue: 2)
    static let replace = SaveFlags(rawValue: 4)
    static let keepTimes = SaveFlags(rawValue: 8)
    static let headersOnly = SaveFlags(rawValue: 16)
}

/// The one reply to a REGISTER.
enum Answering {
    /// The 200, and what save() answers.
    static func accept(
        _ call: borrowing Call, _ table: Table, _ key: mt_str, _ facts: OutboundRules.Facts, path: mt_str,
        _ flags: SaveFlags, place: Where, code: Int
    ) -> Outcome {
        acceptedRegistrations.add()
        if persistentFlag.value >= 0 { holdConnection(call.message, table, key) }
        guard place.contains(.request) || flags.contains(.headersOnly), !flags.contains(.noReply) else {
            return Outcome(code)
        }
        let message = call.message
        let rules = Rules.outbound
        var lines = Line("")
        addContacts(&lines, message, table, key, facts)
        if rules.showsPath(facts) { lines.append("Path: \(path)\r\n") }
        let outbound = rules.answer(facts)
        if outbound.supports { lines.append("Supported: outbound\r\n") }
        if outbound.requires { lines.append("Require: outbound\r\n") }
        if outbound.flowTimer > 0 { lines.append("Flow-Timer: \(outbound.flowTimer)\r\n") }
        message.set(.replyLines, lines)
        if !flags.contains(.headersOnly) { sl.reply(call, 200, "OK") }
        return Outcome(code)
    }

    /// The refusal, and what save() answers.
    static func refuse(
        _ call: borrowing Call, _ refusal: Refusal, _ table: Table, _ key: mt_str, path: mt_str,
        _ flags: SaveFlags, place: Where
    ) -> Outcome {
        rejectedRegistrations.add()
        Host.log(.info, "REGISTER refused with \(refusal.status): \(refusal.text)")
        guard place.contains(.request), !flags.contains(.noReply) else { return Outcome(refusal.code) }
        let message = call.message
        var lines = Line("")
        if key.len > 0 {
            addContacts(&lines, message, table, key, OutboundRules.Facts())
        }
        lines.append("P-Registrar-Error: \(refusal.text)\r\n")
        switch refusal {
        case .noPathSupport:
            lines.append("Unsupported: path\r\n")
            if path.len > 0 { lines.append("Path: \(path)\r\n") }
        case .outboundUnsupported: lines.append("Unsupported: outbound\r\n")
        case .noOutboundSupport: lines.append("Require: outbound\r\nSupported: outbound\r\n")
        case .tooBrief(let least): lines.append("Min-Expires: \(least)\r\n")
        default: break
        }
        if refusal.status >= 500, retryAfter.value > 0 {
            lines.append("Retry-After: \(retryAfter.value)\r\n")
        }
        message.set(.replyLines, lines)
        if !flags.contains(.headersOnly) { sl.reply(call, refusal.status, refusal.reason) }
        return Outcome(refusal.code)
    }

    /// `tcp_persistent_flag`: the connection stays as long as what was registered over it.
    private static func holdConnection(_ message: Message, _ table: Table, _ key: mt_str) {
        var flow = message.flow.raw
        guard flow.connection != 0, message.flags >> UInt(persistentFlag.value) & 1 != 0 else { return }
        let now = Int64(Loop.clock / 1000)
        var seconds: Int64 = 0
        for contact in message.contacts(table, key) where contact.connection == flow.connection {
            seconds = max(seconds, contact.expires == 0 ? Int64(Int32.max) : contact.expires - now)
        }
        _ = Server.net.pointee.hold(&flow, UInt32(clamping: seconds))
    }

    // MARK: - Contact

    private static func addContacts(
        _ lines: inout Line, _ message: Message, _ table: Table, _ key: mt_str, _ facts: OutboundRules.Facts
    ) {
        let now = Loop.clock / 1000
        let to = URI(message.toURI)
        let contacts = message.contacts(table, key)
        for (index, contact) in contacts.enumerated() {
            lines.append(index == 0 ? "Contact: " : ", ")
            lines.append("<\(contact.uri)>")
            if contact.q >= 0 { lines.append(";q=\(Quality.line(Int(contact.q)))") }
            let left = contact.expires == 0 ? 2_147_483_647 : max(Int(contact.expires) - now, 0)
            lines.append(";expires=\(left)")
            if contact.received.len > 0 { lines.append(";\(receivedParam.value)=\"\(contact.received)\"") }
            guard contact.instance.len > 0 else { continue }
            if gruuEnabled.value != 0, facts.supported.contains(.gruu), let to {
                let instance = bare(Text(unchecked: contact.instance))
                lines.append(";pub-gruu=\"sip:\(to.user)")
                if !to.user.isEmpty { lines.append("@") }
                lines.append("\(to.host);gr=\(instance)\"")
                let digits = GRUU.digits(usrloc.table.pointee.hash(contact.aor))
                digits.withRaw { lines.append(";temp-gruu=\"sip:\(contact.ruid)-\($0)@\(to.host);gr\"") }
            }
            lines.append(";+sip.instance=\"<\(bare(Text(unchecked: contact.instance)))>\"")
            if contact.reg_id > 0 { lines.append(";reg-id=\(Int(contact.reg_id))") }
        }
        if !contacts.isEmpty { lines.append("\r\n") }
    }
}

/// An instance without its angle brackets.
@_lifetime(copy text)
func bare(_ text: Text) -> Text {
    guard text.count >= 2, text[0] == UInt8(ascii: "<"), text[text.count - 1] == UInt8(ascii: ">") else {
        return text
    }
    return text.dropFirst().dropLast()
}

extension Quality {
    /// Without a String: this is in every 200.
    static func line(_ thousandths: Int) -> Line {
        if thousandths >= 1000 { return "1" }
        if thousandths <= 0 { return "0" }
        if thousandths % 100 == 0 { return "0.\(thousandths / 100)" }
        if thousandths % 10 == 0 { return "0.\(thousandths / 100)\(thousandths / 10 % 10)" }
        return "0.\(thousandths / 100)\(thousandths / 10 % 10)\(thousandths % 10)"
    }
}
