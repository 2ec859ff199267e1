// SPDX-License-Identifier: Apache-2.0

/// How many dialogs are in each profile, and with which value. Whoever uses it from several threads locks it.
public struct ProfileBook: Sendable {
    /// One name, and whether its members have values.
    public struct Definition: Equatable, Sendable {
        public let name: String
        public let hasValue: Bool
    }

    /// What is wrong with a list of names.
    public struct Fault: Error, Equatable {
        public let text: String
    }

    /// Of somebody else's dialog, until then (Unix seconds; 0 until it is taken away).
    private struct Remote: Sendable {
        let id: String
        let value: String
        let expires: Int
    }

    private struct Profile: Sendable {
        var total = 0
        var values: [String: Int] = [:]
        var remote: [Remote] = []
    }

    public private(set) var definitions: [Definition] = []
    private var profiles: [Profile] = []

    public init() {}

    /// "calls;trunks": letters, digits and _ only.
    public mutating func define(_ list: String, hasValue: Bool) throws(Fault) {
        for part in list.split(separator: ";") {
            var name = part.drop { $0 == " " }
            while name.last == " " { name.removeLast() }
            // OpenSIPS marks those that are shared or replicated; here each server counts its own.
            for mark in ["/b", "/s"] where name.hasSuffix(mark) { name.removeLast(2) }
            guard !name.isEmpty else { continue }
            guard name.utf8.allSatisfy({ Self.isFit($0) }) else {
                throw Fault(text: "the profile \"\(name)\" has other characters than letters, digits and _")
            }
            guard index(of: String(name)) == nil else {
                throw Fault(text: "the profile \"\(name)\" stands there twice")
            }
            definitions.append(Definition(name: String(name), hasValue: hasValue))
            profiles.append(Profile())
        }
    }

    private static func isFit(_ byte: UInt8) -> Bool {
        byte >= 48 && byte <= 57 || byte >= 65 && byte <= 90 || byte >= 97 && byte <= 122 || byte == 95
    }

    public func index(of name: String) -> Int? { definitions.firstIndex { $0.name == name } }

    /// False: there are `most` already, and nothing was changed. Without a limit it always succeeds.
    @discardableResult
    public mutating func join(_ profile: Int, _ value: String, most: Int = .max, now: Int = 0) -> Bool {
        guard size(profile, definitions[profile].hasValue ? value : nil, now: now) < most else {
            return false
        }
        profiles[profile].total += 1
        if definitions[profile].hasValue { profiles[profile].values[value, default: 0] += 1 }
        return true
    }

    public mutating func leave(_ profile: Int, _ value: String) {
        profiles[profile].total -= 1
        guard definitions[profile].hasValue, let count = profiles[profile].values[value] else { return }
        profiles[profile].values[value] = count > 1 ? count - 1 : nil
    }

    /// nil: whatever the value.
    public mutating func size(_ profile: Int, _ value: String?, now: Int = 0) -> Int {
        if !profiles[profile].remote.isEmpty {
            profiles[profile].remote.removeAll { $0.expires != 0 && $0.expires <= now }
        }
        guard let value else { return profiles[profile].total + profiles[profile].remote.count }
        var count = profiles[profile].values[value] ?? 0
        for one in profiles[profile].remote where one.value == value { count += 1 }
        return count
    }

    /// The values that there are, with their sizes, in alphabetical order.
    public func values(_ profile: Int, now: Int = 0) -> [(value: String, count: Int)] {
        var counts = profiles[profile].values
        if definitions[profile].hasValue {
            for one in profiles[profile].remote where one.expires == 0 || one.expires > now {
                counts[one.value, default: 0] += 1
            }
        }
        return counts.map { (value: $0.key, count: $0.value) }.sorted { $0.value < $1.value }
    }

    /// What is counted elsewhere and is no dialog of ours. The same id counts once.
    public mutating func addRemote(_ profile: Int, _ value: String, id: String, expires: Int) {
        removeRemote(profile, id: id)
        profiles[profile].remote.append(Remote(id: id, value: value, expires: expires))
    }

    public mutating func removeRemote(_ profile: Int, id: String) {
        profiles[profile].remote.removeAll { $0.id == id }
    }
}
