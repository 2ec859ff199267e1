// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// One line of the log. Its text is put together only when somebody will read it.
enum Entry {
    /// The prefix when it has variables in it. Written once, before any traffic.
    nonisolated(unsafe) private static var prefixFormat: Expression?

    static func prepare() -> Outcome {
        guard prefixMode.value == 1 else { return .yes }
        prefixFormat = Expression.compile(prefix.value)
        return prefixFormat == nil ? .error : .yes
    }

    static func write(_ call: borrowing Call, _ level: Host.Level, _ text: Piece) -> Outcome {
        guard Host.logs(level) else { return .yes }
        guard let value = text.now(call) else { return .no }
        var front = prefix.value.raw
        if let format = prefixFormat {
            guard let value = call.read(format) else { return .no }
            front = value.text.raw
        }
        write(level, front, Value(unchecked: value))
        return .yes
    }

    private static func write(_ level: Host.Level, _ front: mt_str, _ value: Value) {
        if let number = value.int { return Host.log(level, text: Line("\(front)\(number)")) }
        var text = value.isNull ? Text("<null>") : value.text
        if text.count > bufferSize.value { text = text.prefix(bufferSize.value) }
        // The server ends its lines itself; scripts do too.
        while text.hasSuffix("\n") || text.hasSuffix("\r") { text = text.dropLast() }
        Host.log(level, text: Line("\(front)\(text)"))
    }
}
