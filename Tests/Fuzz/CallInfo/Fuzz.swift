// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// libFuzzer on what telephones of a shared line send: Call-Info, Event, URIs and session descriptions. Built together
/// with Plugins/sca/Logic, see README.md. Whatever the bytes are: what is read can be written, and is read as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let body = UnsafeBufferPointer(start: bytes, count: count)
    with(body) { text in
        if let info = try? CallInfo.read(text) { writeAgain(info) }
        _ = Package(text)
        _ = SessionHold.isHeld(text)
        name(text)
        show(text)
    }
    return 0
}

private func with(_ body: UnsafeBufferPointer<UInt8>, _ use: (Text) -> Void) {
    use(
        Text(
            unchecked: mt_str(
                ptr: UnsafeRawPointer(body.baseAddress)?.assumingMemoryBound(to: CChar.self), len: body.count)
        ))
}

private func with(_ text: String, _ use: (Text) -> Void) {
    text.withRaw { use(Text(unchecked: $0)) }
}

private func writeAgain(_ info: CallInfo) {
    let index: String
    switch info.index {
    case .any: index = "*"
    case .number(let number):
        precondition(number > 0 && number <= CallInfo.greatest, "the appearance \(number)")
        index = "\(number)"
    }
    let state = info.state.map { ";appearance-state=\($0.word)" } ?? ""
    with("<sip:x>;appearance-index=\(index)\(state)") { text in
        let again = try? CallInfo.read(text)
        precondition(again == info, "written and read it is another")
    }
}

/// A line is found by the name that it was made with, and by what it is shown as.
private func name(_ text: Text) {
    guard let name = LineName(text) else { return }
    precondition(!name.host.isEmpty, "no host")
    // Others are refused.
    guard name.isProper else { return }
    let hash = name.hash
    let aor = name.aor
    guard String(text).utf8.elementsEqual(text.bytes) else { return }
    with(aor) { text in
        guard let again = LineName(text) else { preconditionFailure("\(aor) is no name") }
        precondition(again.hash == hash && again.equals(aor), "\(aor) is another line")
    }
    _ = isSamePhone(aor, aor)
}

/// What a display name becomes cannot leave its quotes, nor the header.
private func show(_ text: Text) {
    let shown = CallInfo.display(name: text, uri: text)
    var isEscaped = false
    for byte in shown.utf8 {
        precondition(byte != 10 && byte != 13, "a line end")
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else {
            precondition(byte != UInt8(ascii: "\""), "a quote")
        }
    }
    precondition(!isEscaped, "a backslash at the end")
}

extension Text {
    fileprivate var bytes: [UInt8] { (0..<count).map { self[$0] } }
}
