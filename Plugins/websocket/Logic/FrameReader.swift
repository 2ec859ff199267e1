// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Takes messages out of the bytes of a client (RFC 6455, 5 and 6.2), which may come in pieces of any size.
///
/// A message that is there as a whole is unmasked into memory that the caller lends, and nothing is allocated. Only what
/// comes in pieces has memory of its own, as much as has arrived, until it has been handed over: a header alone makes
/// nobody allocate what it promises.
public struct FrameReader: ~Copyable {
    /// Bytes in here are valid until the next call.
    public enum Step {
        /// All was taken in; more has to come.
        case more
        case message(UnsafeRawBufferPointer, isText: Bool)
        case ping(UnsafeRawBufferPointer)
        case pong(UnsafeRawBufferPointer)
        /// Code nil: there was none.
        case close(CloseCode?, UnsafeRawBufferPointer)
        /// It cannot be followed any further. Not to be called again.
        case failure(CloseCode, StaticString)
    }

    private enum Phase { case header, payload }

    /// The most bytes of a message, whatever its pieces.
    public let limit: Int
    /// Frames that have arrived as a whole; for counting.
    public private(set) var frames: UInt64 = 0

    private var phase = Phase.header
    private var header = [14 of UInt8](repeating: 0)
    private var headerCount = 0
    private var opcode = Frame.Opcode.continuation
    private var isFinal = false
    /// A message has begun and its last frame has not.
    private var isOpen = false
    private var isText = false
    private var mask = Mask(0)
    /// Of the payload of this frame.
    private var left = 0
    private var data = Pieces()
    private var control = Pieces()

    public init(limit: Int) { self.limit = limit }

    /// - Parameters:
    ///   - input: what has arrived; what was looked at is taken off its front.
    ///   - scratch: where messages are put that come in one piece.
    public mutating func next(
        _ input: inout UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer
    ) -> Step {
        // What was handed over.
        if !isOpen { data.drop() }
        if phase == .header || !opcode.isControl { control.drop() }
        while true {
            if phase == .header {
                if let problem = readHeader(&input) { return problem }
                guard phase == .payload else { return .more }
            }
            let there = UnsafeRawBufferPointer(rebasing: input.prefix(left))
            let isWhole = there.count == left && left <= scratch.count
            input = UnsafeRawBufferPointer(rebasing: input.dropFirst(there.count))
            if opcode.isControl {
                if isWhole, control.count == 0 { return end(copy(there, to: scratch)) }
                guard control.append(there, &mask) else { return .failure(.internalError, "No memory") }
            } else {
                if isWhole, data.count == 0, isFinal { return end(copy(there, to: scratch)) }
                guard data.append(there, &mask) else { return .failure(.internalError, "No memory") }
            }
            left -= there.count
            guard left == 0 else { return .more }
            if opcode.isControl { return end(control.bytes) }
            if isFinal { return end(data.bytes) }
            phase = .header
            frames += 1
        }
    }

    private mutating func copy(
        _ bytes: UnsafeRawBufferPointer, to room: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        guard let start = room.baseAddress, bytes.count > 0 else {
            return UnsafeRawBufferPointer(rebasing: bytes.prefix(0))
        }
        mask.copy(bytes, to: start)
        return UnsafeRawBufferPointer(start: start, count: bytes.count)
    }

    /// A frame that ends something has arrived.
    private mutating func end(_ bytes: UnsafeRawBufferPointer) -> Step {
        phase = .header
        frames += 1
        switch opcode {
        case .ping: return .ping(bytes)
        case .pong: return .pong(bytes)
        case .close: return close(bytes)
        case .text, .binary, .continuation:
            isOpen = false
            // RFC 6455, 8.1.
            if isText, !UTF8Text.isValid(bytes) { return .failure(.badData, "Text that is not UTF-8") }
            return .message(bytes, isText: isText)
        }
    }

    /// RFC 6455, 5.5.1.
    private func close(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard bytes.count > 0 else { return .close(nil, bytes) }
        guard bytes.count > 1 else { return .failure(.protocolError, "Half a close code") }
        let code = CloseCode(number: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
        guard code.mayBeSent else { return .failure(.protocolError, "Close code that may not be sent") }
        let reason = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(2))
        guard UTF8Text.isValid(reason) else { return .failure(.badData, "Close reason that is not UTF-8") }
        return .close(code, reason)
    }

