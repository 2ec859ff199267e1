// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

@Declarations func statisticFunctions() -> [any Declaration] {
    Function(
        "update_stat", in: .any, "Adds to a counter.",
        Arg("name", Text.self, prepare: prepareStatistic, "Of the server, of a plugin, or one of your own."),
        Arg("value", Text.self, "A number with a sign: \"+1\", \"-2\".")
    ) { call, name, value in
        guard let statistic = statistic(call, name), let count = value.integer else { return .no }
        return statistic.add(count).isYes ? .yes : .no
    }
    Function(
        "reset_stat", in: .any, "Sets a counter to 0.", Arg("name", Text.self, prepare: prepareStatistic)
    ) { call, name in
        guard let statistic = statistic(call, name) else { return .no }
        return statistic.reset().isYes ? .yes : .no
    }
}

/// A constant name is looked up once; where nobody has such a counter, the script gets one, in the group
/// "script".
private func prepareStatistic(_ raw: UnsafeMutablePointer<mt_call>?) -> mt_result {
    guard let raw else { return Outcome.error.code }
    let name = Text(unchecked: raw.pointee.args.pointee.str)
    guard let statistic = Statistic.named(name) ?? Statistic.define("script", name) else {
        return Host.fail("there can be no statistic \(name)", help: "use letters, digits and underscores")
            .code
    }
    raw.pointee.out.pointee.ptr = UnsafeMutableRawPointer(bitPattern: UInt(statistic.number))
    return Outcome.yes.code
}

private func statistic(_ call: borrowing Call, _ name: Text) -> Statistic? {
    if let prepared = call.raw.pointee.args.pointee.ptr {
        return Statistic(number: UInt32(truncatingIfNeeded: UInt(bitPattern: prepared)))
    }
    return Statistic.named(name)
}
