// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// What `is_method` is given: "INVITE|ACK".
///
/// A constant becomes a word with one bit per method when the file is read, so that a call is one AND. One
/// method that has no bit is compared as text.
struct MethodList: Scriptable, ~Escapable {
    private let bits: UInt
    private let text: Text

    static var type: UInt32 { Text.type }

    @_lifetime(immortal)
    static func read(_ value: UnsafePointer<mt_value>) -> MethodList {
        let text = Text(unchecked: value.pointee.str)
        guard let word = value.pointee.ptr else { return MethodList(bits: bits(of: text) ?? 0, text: text) }
        return MethodList(bits: UInt(bitPattern: word), text: text)
    }

    @_lifetime(copy text)
    private init(bits: UInt, text: Text) {
        self.bits = bits
        self.text = text
    }

    func contains(_ method: Int) -> Bool { bits & (1 << UInt(method)) != 0 }

    func contains(_ name: Text) -> Bool {
        let bit = MethodList.number(of: name)
        if bit > 0 { return contains(bit) }
        return bits == MethodList.other && text.trimmed.equalsIgnoringCase(name)
    }

    static let prepare: mt_fn = { call in
        guard let call = call?.pointee, let out = call.out else { return Outcome.error.code }
        let text = Text(unchecked: call.args.pointee.str)
        guard let bits = bits(of: text) else {
            return Host.fail(
                "\"\(String(text))\" names a method that is not known",
                help: "a list may hold INVITE, ACK, BYE ...; another method has to stand alone"
            ).code
        }
        out.pointee.ptr = UnsafeMutableRawPointer(bitPattern: bits)
        return Outcome.yes.code
    }

    /// The bit that no method has: the list is one name, to be compared as text.
    private static var other: UInt { 1 }

    /// Nil when one of several names is not known.
    private static func bits(of list: Text) -> UInt? {
        var bits: UInt = 0
        var isList = false
        var start = 0
        for at in 0...list.count {
            guard at == list.count || list[at] == UInt8(ascii: "|") || list[at] == UInt8(ascii: ",") else {
                continue
            }
            isList = isList || at < list.count
            let number = number(of: list[start..<at].trimmed)
            if number == 0, isList { return nil }
            bits |= number == 0 ? other : 1 << UInt(number)
            start = at + 1
        }
        return bits
    }

    /// The methods that the ABI has numbers for have theirs; behind them come those that other servers know.
    static func number(of name: Text) -> Int {
        switch name.count {
        case 3:
            if name.equalsIgnoringCase("ACK") { return 2 }
            if name.equalsIgnoringCase("BYE") { return 3 }
            if name.equalsIgnoringCase("GET") { return 16 }
            if name.equalsIgnoringCase("PUT") { return 18 }
        case 4:
            if name.equalsIgnoringCase("INFO") { return 12 }
            if name.equalsIgnoringCase("KDMQ") { return 15 }
            if name.equalsIgnoringCase("POST") { return 17 }
        case 5:
            if name.equalsIgnoringCase("PRACK") { return 7 }
            if name.equalsIgnoringCase("REFER") { return 13 }
        case 6:
            if name.equalsIgnoringCase("INVITE") { return 1 }
            if name.equalsIgnoringCase("CANCEL") { return 4 }
            if name.equalsIgnoringCase("UPDATE") { return 8 }
            if name.equalsIgnoringCase("NOTIFY") { return 10 }
            if name.equalsIgnoringCase("DELETE") { return 19 }
        case 7:
            if name.equalsIgnoringCase("OPTIONS") { return 5 }
            if name.equalsIgnoringCase("PUBLISH") { return 11 }
            if name.equalsIgnoringCase("MESSAGE") { return 14 }
        case 8:
            if name.equalsIgnoringCase("REGISTER") { return 6 }
        case 9:
            if name.equalsIgnoringCase("SUBSCRIBE") { return 9 }
        default: break
        }
        return 0
    }
}

func isMethod(_ call: borrowing Call, _ list: MethodList) -> Outcome {
    let message = call.message
    let number = message.method.number
    if number > 0 { return Outcome(list.contains(number)) }
    return Outcome(list.contains(message.isRequest ? message.methodText : message.cseqMethod))
}