    // MARK: the header

    /// The header's bytes one by one, until they are all there; then the phase is the payload's.
    private mutating func readHeader(_ input: inout UnsafeRawBufferPointer) -> Step? {
        var at = 0
        defer { input = UnsafeRawBufferPointer(rebasing: input.dropFirst(at)) }
        while at < input.count {
            header[headerCount] = input[at]
            headerCount += 1
            at += 1
            // What is wrong in the first two bytes is known at once.
            if headerCount == 2, let problem = checkStart() { return problem }
            if headerCount >= 2, headerCount == headerSize {
                headerCount = 0
                if let problem = checkLength() { return problem }
                phase = .payload
                return nil
            }
        }
        return nil
    }

    private var lengthDigit: Int { Int(header[1] & 0x7f) }
    /// With the length and the mask.
    private var headerSize: Int { lengthDigit == 127 ? 14 : lengthDigit == 126 ? 8 : 6 }

    private mutating func checkStart() -> Step? {
        // Nothing was agreed on that gives them a meaning.
        if header[0] & 0x70 != 0 { return .failure(.protocolError, "Reserved bits") }
        guard let opcode = Frame.Opcode(rawValue: header[0] & 15) else {
            return .failure(.protocolError, "Unknown opcode")
        }
        // RFC 6455, 5.1: a server closes when it is sent what is not masked.
        if header[1] & 0x80 == 0 { return .failure(.protocolError, "Unmasked frame") }
        isFinal = header[0] & 0x80 != 0
        self.opcode = opcode
        if opcode.isControl {
            if !isFinal { return .failure(.protocolError, "Fragmented control frame") }
            if lengthDigit > Frame.mostControl {
                return .failure(.protocolError, "Control frame of more than 125 bytes")
            }
            return nil
        }
        if opcode == .continuation {
            if !isOpen { return .failure(.protocolError, "Continuation of nothing") }
        } else {
            if isOpen { return .failure(.protocolError, "Message within a message") }
            isText = opcode == .text
        }
        return nil
    }

    private mutating func checkLength() -> Step? {
        var length = UInt64(lengthDigit)
        let size = headerSize
        if size > 6 {
            length = 0
            for index in 2..<size - 4 { length = length << 8 | UInt64(header[index]) }
            // RFC 6455, 5.2: the shortest form, and no more than 63 bits.
            if length < (size == 8 ? 126 : 65_536) {
                return .failure(.protocolError, "Length that is longer than it must be")
            }
            if length >> 63 != 0 { return .failure(.protocolError, "Length of more than 63 bits") }
        }
        if !opcode.isControl {
            if length > UInt64(max(limit - data.count, 0)) { return .failure(.tooLarge, "Message too large") }
            isOpen = true
        }
        left = Int(length)
        var word: UInt32 = 0
        withUnsafeMutableBytes(of: &word) { word in
            for index in 0..<4 { word[index] = header[size - 4 + index] }
        }
        mask = Mask(word)
        return nil
    }
}

/// The parts of something that have come so far.
private struct Pieces: ~Copyable {
    private var start: UnsafeMutableRawPointer?
    private var room = 0
    private(set) var count = 0

    deinit { free(start) }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    mutating func drop() {
        guard start != nil else { return }
        free(start)
        start = nil
        (room, count) = (0, 0)
    }

    /// False: there is no memory left.
    mutating func append(_ bytes: UnsafeRawBufferPointer, _ mask: inout Mask) -> Bool {
        guard bytes.count > 0 else { return true }
        if room - count < bytes.count {
            // At least twice as much, so that a message in many pieces is not copied with each of them.
            let wanted = max(count + bytes.count, room * 2, 512)
            guard let larger = realloc(start, wanted) else { return false }
            start = larger
            room = wanted
        }
        guard let start else { return false }
        mask.copy(bytes, to: start + count)
        count += bytes.count
        return true
    }
}
