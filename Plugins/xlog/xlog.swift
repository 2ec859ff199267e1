// SPDX-License-Identifier: Apache-2.0
// Writes log lines from the script.
import CMartlet
import PluginKit

let bufferSize = Param<Int>("buf_size", default: "4096", in: 16...1_048_576, "The longest text, in bytes.")
let prefix = Param<Text>("prefix", default: "<script>: ", is: .verbatim, "Stands in front of each text.")
let prefixMode = Param<Int>("prefix_mode", default: "0", in: 0...1, "1: there are variables in the prefix.")
private let longFormat = Param<Int>("long_format", default: "0", in: 0...1, "1: xlog writes like xlogl.")
private let forceColor = Param<Int>("force_color", default: "0", in: 0...1, "Accepted; has no effect here.")
private let logFacility = Param<Text?>(
    "log_facility", prepare: Facility.prepare, "Checked; the server's log_facility is what counts.")
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
    Start { Entry.prepare() }

    for name: StaticString in ["xlog", "xlogl"] {
        Function(
            name, in: .any, "Writes a log line: text; level and text; facility, level and text.",
            Arg("text", Expression.self, "Or the level, or the facility, when more follows."),
            Arg("level_text", Expression?.self), Arg("facility_text", Expression?.self)
        ) { call, a, b, c in
            if let c { return write(call, b ?? a, c) }
            if let b { return write(call, a, b) }
            return Entry.write(call, .error, a)
        }
    }
    Function(
        "xlogm", in: .any, "Writes a log line, unless methods_filter has the request's method.",
        Arg("level", Expression.self), Arg("text", Expression.self)
    ) { call, level, text in
        if call.hasMessage, call.message.isRequest, filters(call.message.method) { return .yes }
        return write(call, level, text)
    }
    for (name, level): (StaticString, Host.Level) in [
        ("xalert", .error), ("xbug", .error), ("xcrit", .error), ("xerr", .error), ("xwarn", .warning),
        ("xnotice", .notice), ("xinfo", .info), ("xdbg", .debug), ("xdbgl", .debug),
    ] {
        Function(name, in: .any, "Writes a log line of that level.", Arg("text", Expression.self)) {
            call, text in
            Entry.write(call, level, text)
        }
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

/// A level that is a word or a variable.
private func write(_ call: borrowing Call, _ level: Expression, _ text: Expression) -> Outcome {
    guard let value = call.read(level) else { return .no }
    guard let level = Level.of(value) else {
        Host.log(
            .error, "xlog: \"\(String(value.text))\" is no level; there are L_ERR, L_WARN, L_INFO, L_DBG ...")
        return .no
    }
    return Entry.write(call, level, text)
}

/// The bits are those of Kamailio, in whose order configurations write them.
private func filters(_ method: Method) -> Bool {
    let bit: Int
    switch method {
    case .invite: bit = 1
    case .cancel: bit = 2
    case .ack: bit = 4
    case .bye: bit = 8
    case .info: bit = 16
    case .register: bit = 32
    case .subscribe: bit = 64
    case .notify: bit = 128
    case .message: bit = 256
    case .options: bit = 512
    case .prack: bit = 1024
    case .update: bit = 2048
    case .refer: bit = 4096
    case .publish: bit = 8192
    default: bit = 1 << 14
    }
    return methodsFilter.value >= 0 && methodsFilter.value & bit != 0
}
