// SPDX-License-Identifier: Apache-2.0
// Refuses session timers that are too short, and counts them.
import CMartlet
import PluginKit

private let sl = Need("sl", 1, as: sl_api.self)
private let minSE = Param<Int>("min_se", default: "90", in: 90...86_400, "Least session timer, in seconds.")
private let refused = Counter("refused", "Requests answered with 422.")
private let sessionExpires = Header("Session-Expires")

private let plugin = Plugin("seguard", "1.0.0", "Refuses too short session timers.") {
    sl
    minSE
    refused
    sessionExpires

    Function("seguard_check", in: .request, "Refuses a too short Session-Expires.",
             Arg("least", Int.self, default: "0")) { call, least in
        let least = max(least, minSE.value)
        guard let asked = call.message.header(sessionExpires.name).leadingInt, asked < least else { return .yes }

        refused.add()
        call.message.append(Line("Min-SE", least))
        sl.reply(call, 422, "Session Interval Too Small")
        return .stop
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
