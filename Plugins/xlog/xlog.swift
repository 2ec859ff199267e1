// SPDX-License-Identifier: Apache-2.0
// Writes log lines from the script.
import CMartlet
import PluginKit
import XlogLogic

let bufferSize = Param<Int>("buf_size", default: "4096", in: 16...1_048_576, "The longest text, in bytes.")
let prefix = Param<Text>("prefix", default: "<script>: ", is: .verbatim, "Stands in front of each text.")
let prefixMode = Param<Int>("prefix_mode", default: "0", in: 0...1, "1: there are variables in the prefix.")
private let longFormat = Param<Int>("long_format", default: "0", in: 0...1, "1: xlog writes like xlogl.")
private let forceColor = Param<Int>("force_color", default: "0", in: 0...1, "Accepted; has no effect here.")
private let logFacility = Param<Text?>(
    "log_facility", prepare: prepareFacility, "Checked; the server's log_facility is what counts.")
private let logColors = Params<Text>("log_colors", "Accepted; has no effect here.")
private let methodsFilter = Param<Int>(
    "methods_filter", default: "-1", is: .reloadable, "Bits of the methods that xlogm does not log.")

private let plugin = Plugin("xlog", "1.0.0", "Writes log lines from the script.") {
    bufferSize
    prefix
    prefixMode
    longFormat
    forceColor
    logFacility
    logColors
    methodsFilter
    // For those who bring it along; there is nothing in it.
    Offer("xlog", 1, 0) { head in head }
    Hook("core.ready") { _ in Entry.prepare() }

    for name: StaticString in ["xlog", "xlogl"] {
        Function(
            name, in: .any, "Writes a log line: text; level and text; facility, level and text.",
            piece("text", "Or the level, or the facility, when more follows."), more("level_text"),
            more("facility_text")
        ) { call, a, b, c in
            if let c, let b { return write(call, b, c) }
            if let b { return write(call, a, b) }
            return Entry.write(call, .error, a)
        }
    }
    Function(
        "xlogm", in: .any, "Writes a log line, unless methods_filter has the request's method.",
        piece("level", "As L_INFO."), piece("text", "What to write.")
    ) { call, level, text in
        if call.hasMessage, call.message.isRequest, MethodFilter.has(call.message.method, methodsFilter.value)
        {
            return .yes
        }
        return write(call, level, text)
    }
    for (name, level): (StaticString, Host.Level) in [
        ("xalert", .error), ("xbug", .error), ("xcrit", .error), ("xerr", .error), ("xwarn", .warning),
        ("xnotice", .notice), ("xinfo", .info), ("xdbg", .debug), ("xdbgl", .debug),
    ] {
        Function(name, in: .any, "Writes a log line of that level.", piece("text", "What to write.")) {
            call, text in
            Entry.write(call, level, text)
        }
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

private func piece(_ name: StaticString, _ help: StaticString) -> Arg<Piece> {
    Arg(name, Piece.self, is: .verbatim, prepare: Piece.prepare, help)
}

private func more(_ name: StaticString) -> Arg<Piece?> {
    Arg(
        name, Piece?.self, is: .verbatim, prepare: Piece.prepare,
        "The text, or the level when it is followed.")
}

private func write(_ call: borrowing Call, _ level: Piece, _ text: Piece) -> Outcome {
    guard let level = level.level(call) else {
        Host.log(.error, "xlog: this is no level; there are L_ERR, L_WARN, L_INFO, L_DBG ...")
        return .no
    }
    return Entry.write(call, level, text)
}

private let prepareFacility: mt_fn = { call in
    guard let call = call?.pointee else { return Outcome.error.code }
    let text = Text(unchecked: call.args.pointee.str)
    if Facility.isKnown(text) { return Outcome.yes.code }
    return Host.fail(
        "\"\(String(text))\" is no log facility",
        help: "there are LOG_DAEMON, LOG_USER, LOG_LOCAL0 to LOG_LOCAL7 ..."
    ).code
}
