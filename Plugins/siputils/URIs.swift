// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SiputilsLogic

@Declarations func uriFunctions() -> [any Declaration] {
    for function: StaticString in ["uri_param", "ruri_has_param"] {
        Function(
            function, in: inRouting, "Has the Request-URI that parameter: without a value, or with this one?",
            Arg("param", Text.self), Arg("value", Text?.self)
        ) { call, name, value in
            let uri = call.message.uri
            guard let parts = URIParts(uri), let at = parts.param(name, in: uri) else { return .no }
            let found = URIParts.value(of: at, in: uri)
            guard let value else { return Outcome(found == nil) }
            guard let found else { return .no }
            return Outcome(uri[found].equals(value))
        }
    }
    Function(
        "uri_param_any", in: inRouting, "Has the Request-URI that parameter, with or without a value?",
        Arg("param", Text.self)
    ) { call, name in
        let uri = call.message.uri
        return Outcome(URIParts(uri)?.param(name, in: uri) != nil)
    }
    Function(
        "get_uri_param", in: inRouting, "Stores the value of a parameter of the Request-URI.",
        Arg("name", Text.self),
        Arg("var", Expression.self, "A variable that can be written.")
    ) { call, name, variable in
        let uri = call.message.uri
        guard let parts = URIParts(uri), let at = parts.param(name, in: uri) else { return .no }
        let value = URIParts.value(of: at, in: uri) ?? at.upperBound..<at.upperBound
        return call.write(variable, uri[value]).isYes ? .yes : .no
    }
    for function: StaticString in ["add_uri_param", "ruri_add_param"] {
        Function(
            function, in: inRouting, "Adds a parameter to the Request-URI.",
            Arg("param", Text.self, "\"name=value\"")
        ) { call, param in
            let message = call.message
            let uri = message.uri
            guard let parts = URIParts(uri) else { return .no }
            guard !param.isEmpty else { return .yes }
            let before = uri.prefix(parts.headers)
            let behind = uri.dropFirst(parts.headers)
            return message.set(.uri, Line("\(before);\(param)\(behind)")).isYes ? .yes : .no
        }
    }
    for function: StaticString in ["uri_param_rm", "ruri_del_param"] {
        Function(
            function, in: inRouting, "Takes a parameter out of the Request-URI.", Arg("param", Text.self)
        ) { call, name in
            let message = call.message
            let uri = message.uri
            guard let parts = URIParts(uri) else { return .no }
            guard let at = parts.param(name, in: uri) else { return .yes }
            return message.set(.uri, without(at, uri)).isYes ? .yes : .no
        }
    }
    Function(
        "set_uri_user", in: .any, "Sets the user of the URI in a variable.",
        Arg("uri", Expression.self, "A variable that can be written."), Arg("user", Text.self)
    ) { call, variable, user in
        edit(call, variable) { uri, parts in
            let scheme = uri.prefix(parts.start)
            let rest = uri.dropFirst(parts.host.lowerBound)
            return user.isEmpty ? Line("\(scheme)\(rest)") : Line("\(scheme)\(user)@\(rest)")
        }
    }
    Function(
        "set_uri_host", in: .any, "Sets the host of the URI in a variable.",
        Arg("uri", Expression.self, "A variable that can be written."), Arg("host", Text.self)
    ) { call, variable, host in
        guard !host.isEmpty else { return .no }
        return edit(call, variable) { uri, parts in
            let before = uri.prefix(parts.host.lowerBound)
            let rest = uri.dropFirst(parts.host.upperBound)
            return Line("\(before)\(host)\(rest)")
        }
    }
    Function(
        "tel2sip", in: [.request, .event, .local, .failure, .branch, .reply],
        "Makes a tel URI into a SIP URI: 1 done, 2 it was none.",
        Arg("uri", Text.self), Arg("hostpart", Text.self),
        Arg("result", Expression.self, "A variable that can be written.")
    ) { call, uri, host, result in
        guard TelURI.isTel(uri) else { return Outcome(2) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: uri.count) { room in
            guard let start = room.baseAddress else { return .no }
            let count = TelURI.write(userOf: uri, into: start)
            let user = mt_str(ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), len: count)
            return write(call, result, Line("sip:\(user)@\(host);user=phone"))
        }
    }
}

/// Reads a URI from the variable, and writes it back changed.
private func edit(
    _ call: borrowing Call, _ variable: Expression, _ change: (Text, URIParts) -> Line
) -> Outcome {
    guard let value = call.read(variable) else { return .no }
    let uri = value.text
    guard let parts = URIParts(uri) else {
        Host.log(.error, "\(uri) is no URI")
        return .no
    }
    return write(call, variable, change(uri, parts))
}

private func write(_ call: borrowing Call, _ variable: Expression, _ line: Line) -> Outcome {
    line.withRaw { call.write(variable, $0) }.isYes ? .yes : .no
}

/// The URI without what stands there.
func without(_ range: Range<Int>, _ uri: Text) -> Line {
    let before = uri.prefix(range.lowerBound)
    let behind = uri.dropFirst(range.upperBound)
    return Line("\(before)\(behind)")
}
