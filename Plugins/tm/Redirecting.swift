// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// A 3xx says where else to try: the Request-URI if the script changed it, and the destinations that it added.
func addContacts(_ reply: OpaquePointer, _ request: OpaquePointer) {
    let message = Message(request)
    var list = mt_str()
    func add(_ uri: Text, _ path: Text, _ q: Int32, _ flags: UInt64) {
        var line: Line = list.len == 0 ? "Contact: <" : "\(list), <"
        line.append("\(uri)")
        if richRedirect.value & 2 != 0, !path.isEmpty { appendRoute(path, &line) }
        line.append(">")
        if q >= 1000 { line.append(";q=1") }
        if q >= 0, q < 1000 { line.append(";q=0.\(Int(q) / 100)\(Int(q) / 10 % 10)") }
        if richRedirect.value & 1 != 0, flags != 0 { line.append(";flags=\(Int(truncatingIfNeeded: flags))") }
        list = line.kept(by: Message(reply)).raw
    }
    if message.uri != message.receivedURI {
        add(
            message.uri, message.text(.path), -1,
            UInt64(truncatingIfNeeded: message.number(.branchFlags) ?? 0))
    }
    for index in 0..<message.targetCount {
        guard let target = message.target(index) else { break }
        add(target.uri, target.path, target.raw.q, target.raw.flags)
    }
    if list.len > 0 { _ = Server.message.pointee.insert(reply, UInt32(MT_LAST), nil, list) }
}

/// "?Route=", escaped as a header in a URI has to be (RFC 3261, 25.1).
private func appendRoute(_ path: Text, _ line: inout Line) {
    let digits = Text("0123456789ABCDEF")
    line.append("?Route=")
    for index in 0..<path.count {
        let byte = path[index]
        if isPlain(byte) {
            line.append(path[index..<(index + 1)])
        } else {
            line.append("%")
            line.append(digits[Int(byte >> 4)..<Int(byte >> 4) + 1])
            line.append(digits[Int(byte & 15)..<Int(byte & 15) + 1])
        }
    }
}

private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"):
        true
    default: false
    }
}
