// SPDX-License-Identifier: Apache-2.0
import PluginKit
import SlLogic

/// sl.stats: the fields have the names of the statistics without "_replies", as kamcmd shows them.
func statistics(_ answer: borrowing Answer) {
    answer.structure { answer in
        for name in ReplyCount.names where "\(name)" != "1xx_replies" {
            let statistic = Statistic.named("sl:\(name)")
            answer.put(named: String("\(name)".prefix(3)), statistic?.value ?? 0)
        }
    }
}
