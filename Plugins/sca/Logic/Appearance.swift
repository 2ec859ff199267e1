// SPDX-License-Identifier: Apache-2.0

/// The call that an appearance is in.
public struct CallName: Equatable, Sendable {
    public var callID = ""
    /// Of the caller.
    public var fromTag = ""
    /// Of the callee; empty before there is one.
    public var toTag = ""

    public init(callID: String = "", fromTag: String = "", toTag: String = "") {
        self.callID = callID
        self.fromTag = fromTag
        self.toTag = toTag
    }

    public var isEmpty: Bool { callID.isEmpty }

    /// Does a request with these tags, from whichever side, belong to it?
    public func fits(_ one: String, _ other: String) -> Bool {
        if one == fromTag { return toTag.isEmpty || other.isEmpty || other == toTag }
        if other == fromTag { return toTag.isEmpty || one == toTag }
        return false
    }
}

/// One of the calls that a shared line can have at a time.
public struct Appearance: Equatable, Sendable {
    /// What is restored when a pick-up fails.
    public struct Before: Equatable, Sendable {
        var owner, farContact, display: String
        var call: CallName
        var isCallee: Bool
        var state: AppearanceState
        var peer: Peer?
        /// The call has ended meanwhile: there is nothing to go back to.
        var isOver = false
    }
    /// The appearance of the other side of the call, of another shared line.
    public struct Peer: Equatable, Sendable {
        public var aor: String
        public var index: Int
        public init(aor: String, index: Int) {
            self.aor = aor
            self.index = index
        }
    }

    public let index: Int
    public internal(set) var state: AppearanceState
    /// The Contact of the telephone that uses it; empty: several ring.
    public internal(set) var owner = ""
    /// The Contact of the far end.
    public internal(set) var farContact = ""
    /// appearance-uri, without its quotes.
    public internal(set) var display = ""
    public internal(set) var call = CallName()
    /// The line was called: its telephone is the callee of the call.
    public internal(set) var isCallee = false
    /// Unix time in milliseconds.
    public internal(set) var created: Int64
    public internal(set) var modified: Int64
    /// It goes when nothing happens until then, Unix time in milliseconds; 0: it stays.
    public internal(set) var deadline: Int64 = 0
    public internal(set) var peer: Peer?
    /// Among several servers: whose it is, and the time of its row. 0: it has none.
    public internal(set) var server = 0
    public internal(set) var version: Int64 = 0
    /// A pick-up that has not been answered.
    public internal(set) var before: [Before] = []
    /// The state before a re-INVITE that has not been answered, and its CSeq.
    public internal(set) var undo: (sequence: UInt32, state: AppearanceState)?

    public init(index: Int, state: AppearanceState, at now: Int64) {
        self.index = index
        self.state = state
        created = now
        modified = now
    }

    public var isPickUp: Bool { !before.isEmpty }
    /// The tag of the line's own telephone, and that of the far end.
    public var ownTag: String { isCallee ? call.toTag : call.fromTag }
    public var farTag: String { isCallee ? call.fromTag : call.toTag }

    public static func == (one: Appearance, other: Appearance) -> Bool {
        one.index == other.index && one.state == other.state && one.owner == other.owner
            && one.farContact == other.farContact && one.display == other.display && one.call == other.call
            && one.isCallee == other.isCallee && one.before == other.before && one.deadline == other.deadline
    }
}
