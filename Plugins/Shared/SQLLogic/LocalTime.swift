// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Date and time as databases of SIP servers keep them: local, as `2026-11-21 04:32:18`.
public enum LocalTime {
    public static func text(_ seconds: Int) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard localtime_r(&time, &parts) != nil else { return "1970-01-01 00:00:00" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { room in
            guard let start = room.baseAddress, strftime(start, room.count, "%Y-%m-%d %H:%M:%S", &parts) > 0
            else { return "1970-01-01 00:00:00" }
            return String(cString: start)
        }
    }

    /// Nil when it is no date; a date without a time is its first second.
    public static func seconds(_ text: some StringProtocol) -> Int? {
        var numbers: [Int32] = []
        var current: Int32?
        for byte in text.utf8 {
            if byte >= 48, byte <= 57 {
                guard (current ?? 0) < 100_000 else { return nil }
                current = (current ?? 0) * 10 + Int32(byte - 48)
            } else {
                guard let number = current else { return nil }
                numbers.append(number)
                current = nil
                // Fractions of a second count for nothing.
                if byte == 46 { break }
            }
        }
        if let current { numbers.append(current) }
        guard numbers.count == 3 || numbers.count >= 6 else { return nil }
        var parts = tm()
        parts.tm_year = numbers[0] - 1900
        parts.tm_mon = numbers[1] - 1
        parts.tm_mday = numbers[2]
        if numbers.count >= 6 {
            parts.tm_hour = numbers[3]
            parts.tm_min = numbers[4]
            parts.tm_sec = numbers[5]
        }
        guard (0...11).contains(parts.tm_mon), (1...31).contains(parts.tm_mday), parts.tm_hour < 25 else {
            return nil
        }
        // Whether it is summer there is for the zone to say.
        parts.tm_isdst = -1
        return Int(mktime(&parts))
    }

    /// A Julian day, as SQLite's own functions store one. Nil when it is none.
    public static func seconds(julianDay: Double) -> Int? {
        Int(exactly: ((julianDay - 2_440_587.5) * 86_400).rounded()).flatMap { seconds($0) }
    }

    /// Unix time. Nil when it is no year of four digits, with which nobody can reckon.
    public static func seconds(_ number: Int) -> Int? {
        (-62_167_219_200...253_402_300_799).contains(number) ? number : nil
    }
}
