// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// The time in a Date header: "Sat, 13 Nov 2010 23:29:00 GMT" (RFC 3261, 20.17).
public enum SIPDate {
    /// Seconds since 1970; nil when it is no such time.
    public static func seconds(_ body: Text) -> Int? {
        guard let comma = body.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        var at = comma + 1
        guard let day = number(body, &at), let month = month(body, &at), let year = number(body, &at) else {
            return nil
        }
        let clock = body.dropFirst(at).trimmed
        guard clock.count > 8, clock[2] == UInt8(ascii: ":"), clock[5] == UInt8(ascii: ":"),
            let hour = clock[0..<2].integer, let minute = clock[3..<5].integer,
            let second = clock[6..<8].integer,
            clock.dropFirst(8).trimmed.equalsIgnoringCase("GMT"),
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        return ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    }

    private static func skipBlanks(_ body: Text, _ at: inout Int) {
        while at < body.count, body[at] == 32 || body[at] == 9 { at += 1 }
    }

    private static func number(_ body: Text, _ at: inout Int) -> Int? {
        skipBlanks(body, &at)
        let start = at
        while at < body.count, body[at] >= 48, body[at] <= 57 { at += 1 }
        return body[start..<at].integer
    }

    private static func month(_ body: Text, _ at: inout Int) -> Int? {
        skipBlanks(body, &at)
        guard body.count - at > 3 else { return nil }
        let name = body[at..<at + 3]
        at += 3
        if name.equalsIgnoringCase("Jan") { return 1 }
        if name.equalsIgnoringCase("Feb") { return 2 }
        if name.equalsIgnoringCase("Mar") { return 3 }
        if name.equalsIgnoringCase("Apr") { return 4 }
        if name.equalsIgnoringCase("May") { return 5 }
        if name.equalsIgnoringCase("Jun") { return 6 }
        if name.equalsIgnoringCase("Jul") { return 7 }
        if name.equalsIgnoringCase("Aug") { return 8 }
        if name.equalsIgnoringCase("Sep") { return 9 }
        if name.equalsIgnoringCase("Oct") { return 10 }
        if name.equalsIgnoringCase("Nov") { return 11 }
        if name.equalsIgnoringCase("Dec") { return 12 }
        return nil
    }

    /// Counting from March, so that the leap day is the last of a year.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
