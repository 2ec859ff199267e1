// SPDX-License-Identifier: Apache-2.0

/// What one of several servers on a database has to tell another about a dialog of his: what came of a request that
/// went through the one who tells, or that the dialog is his no more.
///
/// Only its owner writes the row of a dialog. Everybody else leaves a note, at most one of each writer for a dialog,
/// which says all that he knows of it; and another one when he has taken it over.
public struct Note: Equatable, Sendable {
    /// With the numbers of the column "kind".
    public enum Kind: Int, Sendable {
        /// A request inside it, or an answer to one.
        case changed = 1
        /// It is over.
        case ended
        /// Its owner did not answer any more, and the writer has taken it over.
        case claimed
    }

    /// h_entry and h_id.
    public var entry, id: UInt32
    /// Who has written it, and for whom: numbers of servers.
    public var writer, owner: Int
    public var kind: Kind
    /// Unix time in milliseconds, by the clock of the writer: the same note is not read twice.
    public var stamp: Int
    public var callID: String
    /// Empty but for `changed` and `ended`.
    public var data: SavedData

    public init(
        entry: UInt32, id: UInt32, writer: Int, owner: Int, kind: Kind, stamp: Int, callID: String,
        data: SavedData = SavedData()
    ) {
        self.entry = entry
        self.id = id
        self.writer = writer
        self.owner = owner
        self.kind = kind
        self.stamp = stamp
        self.callID = callID
        self.data = data
    }

    /// The column "writer", which makes the key of a note with entry and id. An heir has noted before what requests
    /// brought while nobody owned the dialog, and is to read that himself: his claim must not take its place.
    public var mark: Int { kind == .claimed ? -writer : writer }
    public static func writer(mark: Int) -> Int { abs(mark) }

    /// Entry and id in one word, as rows are known.
    public var key: UInt64 { UInt64(entry) << 32 | UInt64(id) }

    /// Seconds after which a note that nobody has a dialog for is of no use.
    public static let lastingSeconds = 60

    /// The same note, however often it is read.
    public struct Identity: Hashable, Sendable {
        let key: UInt64
        let mark, stamp: Int
    }
    public var identity: Identity { Identity(key: key, mark: mark, stamp: stamp) }
}

/// The names in `Note.data` besides those of `SavedData`.
extension SavedData {
    public enum Name {
        public static let server = "server"
        public static let state = "state"
        public static let deadline = "timeout"
        public static let cause = "cause"
        public static let callerSequence = "callerSequence"
        public static let calleeSequence = "calleeSequence"
        public static let flags = "sflags"
        public static let properties = "iflags"
        public static let callerContact = "callerContact"
        public static let calleeContact = "calleeContact"
        public static let reason = "reason"
        /// 1: the writer was the owner, and says what it did before it heard that it is no more.
        public static let parting = "parting"
        /// The variables are all in the note, with "$" in front of their names.
        public static let hasVariables = "variables"
    }

    /// Whose dialog it is; 0: a server that has no number wrote it.
    public var server: Int {
        get { numbers[Name.server] ?? 0 }
        set { numbers[Name.server] = newValue == 0 ? nil : newValue }
    }

    public var isParting: Bool { numbers[Name.parting] != nil }

    /// nil: they are as they were.
    public var variables: [String: String]? {
        get {
            guard numbers[Name.hasVariables] != nil else { return nil }
            var all: [String: String] = [:]
            for (name, text) in texts where name.hasPrefix("$") { all[String(name.dropFirst())] = text }
            return all
        }
        set {
            for name in texts.keys where name.hasPrefix("$") { texts[name] = nil }
            numbers[Name.hasVariables] = newValue.map { $0.count }
            for (name, text) in newValue ?? [:] { texts["$\(name)"] = text }
        }
    }
}

extension Life {
    /// What another server says of it: its lifetime and limits are those that it has there, for requests went there
    /// last.
    public mutating func adopt(_ other: Life) -> Actions {
        guard isCall, other.isCall else { return [] }
        let actions = other.state == .confirmed ? acknowledged() : []
        take(other)
        return actions.union([.save, .arm])
    }
}
