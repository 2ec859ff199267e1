// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The extended flags are an attribute, so that they are there again in replies and failure routes.
private let xflags: StaticString = "corex.xflags"
private let iflags: StaticString = "corex.iflags"

@Declarations func flagFunctions() -> [any Declaration] {
    Function("setxflag", in: .any, "Sets an extended flag.", Arg("flag", Int.self, in: 0...63)) {
        call, flag in
        guard let bit = bit(flag) else { return .no }
        return store(call.message, xflags, flags(call.message, xflags) | bit)
    }
    Function("resetxflag", in: .any, "Clears an extended flag.", Arg("flag", Int.self, in: 0...63)) {
        call, flag in
        guard let bit = bit(flag) else { return .no }
        return store(call.message, xflags, flags(call.message, xflags) & ~bit)
    }
    Function("isxflagset", in: .any, "Is an extended flag set?", Arg("flag", Int.self, in: 0...63)) {
        call, flag in
        guard let bit = bit(flag) else { return .no }
        return Outcome(flags(call.message, xflags) & bit != 0)
    }
    Function("msg_iflag_set", in: .any, "Sets an internal flag.", Arg("flagname", Text.self)) { call, name in
        guard let bit = internalBit(name) else { return .no }
        return store(call.message, iflags, flags(call.message, iflags) | bit)
    }
    Function("msg_iflag_reset", in: .any, "Clears an internal flag.", Arg("flagname", Text.self)) {
        call, name in
        guard let bit = internalBit(name) else { return .no }
        return store(call.message, iflags, flags(call.message, iflags) & ~bit)
    }
    Function("msg_iflag_is_set", in: .any, "Is an internal flag set?", Arg("flagname", Text.self)) {
        call, name in
        guard let bit = internalBit(name) else { return .no }
        return Outcome(flags(call.message, iflags) & bit != 0)
    }
}

private func bit(_ flag: Int) -> Int? {
    guard flag >= 0, flag <= 63 else {
        Host.log(.error, "an extended flag is 0 to 63, not \(flag)")
        return nil
    }
    return 1 << flag
}

private func internalBit(_ name: Text) -> Int? {
    if name.equalsIgnoringCase("USE_UAC_FROM") { return 1 }
    if name.equalsIgnoringCase("USE_UAC_TO") { return 2 }
    if name.equalsIgnoringCase("UAC_AUTH") { return 4 }
    Host.log(.error, "there is no internal flag \(name)")
    return nil
}

private func flags(_ message: Message, _ name: StaticString) -> Int {
    message.attributes(.xavi).get(name)?.int ?? 0
}

private func store(_ message: Message, _ name: StaticString, _ flags: Int) -> Outcome {
    let attributes = message.attributes(.xavi)
    if attributes.count(name) == 0 { return attributes.add(name, flags).isYes ? .yes : .no }
    return attributes.set(name, flags).isYes ? .yes : .no
}
