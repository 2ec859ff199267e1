// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What an appearance of a shared line does. The numbers are those of tables and of older lists.
public enum AppearanceState: UInt8, Sendable, CaseIterable {
    case idle, seized, progressing, alerting
    /// Answered, and its ACK has not come yet. Called "active".
    case activePending
    case active, held, heldPrivate

    /// As it stands in Call-Info (BroadWorks access-side extensions).
    public var word: StaticString {
        switch self {
        case .idle: "idle"
        case .seized: "seized"
        case .progressing: "progressing"
        case .alerting: "alerting"
        case .activePending, .active: "active"
        case .held: "held"
        case .heldPrivate: "held-private"
        }
    }

    /// - Parameter knowsRinging: "ringing", as manuals call it, is "alerting".
    public init?(_ word: Text, knowsRinging: Bool = false) {
        if knowsRinging, word.equalsIgnoringCase("ringing" as StaticString) {
            self = .alerting
            return
        }
        let states: [AppearanceState] = [
            .idle, .seized, .progressing, .alerting, .active, .held, .heldPrivate,
        ]
        for state in states where word.equalsIgnoringCase(state.word) {
            self = state
            return
        }
        return nil
    }

    /// There is a call that both sides have agreed to.
    public var isAnswered: Bool {
        switch self {
        case .activePending, .active, .held, .heldPrivate: true
        case .idle, .seized, .progressing, .alerting: false
        }
    }
    public var isHeld: Bool { self == .held || self == .heldPrivate }
}
