// SPDX-License-Identifier: Apache-2.0

/// libFuzzer on what WebSocket clients send: heads of handshakes, and frames. Built together with Plugins/websocket/Logic,
/// see README.md. Whatever the bytes are: cut anywhere they mean the same as in one piece, a message is never larger
/// than allowed, text is UTF-8, and an answer has no lines that the client has smuggled in.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    guard let data, size > 1 else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: data + 1, count: size - 1)
    if data[0] & 0x80 != 0 { handshake(bytes) } else { frames(bytes, pieces: Int(data[0] & 0x3f) + 1) }
    return 0
}

private let limit = 300

private func frames(_ bytes: UnsafeRawBufferPointer, pieces: Int) {
    precondition(events(bytes, .max, room: 1000) == events(bytes, pieces, room: 50), "the cut matters")
}

/// What a reader says, in words.
private func events(_ bytes: UnsafeRawBufferPointer, _ size: Int, room: Int) -> [String] {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
    defer { scratch.deallocate() }
    var reader = FrameReader(limit: limit)
    var all: [String] = []
    var at = 0
    while at < bytes.count {
        let end = size == .max ? bytes.count : min(at + size, bytes.count)
        var input = UnsafeRawBufferPointer(rebasing: bytes[at..<end])
        at = end
        reading: while true {
            switch reader.next(&input, scratch: scratch) {
            case .more:
                precondition(input.isEmpty, "bytes left behind")
                break reading
            case .message(let message, let isText):
                precondition(message.count <= limit, "too large")
                if isText { precondition(String(validating: message, as: UTF8.self) != nil, "no UTF-8") }
                all.append("message \(isText) \(Array(message))")
            case .ping(let data):
                precondition(data.count <= Frame.mostControl)
                all.append("ping \(Array(data))")
            case .pong(let data):
                precondition(data.count <= Frame.mostControl)
                all.append("pong \(Array(data))")
            case .close(let code, let reason):
                precondition(code?.mayBeSent ?? true)
                let answer = Frame.close(code, reason)
                precondition(answer.count == Int(answer[1]) + 2 && answer.count <= 127)
                all.append("close \(code?.number ?? 0) \(Array(reason))")
            case .failure(let code, let why):
                precondition(code.mayBeSent)
                all.append("failure \(code.number) \(why)")
                return all
            }
        }
    }
    return all
}

private func handshake(_ bytes: UnsafeRawBufferPointer) {
    var finder = HeadFinder()
    guard let end = finder.end(in: bytes) else { return }
    var settings = Handshake.Settings()
    settings.cors = .origin
    settings.server = "martlet"
    var answer: [UInt8]
    do throws(Handshake.Refusal) {
        let request: HTTPRequest
        do throws(HTTPRequest.Problem) {
            request = try HTTPRequest(head: bytes[..<end])
        } catch {
            throw .malformed(error)
        }
        _ = request.cookie("a")
        answer = try Handshake.answer(request, settings)
        precondition(answer.suffix(4).elementsEqual("\r\n\r\n".utf8), "no end")
        answer.removeLast(4)
    } catch {
        answer = Handshake.answer(error, settings)
        return precondition(answer.starts(with: "HTTP/1.1 \(error.status) ".utf8))
    }
    let names = String(decoding: answer, as: UTF8.self).split(separator: "\r\n").dropFirst().map {
        String($0.prefix { $0 != ":" })
    }
    let known = [
        "Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol",
        "Access-Control-Allow-Origin", "Vary", "Server",
    ]
    precondition(
        names.allSatisfy(known.contains) && Set(names).count == names.count, "a line of the client's")
    precondition(answer.filter { $0 == 10 }.count == names.count, "a line feed of the client's")
}
