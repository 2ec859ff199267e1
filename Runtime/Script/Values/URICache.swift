// SPDX-License-Identifier: Apache-2.0
import Message

/// The URIs of a message that were last taken apart on a worker: From's and To's are asked for part by part.
///
/// A text is known by where it stands, and by its message: bytes of a message do not change while it lives.
struct URICache {
    private struct Entry {
        var text = Slice.absent
        var message: Message?
        var serial: UInt64 = 0
        var uri = URI()
    }

    private static let count = 4
    private let entries: UnsafeMutablePointer<Entry>
    private var next = 0

    init() {
        entries = .allocate(capacity: Self.count)
        entries.initialize(repeating: Entry(), count: Self.count)
    }

    func close() { entries.deallocate() }

    mutating func uri(_ text: Slice, of message: Message) -> URI? {
        for index in 0..<Self.count {
            let entry = entries + index
            if entry.pointee.text.base == text.base, entry.pointee.text.count == text.count,
                entry.pointee.message == message, entry.pointee.serial == message.serial
            {
                return entry.pointee.uri
            }
        }
        guard let uri = URI(parsing: text) else { return nil }
        entries[next] = Entry(text: text, message: message, serial: message.serial, uri: uri)
        next = (next + 1) % Self.count
        return uri
    }
}
