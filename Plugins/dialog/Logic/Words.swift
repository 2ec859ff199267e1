// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// create_dialog()'s flags and the properties of a dialog, with the bits of dialog.h.
public struct Properties: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let byeOnTimeout = Properties(rawValue: 1)
    public static let pingCaller = Properties(rawValue: 2)
    public static let pingCallee = Properties(rawValue: 4)
    public static let noReset = Properties(rawValue: 8)
    /// Pings that are re-INVITEs: their interval is another.
    public static let reinviteCaller = Properties(rawValue: 16)
    public static let reinviteCallee = Properties(rawValue: 32)
    /// A BYE that crosses the answer ends the call there too.
    public static let endOnRace = Properties(rawValue: 64)

    /// By create_dialog(), whose pings have intervals of their own.
    public static let created = Properties(rawValue: 128)

    public static let pings: Properties = [.pingCaller, .pingCallee, .reinviteCaller, .reinviteCallee]

    /// "B", "PpB" as letters; or words with commas or blanks between. The second: a word that is none.
    public static func creation(_ text: Text) -> (Properties, unknown: String?) {
        var properties: Properties = []
        var rest = text
        while let word = rest.takeWord() {
            if let one = word.creationWord {
                properties.insert(one)
                continue
            }
            for index in 0..<word.count {
                switch word[index] {
                case UInt8(ascii: "B"): properties.insert(.byeOnTimeout)
                case UInt8(ascii: "P"): properties.insert(.pingCaller)
                case UInt8(ascii: "p"): properties.insert(.pingCallee)
                case UInt8(ascii: "R"): properties.insert(.reinviteCaller)
                case UInt8(ascii: "r"): properties.insert(.reinviteCallee)
                case UInt8(ascii: "E"): properties.insert(.endOnRace)
                default: return (properties, String(word))
                }
            }
        }
        return (properties, nil)
    }

    /// "ka-src", "ka-dst", "timeout-noreset", with semicolons between.
    public static func named(_ text: Text) -> (Properties, unknown: String?) {
        var properties: Properties = []
        var rest = text
        while let word = rest.takeWord() {
            if word.equals("ka-src") {
                properties.insert(.pingCaller)
            } else if word.equals("ka-dst") {
                properties.insert(.pingCallee)
            } else if word.equals("timeout-noreset") {
                properties.insert(.noReset)
            } else {
                return (properties, String(word))
            }
        }
        return (properties, nil)
    }
}

extension Text {
    /// The next of several words, with blanks, commas or semicolons between.
    @_lifetime(copy self) mutating func takeWord() -> Text? {
        var start = 0
        while start < count, isGap(self[start]) { start += 1 }
        guard start < count else { return nil }
        var end = start
        while end < count, !isGap(self[end]) { end += 1 }
        let word = self[start..<end]
        self = dropFirst(end)
        return word
    }

    private func isGap(_ byte: UInt8) -> Bool { byte == 32 || byte == 44 || byte == 59 || byte == 9 }

    fileprivate var creationWord: Properties? {
        if equals("bye-on-timeout") { return .byeOnTimeout }
        if equals("options-ping-caller") { return .pingCaller }
        if equals("options-ping-callee") { return .pingCallee }
        if equals("reinvite-ping-caller") { return .reinviteCaller }
        if equals("reinvite-ping-callee") { return .reinviteCallee }
        if equals("end-on-race-condition") { return .endOnRace }
        // Provisional replies of ours need no PRACK: there are none of ours that would.
        if equals("auto-prack") { return [] }
        return nil
    }
}

/// Whom something is for, with the bits of dialog.h.
public struct Sides: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let caller = Sides(rawValue: 1)
    public static let callee = Sides(rawValue: 2)
    public static let both: Sides = [.caller, .callee]

    /// "all", "caller", "callee".
    public init?(_ text: Text) {
        if text.equalsIgnoringCase("all") || text.equalsIgnoringCase("both") {
            self = .both
        } else if text.equalsIgnoringCase("caller") {
            self = .caller
        } else if text.equalsIgnoringCase("callee") {
            self = .callee
        } else {
            return nil
        }
    }
}
