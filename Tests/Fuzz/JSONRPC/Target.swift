// SPDX-License-Identifier: Apache-2.0

/// libFuzzer on what a stranger may send to jsonrpcs. Built together with Plugins/jsonrpcs/Logic, see README.md.
/// Whatever the bytes are: what is read is written and read again as the same, each request ends in a question or
/// in a refusal that can be read, the status line of HTTP is a line, and the fifo's frames are the same however the bytes are cut.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let value = try? JSONReader.read(bytes) {
        for pretty in [false, true] {
            precondition((try? JSONReader.read(value.written(pretty: pretty))) == value, "it has changed")
        }
    }
    switch Asked(bytes) {
    case .refused(let refusal): check(refusal)
    case .one(let one): check(one)
    case .batch(let all): all.forEach(check)
    }
    var whole = Frames()
    var pieces = Frames()
    let frames = whole.take(bytes)
    precondition(bytes.flatMap { pieces.take([$0]) } == frames, "the pieces matter")
    for case .whole(let frame) in frames {
        precondition(frame.first == UInt8(ascii: "{") || frame.first == UInt8(ascii: "["))
        _ = Frames.replyName(in: frame)
    }
    _ = Frames.replyName(in: whole.drop())
    _ = DatagramAddress.parse(String(decoding: bytes, as: UTF8.self), runFolder: "/run")
    return 0
}

private func check(_ one: Result<Question, Refusal>) {
    switch one {
    case .failure(let refusal): check(refusal)
    case .success(let question):
        var answering = Answering(question.method, id: question.id)
        answering.open("", list: false)
        for argument in question.arguments {
            switch argument {
            case .nothing: answering.put("", .null)
            case .int(let number): answering.put("number", .int(number))
            case .text(let text):
                answering.put(text, .text(text))
                check(
                    HTTPAnswer(Answering.fault(code: text.utf8.count, message: text, id: nil), pretty: false))
            }
        }
        let answer = answering.finished()
        let read = try? JSONReader.read(answer.written(pretty: false))
        precondition(read == answer && read?["id"] == question.id, "an answer that nobody can read")
    }
}

/// Its first line is a line.
private func check(_ answer: HTTPAnswer) {
    precondition((100...599).contains(answer.status) && !answer.reason.isEmpty)
    precondition(answer.reason.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }, "more than one line")
}

private func check(_ refusal: Refusal) {
    check(HTTPAnswer(refusal.answer, pretty: true))
    let read = try? JSONReader.read(refusal.answer.written(pretty: true))
    precondition(read?["error"] != nil && read?["id"] != nil, "a refusal that nobody can read")
}
