// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Does a session description put its sender's far end on hold? One stream is enough: `a=sendonly`, `a=inactive`
/// (RFC 3264, 8.4), or the address 0.0.0.0 (RFC 2543).
public enum SessionHold {
    /// Nil: it describes no stream.
    public static func isHeld(_ description: Text) -> Bool? {
        var session = Level()
        var media: Level?
        var isHeld: Bool?
        var rest = description
        func close() {
            guard let media, !media.isRefused else { return }
            let isNull = media.hasAddress ? media.isNull : session.isNull
            let isOneWay = media.hasDirection ? media.isOneWay : session.isOneWay
            isHeld = isHeld ?? false || isNull || isOneWay
        }
        while let line = rest.take(upTo: UInt8(ascii: "\n")) {
            let line = line.trimmed
            if line.hasPrefix("m=" as StaticString) {
                close()
                media = Level(isRefused: port(line) == 0)
            } else if media == nil {
                session.read(line)
            } else {
                media?.read(line)
            }
        }
        close()
        return isHeld
    }

    /// "m=audio 0 ...": a stream that nobody wants is neither held nor not.
    private static func port(_ line: Text) -> Int? {
        guard let blank = line.firstIndex(of: 32) else { return nil }
        return line.dropFirst(blank + 1).leadingInt
    }

    private struct Level {
        var isRefused = false
        var hasAddress = false
        var isNull = false
        var hasDirection = false
        var isOneWay = false

        mutating func read(_ line: Text) {
            if line.hasPrefix("c=IN " as StaticString) {
                hasAddress = true
                isNull = line == "c=IN IP4 0.0.0.0" as StaticString || line == "c=IN IP6 ::" as StaticString
            } else if line == "a=sendonly" as StaticString || line == "a=inactive" as StaticString {
                (hasDirection, isOneWay) = (true, true)
            } else if line == "a=sendrecv" as StaticString || line == "a=recvonly" as StaticString {
                (hasDirection, isOneWay) = (true, false)
            }
        }
    }
}
