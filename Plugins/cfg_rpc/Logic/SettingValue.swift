// SPDX-License-Identifier: Apache-2.0

/// A value of a setting, as commands carry it.
public enum SettingValue: Equatable, Sendable {
    case int(Int)
    case text(String)

    /// What `cfg.set` takes for a setting of that kind: a number may come as its digits, and a text may look like
    /// a number.
    public func fitted(toNumber wantsNumber: Bool) -> SettingValue {
        switch self {
        case .int(let number): wantsNumber ? self : .text(String(number))
        case .text(let text): wantsNumber ? Int(text).map { .int($0) } ?? self : self
        }
    }
}

/// Which setting a command means: `group` or `group[2]`, and a name.
public enum GroupName {
    /// The group without blanks, its instance as it is listed: `g[2]` for `g[ 02 ]`. Nil: it is no name of a group.
    public static func canonical(_ text: String) -> String? {
        guard let bracket = text.firstIndex(of: "[") else { return text.isEmpty ? nil : text }
        let group = text[..<bracket]
        guard text.hasSuffix("]"), !group.isEmpty else { return nil }
        let inside = text[text.index(after: bracket)...].dropLast().filter { $0 != " " }
        guard let number = UInt32(inside) else { return nil }
        return "\(group)[\(number)]"
    }
}

/// Changes that wait for `cfg.commit`, in the order in which they were made; a setting has one at most.
public struct Staged: Sendable {
    public struct Change: Equatable, Sendable {
        public let index: UInt32
        /// Nil: what the file made it.
        public let value: SettingValue?

        public init(index: UInt32, value: SettingValue?) {
            self.index = index
            self.value = value
        }
    }

    public private(set) var changes: [Change] = []

    public init() {}

    public mutating func stage(_ change: Change) {
        changes.removeAll { $0.index == change.index }
        changes.append(change)
    }

    /// True: there was one.
    public mutating func drop(_ index: UInt32) -> Bool {
        let before = changes.count
        changes.removeAll { $0.index == index }
        return changes.count < before
    }

    public mutating func dropAll() { changes = [] }
}
