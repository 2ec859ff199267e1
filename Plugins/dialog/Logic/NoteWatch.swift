// SPDX-License-Identifier: Apache-2.0

/// Whose notes a server reads, and which of them are of no use to anybody. Nobody's clock has to be right: what counts
/// is how long we have seen something.
public struct NoteWatch: Sendable {
    public let own: Int
    /// Those whose dialogs we have taken over, with the time since when they run again; nil: they are dead.
    private var inherited: [Int: Int?] = [:]
    /// When we saw each note for the first time.
    private var seen: [Note.Identity: Int] = [:]

    private static let lasting = Note.lastingSeconds * 1000

    public init(own: Int) { self.own = own }

    /// What was for that server is for us from now on as well.
    public mutating func inherit(_ server: Int) { inherited[server] = .some(nil) }

    /// Whose notes are to be read. Who runs again reads his own; ours among them are those of servers that had not
    /// heard yet whose the dialog is now, so there are none after a while.
    /// - Parameters:
    ///   - now: milliseconds of a clock that only goes forward.
    ///   - runs: whether another server is alive.
    public mutating func owners(at now: Int, runs: (Int) -> Bool) -> [Int] {
        for (server, since) in inherited {
            if !runs(server) {
                inherited[server] = .some(nil)
            } else if let since {
                if now - since >= Self.lasting { inherited[server] = nil }
            } else {
                inherited[server] = now
            }
        }
        return [own] + inherited.keys.sorted()
    }

    /// Those for which nobody has had a dialog for so long that nobody will. What is for a server that runs is left to
    /// that one.
    /// - Parameter notes: all that there are now.
    public mutating func useless(_ notes: [Note], at now: Int) -> Set<Note.Identity> {
        var still: [Note.Identity: Int] = [:]
        var useless: Set<Note.Identity> = []
        for note in notes {
            let since = seen[note.identity] ?? now
            still[note.identity] = since
            if now - since >= Self.lasting, isOurs(note) { useless.insert(note.identity) }
        }
        seen = still
        return useless
    }

    private func isOurs(_ note: Note) -> Bool {
        guard note.owner != own else { return true }
        guard let since = inherited[note.owner] else { return false }
        return since == nil
    }
}
