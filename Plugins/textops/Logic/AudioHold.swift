// SPDX-License-Identifier: Apache-2.0

/// How a session description puts its audio on hold.
public enum AudioHold: Int, Sendable {
    /// RFC 2543: the connection address is 0.0.0.0.
    case nullAddress = 1
    /// RFC 3264: `a=sendonly` or `a=inactive`.
    case direction = 2

    /// Looks for an audio stream that is held. Null addresses win over directions, as stream by stream.
    public static func find(in description: UnsafeRawBufferPointer) -> AudioHold? {
        var session = Level()
        var media: Level?
        var at = 0
        while at < description.count {
            var end = at
            while end < description.count, description[end] != 10, description[end] != 13 { end += 1 }
            let line = UnsafeRawBufferPointer(rebasing: description[at..<end])
            at = end + 1
            if starts(line, "m=") {
                if let held = hold(media, in: session) { return held }
                media = Level(isAudio: starts(line, "m=audio "))
            } else if media == nil {
                session.read(line)
            } else {
                media?.read(line)
            }
        }
        return hold(media, in: session)
    }

    /// What the lines of the session, or of one stream, say.
    private struct Level {
        var isAudio = false
        var hasAddress = false
        var isNull = false
        var isHeld = false
        var hasDirection = false

        mutating func read(_ line: UnsafeRawBufferPointer) {
            if starts(line, "c=IN ") {
                hasAddress = true
                isNull = equals(line, "c=IN IP4 0.0.0.0") || equals(line, "c=IN IP6 ::")
            } else if equals(line, "a=sendonly") || equals(line, "a=inactive") {
                hasDirection = true
                isHeld = true
            } else if equals(line, "a=sendrecv") || equals(line, "a=recvonly") {
                hasDirection = true
                isHeld = false
            }
        }
    }

    private static func hold(_ media: Level?, in session: Level) -> AudioHold? {
        guard let media, media.isAudio else { return nil }
        if media.hasAddress ? media.isNull : session.isNull { return .nullAddress }
        return (media.hasDirection ? media.isHeld : session.isHeld) ? .direction : nil
    }
}

private func starts(_ line: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    guard line.count >= text.utf8CodeUnitCount else { return false }
    for index in 0..<text.utf8CodeUnitCount where line[index] != text.utf8Start[index] { return false }
    return true
}

private func equals(_ line: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    var count = line.count
    while count > 0, line[count - 1] == 32 { count -= 1 }
    return count == text.utf8CodeUnitCount && starts(line, text)
}
