// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// Time: of the message, taken when it is first asked for, and of now.
extension VariableCode {
    static func readTime(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let services = context.pointee.services
        let message = context.pointee.message
        switch code.pointee.operation {
        case .startTime: return ScriptValue(services.pointee.started)
        case .unixTime: return ScriptValue(messageTime(context) / 1_000_000)
        case .unixTimeNow: return ScriptValue(services.pointee.clock() / 1_000_000)
        case .timeText: return ScriptValue(calendar(messageTime(context) / 1_000_000, message))
        case .timeTextNow: return ScriptValue(calendar(services.pointee.clock() / 1_000_000, message))
        case .timeField: return field(code, context)
        case .timeFormat:
            let format = code.pointee.name(context)
            var time = brokenDown(messageTime(context) / 1_000_000, utc: code.pointee.number == 1)
            return ScriptValue(formatted(&time, format, message))
        default: return timeOfDay(code.pointee.part, context)
        }
    }

    private static func messageTime(_ context: Context) -> Int64 {
        context.pointee.values.pointee.notes.time(
            context.pointee.message, context.pointee.services.pointee.clock)
    }

    static func brokenDown(_ seconds: Int64, utc: Bool = false) -> tm {
        var seconds = time_t(seconds)
        var fields = tm()
        if utc { gmtime_r(&seconds, &fields) } else { localtime_r(&seconds, &fields) }
        return fields
    }

    /// "Fri Nov 20 23:27:19 2026"
    private static func calendar(_ seconds: Int64, _ message: Message) -> Slice {
        var time = brokenDown(seconds)
        return formatted(&time, "%a %b %e %H:%M:%S %Y", message)
    }

    /// At most 255 bytes; empty when it would be more.
    static func formatted(_ time: inout tm, _ format: Slice, _ message: Message) -> Slice {
        let room = message.bytes(256)
        let terminated = message.bytes(format.count + 1)
        if let base = format.base { terminated.update(from: base, count: format.count) }
        terminated[format.count] = 0
        let count = strftime(
            UnsafeMutableRawPointer(room).assumingMemoryBound(to: CChar.self), 256,
            UnsafeRawPointer(terminated).assumingMemoryBound(to: CChar.self), &time)
        return Slice(base: UnsafePointer(room), count: count)
    }

    private static func field(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let time = brokenDown(messageTime(context) / 1_000_000, utc: code.pointee.number == 1)
        let value: Int32 =
            switch code.pointee.part {
            case .second: time.tm_sec
            case .minute: time.tm_min
            case .hour: time.tm_hour
            case .dayOfMonth: time.tm_mday
            case .month: time.tm_mon + 1
            case .year: time.tm_year + 1900
            case .weekday: time.tm_wday + 1
            case .dayOfYear: time.tm_yday + 1
            default: time.tm_isdst
            }
        return ScriptValue(Int64(value))
    }

    private static func timeOfDay(_ part: VariablePart, _ context: Context) -> ScriptValue {
        let isNow = part == .secondsNow || part == .microsecondsNow || part == .joinedNow
        let time = isNow ? context.pointee.services.pointee.clock() : messageTime(context)
        switch part {
        case .seconds, .secondsNow: return ScriptValue(time / 1_000_000)
        case .microseconds, .microsecondsNow: return ScriptValue(time % 1_000_000)
        default:
            var text = ArenaText(context.pointee.message, room: 32)
            text.append(time / 1_000_000)
            text.append(UInt8(ascii: "."))
            // Six digits, zeros in front.
            text.append(context.pointee.message.decimal(1_000_000 + time % 1_000_000).dropFirst())
            return ScriptValue(text.slice)
        }
    }
}
