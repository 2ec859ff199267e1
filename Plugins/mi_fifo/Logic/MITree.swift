// SPDX-License-Identifier: Apache-2.0

/// An answer as the management interface shows it: one node a line, `name:: value`, indented by its level.
public struct MITree {
    public private(set) var text = ""
    private let indent: String
    private var depth = 0
    /// Of the brackets around what is shown, whether they have a line of their own.
    private var hasLine: [Bool] = []

    public init(indent: String) { self.indent = indent }

    public mutating func put(_ key: String, _ value: String) {
        // One line is one node.
        let value = value.map { $0 == "\n" || $0 == "\r" || $0 == "\r\n" ? " " : $0 }
        line(key.isEmpty ? String(value) : "\(key):: \(String(value))")
    }

    public mutating func open(_ key: String) {
        hasLine.append(!key.isEmpty)
        if !key.isEmpty {
            line("\(key)::")
            depth += 1
        }
    }

    public mutating func close() {
        if hasLine.popLast() == true { depth -= 1 }
    }

    private mutating func line(_ line: String) {
        text += String(repeating: indent, count: depth) + line + "\n"
    }
}
