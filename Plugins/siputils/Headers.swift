// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import SiputilsLogic

@Declarations func headerFunctions() -> [any Declaration] {
    Function(
        "append_rpid_hf", in: inRouting, "Adds Remote-Party-ID, with the URI in rpid_avp.",
        Arg("prefix", Text?.self),
        Arg("suffix", Text?.self)
    ) { call, prefix, suffix in
        guard let rpid, let value = call.read(rpid), !value.text.isEmpty else { return .no }
        let before = prefix?.raw ?? rpidPrefix.value.raw
        let behind = suffix?.raw ?? rpidSuffix.value.raw
        return call.message.append(Line("Remote-Party-ID: \(before)\(value.text)\(behind)")).isYes
            ? .yes : .no
    }
    Function("is_rpid_user_e164", in: inRequest, "Is the user in rpid_avp a plus and up to 15 digits?") {
        call in
        guard let rpid, let value = call.read(rpid), !value.text.isEmpty else { return .no }
        var list = value.text
        if let uri = URI(value.text) { return Outcome(Number.isE164(uri.user)) }
        guard let address = list.takeAddress(), let uri = URI(address.uri) else { return .no }
        return Outcome(Number.isE164(uri.user))
    }
    Function(
        "sip_p_charging_vector", in: .any, "Removes (r), adds (g) or renews (f) P-Charging-Vector.",
        Arg("flags", Text.self)
    ) { call, flags in
        let message = call.message
        if flags.contains(UInt8(ascii: "r")) || flags.contains(UInt8(ascii: "f")) {
            message.removeAll(Names.chargingVector)
        }
        guard flags.contains(UInt8(ascii: "g")) || flags.contains(UInt8(ascii: "f")) else {
            return flags.contains(UInt8(ascii: "r")) ? .yes : .no
        }
        if message.first(Names.chargingVector) != nil { return .yes }
        return addChargingVector(message)
    }
}

/// RFC 7315, 5.6: a value that no other call has, and the address where it was made.
private func addChargingVector(_ message: Message) -> Outcome {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32 + Int(INET6_ADDRSTRLEN)) { room in
        guard let start = room.baseAddress else { return .no }
        let all = UInt64.min...UInt64.max
        hexadecimal(.random(in: all), into: start)
        hexadecimal(.random(in: all), into: start + 16)
        let address = start + 32
        var local = message.flow.raw.local
        withUnsafeBytes(of: &local) { bytes in
            guard let first = bytes.baseAddress else { return }
            let isIPv4 = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
            _ = inet_ntop(
                isIPv4 ? AF_INET : AF_INET6, first + (isIPv4 ? 12 : 0), address, socklen_t(INET6_ADDRSTRLEN))
        }
        let value = mt_str(ptr: UnsafePointer(start), len: 32)
        let place = mt_str(ptr: UnsafePointer(address), len: strlen(address))
        return message.append(Line("P-Charging-Vector: icid-value=\(value);icid-generated-at=\(place)")).isYes
            ? .yes : .no
    }
}

private func hexadecimal(_ value: UInt64, into bytes: UnsafeMutablePointer<CChar>) {
    for at in 0..<16 {
        let digit = CChar(truncatingIfNeeded: value >> UInt64((15 - at) * 4) & 15)
        bytes[at] = digit < 10 ? 48 + digit : 55 + digit
    }
}

/// $pcv(...)
func chargingVector(_ call: borrowing Call, _ key: Text) -> Outcome {
    guard call.hasMessage, let field = call.message.first(Names.chargingVector) else {
        return call.answerNull()
    }
    let body = field.body
    if key == "all" { return call.answer(body) }
    let name: StaticString =
        if key == "value" { "icid-value" } else if key == "genaddr" {
            "icid-generated-at"
        } else if key == "orig" {
            "orig-ioi"
        } else if key == "term" { "term-ioi" } else { "" }
    var rest = body
    while let param = rest.take(upTo: UInt8(ascii: ";")) {
        guard let equals = param.firstIndex(of: UInt8(ascii: "=")),
            param.prefix(equals).trimmed.equalsIgnoringCase(name)
        else { continue }
        var value = param.dropFirst(equals + 1).trimmed
        if value.count > 1, value[0] == UInt8(ascii: "\""), value[value.count - 1] == UInt8(ascii: "\"") {
            value = value.dropFirst().dropLast()
        }
        return call.answer(value)
    }
    return call.answerNull()
}
