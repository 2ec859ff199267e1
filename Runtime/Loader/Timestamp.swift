// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Local time as the log shows it: `2026-11-21 02:30:00.123`.
enum Timestamp {
    static func now() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var seconds = now.tv_sec
        var parts = tm()
        localtime_r(&seconds, &parts)
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(three(now.tv_nsec / 1_000_000))"
    }

    /// As ctime(3) writes it, without the end of line: `Sat Nov 21 02:30:00 2026`.
    static func text(_ seconds: Int) -> String {
        var seconds = seconds
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            guard let text = ctime_r(&seconds, buffer.baseAddress!) else { return "" }
            return String(String(cString: text).prefix { $0 != "\n" })
        }
    }

    private static func two(_ n: Int32) -> String { n < 10 ? "0\(n)" : "\(n)" }
    private static func three(_ n: Int) -> String { n < 10 ? "00\(n)" : n < 100 ? "0\(n)" : "\(n)" }
}
