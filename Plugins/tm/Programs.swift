// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import TmLogic

// t_write_req() and t_write_unix() hand a request to a program of the operator's, which answers it with the command
// tm.reply; meanwhile the transaction waits. The worker does not: what the program cannot take at once is not written.

@Declarations func programFunctions() -> [any Declaration] {
    Function(
        "t_write_req", in: [.request, .failure], "Writes the request to a FIFO that a program reads.",
        Arg("path", Text.self), Arg("action", Text.self, "What the program is to do with it.")
    ) { call, path, action in
        hand(call, action) { text in
            path.withTerminated { write(toFIFO: $0, text) }
        }
    }
    Function(
        "t_write_unix", in: [.request, .failure], "Sends the request to a program's datagram socket.",
        Arg("path", Text.self), Arg("action", Text.self)
    ) { call, path, action in
        hand(call, action) { text in send(toSocket: path, text) }
    }
}

private func hand(_ call: borrowing Call, _ action: Text, _ write: (mt_str) -> Int32) -> Outcome {
    let message = call.message.raw
    guard let transaction = transaction(message) ?? create(call.raw, message),
        transaction.pointee.isUnanswered
    else { return .no }
    let text = order(message, action, transaction.pointee.handle)
    let fault = text.withRaw(write)
    guard fault == 0 else {
        Host.log(
            .error, "t_write: the program does not take the request: \(String(cString: strerror(fault)))")
        return .no
    }
    // The program is going to end it.
    return suspend(call.raw)
}

/// The request as lines of text, as programs for Kamailio's version 0.3 of this read them: what to do, the method, user,
/// host, our address and port, Request-URI, Contact, From, To, Call-ID, both tags, the number of CSeq, the transaction,
/// the route set towards the caller and its first hop; header lines of its flags; a dot; and the body.
private func order(_ message: OpaquePointer, _ action: Text, _ handle: Handle) -> String {
    var flow = mt_flow()
    Server.message.pointee.flow(message, &flow)
    func string(_ raw: mt_str) -> String { String(Text(unchecked: raw)) }
    func body(_ token: UInt32) -> String { header(message, token).map { string($0.body) } ?? "" }
    let uri = string(text(message, MT_F_URI))
    let (user, host) = userAndHost(text(message, MT_F_URI))
    // "udp:192.0.2.1:5060"
    let socket = string(Server.net.pointee.socket(flow.socket))
    let port = socket.lastIndex(of: ":").map { String(socket[socket.index(after: $0)...]) } ?? ""
    let address = String(socket.drop { $0 != ":" }.dropFirst().dropLast(port.count + 1))
    var contact = ""
    if let field = header(message, Words.contact) {
        var list = Text(unchecked: field.body)
        if let first = list.takeAddress() { contact = String(first.uri) }
    }
    var routes: [String] = []
    var hop = ""
    var field = mt_header()
    while Server.message.pointee.header(message, Words.recordRoute, &field) {
        var list = Text(unchecked: field.body)
        while let address = list.takeAddress() {
            if routes.isEmpty { hop = String(address.uri) }
            routes.append(String(address.whole))
        }
    }
    let flags = String(number(message, MT_F_FLAGS), radix: 16)
    let lines = [
        "0.3", "sip_request.\(action)", string(text(message, MT_F_METHOD)), user, host, address, port, uri,
        contact, body(Words.from), body(Words.to), string(text(message, MT_F_CALL_ID)),
        string(text(message, MT_F_FROM_TAG)), string(text(message, MT_F_TO_TAG)),
        String(number(message, MT_F_CSEQ)), "\(handle.entry):\(handle.label)",
        routes.joined(separator: ","), hop.isEmpty ? contact : hop, "P-MsgFlags: 0\(flags)", ".",
        string(text(message, MT_F_BODY)), "",
    ]
    return lines.joined(separator: "\n")
}

private func userAndHost(_ raw: mt_str) -> (String, String) {
    guard let uri = URI(Text(unchecked: raw)) else { return ("", "") }
    return (String(uri.user), String(uri.host))
}

/// 0, or why not.
private func write(toFIFO path: UnsafePointer<CChar>, _ text: mt_str) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return errno }
    // A file would fill up, and nobody would answer.
    guard status.st_mode & S_IFMT == S_IFIFO else { return ENXIO }
    // What is longer than PIPE_BUF may mix with what others write, or be cut off.
    let written = Glibc.write(descriptor, text.ptr, text.len)
    return written == text.len ? 0 : written < 0 ? errno : EMSGSIZE
}

private func send(toSocket path: Text, _ text: mt_str) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard path.count < room else { return ENAMETOOLONG }
    withUnsafeMutableBytes(of: &address.sun_path) { place in
        for index in 0..<path.count { place[index] = path[index] }
    }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
    let sent = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            sendto(descriptor, text.ptr, text.len, flags, $0, size)
        }
    }
    return sent == text.len ? 0 : sent < 0 ? errno : EMSGSIZE
}

extension Text {
    fileprivate func withTerminated<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        String(self).withCString(body)
    }
}
