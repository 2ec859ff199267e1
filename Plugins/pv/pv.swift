// SPDX-License-Identifier: Apache-2.0
// Helpers for the script's variables. The variables themselves are the server's own.
import CMartlet
import PluginKit

private let shvset = Params<Text>("shvset", is: .verbatim, "name=i:1 or name=s:text, for $shv(name).")
private let varset = Params<Text>("varset", is: .verbatim, "name=i:1 or name=s:text, for $var(name).")
private let aliases = Params<Text>(
    "avp_aliases", is: .verbatim, "Other names of AVPs. Not possible here: an error.")

private let plugin = Plugin("pv", "1.0.0", "Helpers for the script's variables.") {
    shvset
    varset
    aliases
    Start {
        guard aliases.count == 0 else {
            return Host.fail(
                "avp_aliases has no effect in this server", help: "use the other name in the script itself")
        }
        guard SharedVariables.read(shvset, varset), ScratchBranch.prepare() else { return .error }
        return .yes
    }
    Hook("core.ready") { call in SharedVariables.shared.allSatisfy { $0.assign(call) } ? .yes : .error }
    Hook("core.worker") { call in SharedVariables.perWorker.allSatisfy { $0.assign(call) } ? .yes : .error }

    testFunctions()
    attributeFunctions(.xavp, "xavp")
    attributeFunctions(.xavi, "xavi")
    textFunctions()
    branchFunctions()
    commands()
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

/// What a variable is, and being rid of it.
@Declarations private func testFunctions() -> [any Declaration] {
    Function("pv_isset", in: .any, "Has it a value?", variable()) { call, variable in
        guard let value = call.read(variable) else { return .no }
        return Outcome(!value.isNull)
    }
    Function("pv_unset", in: .any, "Takes its value away.", variable()) { call, variable in
        call.write(variable, mt_value()).isYes ? .yes : .no
    }
    Function("is_int", in: .any, "Is its value a number?", variable()) { call, variable in
        guard let value = call.read(variable) else { return .no }
        return Outcome(value.int != nil)
    }
    Function("not_empty", in: .any, "Is its value text, and not empty?", variable()) { call, variable in
        guard let value = call.read(variable) else { return .no }
        return Outcome(!value.text.isEmpty)
    }
    Function(
        "typeof", in: .any, "Is its value of that type?", variable(),
        Arg("type", Text.self, prepare: prepareType, "int, str, null, xavp or vtag.")
    ) { call, variable, type in
        guard let value = call.read(variable) else { return .no }
        if type == "int" { return Outcome(value.int != nil) }
        if type == "null" { return Outcome(value.isNull) }
        let isList = value.text.hasPrefix("<<xavp:")
        if type == "xavp" { return Outcome(isList) }
        return Outcome(type == "str" && !value.text.isAbsent && !isList)
    }
}

private func variable() -> Arg<Expression> { Arg("variable", Expression.self, "As $var(x).") }

private let prepareType: mt_fn = { call in
    guard let call = call?.pointee else { return Outcome.error.code }
    let text = Text(unchecked: call.args.pointee.str)
    if text == "int" || text == "str" || text == "null" || text == "xavp" || text == "vtag" {
        return Outcome.yes.code
    }
    return Host.fail(
        "\"\(String(text))\" is no type of a variable", help: "there are int, str, null and xavp"
    ).code
}
