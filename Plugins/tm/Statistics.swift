// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The statistics of the group tmx, by the names that users know.
enum Statistics: Int, CaseIterable {
    case requests, branches
    case class2, class3, class4, class5, class6
    /// There now, and of them those without a final answer.
    case present, active
    case received, absorbed, generated, relayed, sent
    /// Requests of our own, and calls that were too many.
    case local, refused

    private static let names: [StaticString] = [
        "UAS_transactions", "UAC_transactions", "2xx_transactions", "3xx_transactions", "4xx_transactions",
        "5xx_transactions", "6xx_transactions", "inuse_transactions", "active_transactions", "rpl_received",
        "rpl_absorbed", "rpl_generated", "rpl_relayed", "rpl_sent", "local_transactions",
        "refused_transactions",
    ]
    /// Written once, before any traffic.
    nonisolated(unsafe) private static var numbers: UnsafeMutablePointer<UInt32>?

    static func define() {
        let all = UnsafeMutablePointer<UInt32>.allocate(capacity: names.count)
        for one in allCases {
            all[one.rawValue] = Statistic.define("tmx", "\(names[one.rawValue])")?.number ?? 0
        }
        numbers = all
    }

    @inline(__always) func add(_ count: Int64 = 1) {
        _ = Server.statistic.pointee.add(Self.numbers.unsafelyUnwrapped[rawValue], count)
    }

    var value: Int { Int(Server.statistic.pointee.read(Self.numbers.unsafelyUnwrapped[rawValue])) }

    static func ended(_ status: Int) {
        guard status >= 200, status < 700, let one = Statistics(rawValue: class2.rawValue + status / 100 - 2)
        else {
            return
        }
        one.add()
    }
}
