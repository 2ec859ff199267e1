// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SlLogic

/// A 3xx says where else to try: the Request-URI if the script changed it, and the branches that it added.
func addContacts(to reply: Message, from request: Message) {
    var list = mt_str()
    if request.uri != request.receivedURI {
        let path = richRedirect.value & 2 != 0 ? routeHeader(request.text(.path), reply) : mt_str("")
        list = joined(
            list, request.uri, path, q: mt_str(""), flags: flags(request.number(.branchFlags), reply), reply)
    }
    for index in 0..<request.targetCount {
        guard let target = request.target(index) else { break }
        let path = richRedirect.value & 2 != 0 ? routeHeader(target.path, reply) : mt_str("")
        list = joined(
            list, target.uri, path, q: weight(target.q, reply), flags: flags(Int(target.flags), reply), reply)
    }
    if list.len > 0 { reply.append(Line(Text(unchecked: list))) }
}

private func joined(_ list: mt_str, _ uri: Text, _ path: mt_str, q: mt_str, flags: mt_str, _ reply: Message)
    -> mt_str
{
    let before = list.len == 0 ? mt_str("Contact: <") : mt_str(", <")
    return Line("\(list)\(before)\(uri)\(path)>\(q)\(flags)").kept(by: reply).raw
}

/// ";q=0.5", from thousandths.
private func weight(_ q: Int?, _ reply: Message) -> mt_str {
    guard let q else { return mt_str("") }
    if q >= 1000 { return mt_str(";q=1") }
    if q % 100 == 0 { return Line(";q=0.\(q / 100)").kept(by: reply).raw }
    if q % 10 == 0 { return Line(";q=0.\(q / 100)\(q / 10 % 10)").kept(by: reply).raw }
    return Line(";q=0.\(q / 100)\(q / 10 % 10)\(q % 10)").kept(by: reply).raw
}

private func flags(_ flags: Int?, _ reply: Message) -> mt_str {
    guard richRedirect.value & 1 != 0, let flags, flags != 0 else { return mt_str("") }
    return Line(";flags=\(flags)").kept(by: reply).raw
}

/// "?Route=...", escaped as a header in a URI has to be.
private func routeHeader(_ path: Text, _ reply: Message) -> mt_str {
    guard !path.isEmpty else { return mt_str("") }
    let room = reply.allocate(Escape.room(for: path))
    guard let start = room.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return mt_str("") }
    let count = Escape.write(path, into: start)
    let escaped = mt_str(ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), len: count)
    return Line("?Route=\(escaped)").kept(by: reply).raw
}
