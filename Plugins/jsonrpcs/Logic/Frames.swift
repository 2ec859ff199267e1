// SPDX-License-Identifier: Apache-2.0

/// Where one request ends and the next one begins in the bytes of a fifo.
///
/// It counts brackets outside of texts and knows nothing else of JSON: so a request may have any number of lines,
/// and one that cannot be read does not take the next one with it.
public struct Frames {
    public enum Frame: Equatable, Sendable {
        /// From a brace to the one that closes it, or likewise for a bracket.
        case whole([UInt8])
        /// Something that begins with neither: up to the end of its line.
        case noise([UInt8])
        /// Longer than any request: what was seen of it.
        case tooLong([UInt8])
    }

    /// In bytes.
    public static let longest = 1 << 20

    private var bytes: [UInt8] = []
    private var depth = 0
    private var isText = false
    private var isEscaped = false
    private var isNoise = false
    /// The rest of one that was too long.
    private var isSkipping = false

    public init() {}

    /// Has something begun and not ended?
    public var isWaiting: Bool { !bytes.isEmpty || isSkipping }

    public mutating func take(_ input: some Sequence<UInt8>) -> [Frame] {
        var frames: [Frame] = []
        for byte in input {
            if isNoise {
                if byte == 10 {
                    frames.append(.noise(bytes))
                    reset()
                } else if bytes.count < 256 {
                    bytes.append(byte)
                }
                continue
            }
            if depth == 0 {
                if byte == 32 || byte == 9 || byte == 10 || byte == 13 || byte == 0 { continue }
                isNoise = byte != UInt8(ascii: "{") && byte != UInt8(ascii: "[")
            }
            if !isSkipping { bytes.append(byte) }
            if !isNoise, follow(byte) {
                if !isSkipping { frames.append(.whole(bytes)) }
                reset()
            } else if bytes.count > Frames.longest {
                frames.append(.tooLong(bytes))
                bytes = []
                isSkipping = true
            }
        }
        return frames
    }

    /// Gives up what has not ended: whoever wrote it does not go on. Empty when there is nothing.
    public mutating func drop() -> [UInt8] {
        defer { reset() }
        return bytes
    }

    /// True: this one closes the outermost bracket.
    private mutating func follow(_ byte: UInt8) -> Bool {
        if isText {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isText = false
            }
            return false
        }
        switch byte {
        case UInt8(ascii: "\""): isText = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            return depth == 0
        default: break
        }
        return false
    }

    private mutating func reset() { self = Frames() }

    /// The name for the reply in something that cannot be read, if it can be made out: so that whoever wrote it is
    /// told.
    public static func replyName(in bytes: [UInt8]) -> String? {
        let key = Array("\"reply_name\"".utf8)
        guard let found = bytes.firstRange(of: key) else { return nil }
        var rest = bytes[found.upperBound...].drop { $0 <= 32 }
        guard rest.popFirst() == UInt8(ascii: ":") else { return nil }
        rest = rest.drop { $0 <= 32 }
        guard rest.popFirst() == UInt8(ascii: "\""), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else {
            return nil
        }
        return String(validating: rest[..<end], as: UTF8.self)
    }
}
