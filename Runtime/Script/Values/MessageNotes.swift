// SPDX-License-Identifier: Apache-2.0
import Message

/// What is worked out once per message: its time, its log prefix. For the last few messages of a worker; an
/// older one that is still about is worked out anew.
struct MessageNotes {
    private struct Note {
        var message: Message?
        var serial: UInt64 = 0
        var time: Int64 = 0
        var prefix = Slice.absent
    }

    private static let count = 8
    private let notes: UnsafeMutablePointer<Note>
    private var next = 0

    init() {
        notes = .allocate(capacity: Self.count)
        notes.initialize(repeating: Note(), count: Self.count)
    }

    func close() { notes.deallocate() }

    private mutating func note(_ message: Message) -> UnsafeMutablePointer<Note> {
        for index in 0..<Self.count
        where notes[index].message == message && notes[index].serial == message.serial {
            return notes + index
        }
        let note = notes + next
        next = (next + 1) % Self.count
        note.pointee = Note(message: message, serial: message.serial)
        return note
    }

    /// Unix microseconds when it was first asked for.
    mutating func time(_ message: Message, _ clock: @convention(c) () -> Int64) -> Int64 {
        let note = note(message)
        if note.pointee.time == 0 { note.pointee.time = clock() }
        return note.pointee.time
    }

    mutating func prefix(_ message: Message, _ evaluate: () -> Slice) -> Slice {
        let found = note(message)
        if found.pointee.prefix.isPresent { return found.pointee.prefix }
        let text = evaluate()
        note(message).pointee.prefix = text
        return text
    }
}

/// `log_prefix`: text with variables in front of each line that is logged while a message is processed.
public struct LogPrefix {
    let format: Format
    /// `log_prefix_mode = 1`: evaluated for every line rather than once per message.
    let isAlwaysNew: Bool

    public init(_ format: Format, isAlwaysNew: Bool) {
        self.format = format
        self.isAlwaysNew = isAlwaysNew
    }

    public func text(_ context: Context) -> Slice {
        if isAlwaysNew { return format.text(context) }
        return context.pointee.values.pointee.notes.prefix(context.pointee.message) { format.text(context) }
    }
}
