// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Worker

/// "martlet.statistic": counters by name.
extension mt_statistic_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_statistic_api> = {
        let table = UnsafeMutablePointer<mt_statistic_api>.allocate(capacity: 1)
        var api = mt_statistic_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_statistic_api>.size), major: 1, minor: 0)
        api.find = { name in host.statistics?.takeUnretainedValue().find(Slice(name).string)?.rawValue ?? 0 }
        api.define = { _, group, name in
            guard name.len > 0, let statistics = host.statistics?.takeUnretainedValue() else { return 0 }
            return statistics.define(Slice(group).string, Slice(name).string).rawValue
        }
        api.read = { id in host.statistics?.takeUnretainedValue().read(Statistics.ID(rawValue: id)) ?? 0 }
        api.add = { id, by in
            guard id != 0 else { return mt_result(MT_NO) }
            count(Statistics.ID(rawValue: id), by)
            return mt_result(MT_OK)
        }
        api.reset = { id in
            guard id != 0, let statistics = host.statistics?.takeUnretainedValue() else {
                return mt_result(MT_NO)
            }
            statistics.reset(Statistics.ID(rawValue: id))
            return mt_result(MT_OK)
        }
        table.initialize(to: api)
        return UnsafePointer(table)
    }()
}
