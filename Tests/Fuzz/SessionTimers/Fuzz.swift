// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// libFuzzer on the headers of session timers. Built together with Plugins/sst/Logic, see README.md. Whatever the bytes
/// are: what is read is a number that stands there, it can be replaced without touching the rest, and what is decided
/// keeps to RFC 4028.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let body = UnsafeBufferPointer(start: bytes, count: count)
    let expires = read(body)
    let minimum = readMinimum(body)
    // What has no refresher is read alike.
    if expires != nil { precondition(minimum == expires, "one header reads what the other does not") }
    with(body) { _ = OptionTags.contain("timer", $0) }
    if let expires {
        for number in [0, 90, 4_294_967_295] {
            precondition(read(replaced(body, by: number)) == number, "replaced by \(number), and not so")
        }
        decide(expires, minimum)
    }
    return 0
}

private func with<Result>(_ body: UnsafeBufferPointer<UInt8>, _ use: (Text) -> Result) -> Result {
    use(Text(unchecked: mt_str(ptr: UnsafeRawPointer(body.baseAddress)?.assumingMemoryBound(to: CChar.self), len: body.count)))
}

private func read(_ body: UnsafeBufferPointer<UInt8>) -> Int? {
    with(body) { text in
        guard let value = try? SessionExpires(text) else { return nil }
        check(body, value.numberStart, value.numberEnd, value.interval)
        return value.interval
    }
}

private func readMinimum(_ body: UnsafeBufferPointer<UInt8>) -> Int? {
    with(body) { text in
        guard let value = try? MinSE(text) else { return nil }
        check(body, value.numberStart, value.numberEnd, value.interval)
        return value.interval
    }
}

private func check(_ body: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ number: Int) {
    precondition(0 <= start && start < end && end <= body.count, "a number out of bounds")
    let digits = String(decoding: body[start..<end].drop { $0 == 48 }, as: UTF8.self)
    precondition(digits == (number == 0 ? "" : "\(number)"), "another number than that which stands there")
}

private func replaced(_ body: UnsafeBufferPointer<UInt8>, by number: Int) -> UnsafeBufferPointer<UInt8> {
    with(body) { text in
        guard let value = try? SessionExpires(text) else { preconditionFailure("it was read before") }
        room = Array(body[..<value.numberStart]) + Array("\(number)".utf8) + Array(body[value.numberEnd...])
    }
    return room.withUnsafeBufferPointer { $0 }
}

/// What the last replacement stands in, until the next one.
nonisolated(unsafe) private var room: [UInt8] = []

private func decide(_ expires: Int, _ minimum: Int?) {
    for policy in [Policy(minimum: 1800), Policy(minimum: 90, interval: 600, refuses: false)] {
        for isSupported in [false, true] {
            for (expires, minimum) in [(expires, nil), (nil, minimum), (expires, 1800), (90, minimum)] as [(Int?, Int?)] {
                let request = SessionRequest(expires: expires, minimum: minimum, isSupported: isSupported)
                let action = request.action(policy)
                guard let interval = action.interval else {
                    precondition(isSupported && policy.refuses, "refused who would not understand it")
                    continue
                }
                precondition(interval >= 90, "a session of \(interval) seconds")
                precondition(interval >= min(minimum ?? 0, 4_294_967_295), "less than Min-SE")
                if let expires { precondition(interval >= expires, "lowered") }
                if case .raiseBoth = action { precondition(!isSupported, "Min-SE touched") }
                var state = SessionState()
                state.interval = interval
                precondition(SessionState(word: state.word) == state, "not kept")
            }
        }
    }
}
