// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message

/// Reading streams.
extension Worker {
    func connectionReady(_ id: UInt64, _ events: UInt32) {
        guard let connection = connections.find(id), connection.pointee.end != .now else { return }
        if connection.pointee.state == .connecting { return connectEnded(connection) }
        if events & Ready.input != 0 {
            // Replies finish what was begun, so they are all read before the next requests: where a few streams bring
            // those of many callers, more would begin in each turn than can ever end.
            var more = Self.mostReadings
            while read(connection), connection.pointee.bringsReplies, more > 0,
                connection.pointee.end == .none
            {
                more -= 1
            }
        } else if events & Ready.broken != 0 {
            count(counters.reset)
            return doom(connection)
        }
        if events & Ready.output != 0, connection.pointee.end != .now { writeQueued(connection) }
    }

    /// How often one that brings replies is read again in a turn.
    private static let mostReadings = 15

    /// Once per turn, so that one busy connection does not starve the others. Into the scratch memory, with room before it
    /// for the part of a message that is there; or behind that, when it is long. Whether there may be more.
    private func read(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        if connection.pointee.state == .lingering {
            discard(connection)
            return false
        }
        let start: UnsafeMutablePointer<UInt8>
        var room: Int
        // What filters have made of bytes has nothing to do with those that come next.
        let there = connection.pointee.isFiltered ? 0 : Int(connection.pointee.inputCount)
        if let input = connection.pointee.input, there > Self.longestPart {
            start = input + there
            room = Int(connection.pointee.inputRoom) - there
        } else {
            start = connections.scratch + there
            room = Connections.scratchSize - there
        }
        if !connection.pointee.bringsReplies { room = min(room, readingShare) }
        let count = receive(connection, start, room)
        if count > 0 {
            let now = ticks / 1_000_000
            if now &- connection.pointee.lastUsed > 2000 { connection.pointee.framer.pause() }
            connection.pointee.lastUsed = now
            arrived(connection, start, count)
        } else if count == 0 {
            peerFinished(connection)
        } else if errno != EAGAIN, errno != EINTR {
            self.count(counters.reset)
            doom(connection)
        }
        return count == room
    }

    private func receive(
        _ connection: UnsafeMutablePointer<Connection>, _ start: UnsafeMutablePointer<UInt8>, _ room: Int
    ) -> Int {
        streamBacklog.holds(0)
        guard backlog.isAskedFor, streamBacklog.mayBeLate(at: ticks) else {
            return recv(connection.pointee.descriptor, start, room, 0)
        }
        // What has come already has no stamp.
        if !connection.pointee.isStamped {
            connection.pointee.isStamped = true
            cl_stamp(connection.pointee.descriptor)
        }
        var waited: UInt64 = 0
        let count = cl_receive_stamped(connection.pointee.descriptor, start, room, &waited)
        streamBacklog.read(
            &connection.pointee.fillingSince, bringsReplies: connection.pointee.bringsReplies, waited: waited,
            isFilling: count == room && cl_is_filling(connection.pointee.descriptor), at: ticks)
        return count
    }

    /// Of a message of which a part is there: what is longer is not moved any more.
    private static let longestPart = 8192

    /// From the wire. A connection with filters gives the bytes to them here.
    private func arrived(
        _ connection: UnsafeMutablePointer<Connection>, _ start: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        if let chain = connection.pointee.filters { return filter(connection, chain, start, count) }
        if connection.pointee.isFiltered { return }
        guard let input = connection.pointee.input else { return frame(connection, start, count) }
        let there = Int(connection.pointee.inputCount)
        if there > Self.longestPart {
            connection.pointee.inputCount += UInt32(count)
            return frame(connection, input, there + count)
        }
        connections.scratch.update(from: input, count: there)
        frame(connection, connections.scratch, there + count)
    }

    /// Plain bytes that filters have made.
    func take(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        guard var input = connection.pointee.input else { return frame(connection, bytes, count) }
        let there = Int(connection.pointee.inputCount)
        if there + count > Int(connection.pointee.inputRoom) {
            let room = max(there + count, min(2 * there, limits.streamMessage))
            guard let grown = realloc(input, room) else { return doom(connection) }
            input = grown.assumingMemoryBound(to: UInt8.self)
            connection.pointee.input = input
            connection.pointee.inputRoom = UInt32(room)
        }
        memcpy(input + there, bytes, count)
        connection.pointee.inputCount = UInt32(there + count)
        frame(connection, input, there + count)
    }

    /// One whole message that filters have made, or a keep-alive (RFC 7118, 5).
    func takeWhole(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        let isBlank = (0..<min(count, 5)).allSatisfy { bytes[$0] == 13 || bytes[$0] == 10 }
        if count <= 4, isBlank {
            if count == 4 { answerPing(connection) }
            return
        }
        deliver(connection, bytes, count, isWhole: true)
    }

    /// Takes the messages out of plain bytes; what is left is kept for the next time.
    private func frame(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        var at = 0
        reading: while connection.pointee.end == .none {
            let step = connection.pointee.framer.step(
                bytes + at, count - at, limit: limits.streamMessage,
                lengthOptional: limits.acceptsNoContentLength)
            switch step {
            case .message(let skip, let size):
                at += skip
                deliver(connection, bytes + at, size)
                at += size
                if connection.pointee.flow.transport.hasMessages {
                    // It was a handshake.
                    passOn(connection, bytes + at, count - at)
                    break reading
                }
            case .ping(let skip):
                at += skip
                answerPing(connection)
            case .stun(let skip, let size):
                at += skip
                deliverForeign(connection, bytes + at, size)
                at += size
            case .more(let skip, let expected):
                keep(connection, bytes + at + skip, count - at - skip, expected)
                return
            case .fault(let skip, let head, let problem):
                at += skip
                refuse(connection, bytes + at, head, problem)
            }
        }
        dropInput(connection)
    }

    /// `isWhole`: it ends where the bytes do, whatever its Content-Length.
    private func deliver(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafeMutablePointer<UInt8>, _ size: Int,
        isWhole: Bool = false
    ) {
        count(counters.streamReceived)
        connection.pointee.bringsReplies = size > 4 && memcmp(bytes, "SIP/", 4) == 0
        let message = pool.take()
        message.flow = connection.pointee.flow
        var owner = index
        if network.workers > 1 { owner = group.owner(of: Slice(base: bytes, count: size), otherwise: index) }
        if size <= message.receiveBuffer.count, let room = message.receiveBuffer.baseAddress {
            room.copyMemory(from: bytes, byteCount: size)
            if owner == index {
                handle(message, message.index(count: size, stream: !isWhole))
            } else {
                handOver(message, size, isStream: !isWhole, to: owner)
            }
            return
        }
        let fault = message.load(UnsafeRawBufferPointer(start: bytes, count: size), stream: !isWhole)
        if owner == index { return handle(message, fault) }
        let letter = ownLetter()
        letter.pointee.kind = .indexed
        letter.pointee.message = message
        letter.pointee.fault = fault
        letter.pointee.number = streamBacklog.time(at: ticks)
        count(counters.handedOver)
        group.send(letter, to: owner)
    }

    /// What is no SIP and has an end nevertheless.
    private func deliverForeign(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafeMutablePointer<UInt8>, _ size: Int
    ) {
        count(counters.streamReceived)
        let message = pool.take()
        message.flow = connection.pointee.flow
        let fault = message.load(UnsafeRawBufferPointer(start: bytes, count: size), stream: true)
        handle(message, fault ?? .drop("not a SIP message"))
    }

    /// The handler may answer what can be read of it; then the connection ends.
    private func refuse(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafeMutablePointer<UInt8>, _ head: Int,
        _ problem: Framer.Problem
    ) {
        count(problem == .tooLarge ? counters.messageTooLarge : counters.framingFaults)
        let fault: Fault =
            switch problem {
            case .noContentLength: .answer(400, "Content-Length is missing")
            case .badContentLength: .answer(400, "Content-Length is not a number")
            case .tooLarge: .answer(513, "Message Too Large")
            }
        let message = pool.take()
        message.flow = connection.pointee.flow
        let seen = message.load(UnsafeRawBufferPointer(start: bytes, count: min(head, 65_535)))
        var final = fault
        if case .drop? = seen, problem != .tooLarge { final = seen ?? fault }
        handle(message, final)
        end(connection)
    }

    private func answerPing(_ connection: UnsafeMutablePointer<Connection>) {
        count(counters.pings)
        guard limits.answersPing else { return }
        let pong: StaticString = "\r\n"
        send(
            UnsafeRawBufferPointer(start: pong.utf8Start, count: 2), to: connection.pointee.flow,
            connect: false)
    }

    /// The part of a message that is there moves to memory of its own; of the right size when it is known.
    private func keep(
        _ connection: UnsafeMutablePointer<Connection>, _ rest: UnsafeMutablePointer<UInt8>, _ count: Int,
        _ expected: Int
    ) {
        guard count > 0 else { return dropInput(connection) }
        let room = max(expected, count + 512, min(count * 2, limits.streamMessage))
        if let input = connection.pointee.input, Int(connection.pointee.inputRoom) >= max(expected, count + 1)
        {
            if rest != input { memmove(input, rest, count) }
        } else {
            guard let input = malloc(room)?.assumingMemoryBound(to: UInt8.self) else {
                return doom(connection)
            }
            memcpy(input, rest, count)
            free(connection.pointee.input)
            connection.pointee.input = input
            connection.pointee.inputRoom = UInt32(room)
        }
        connection.pointee.inputCount = UInt32(count)
    }

    func dropInput(_ connection: UnsafeMutablePointer<Connection>) {
        guard connection.pointee.input != nil else { return }
        free(connection.pointee.input)
        connection.pointee.input = nil
        connection.pointee.inputCount = 0
        connection.pointee.inputRoom = 0
    }

    /// It may still wait for answers: for a moment. Nothing new is sent to it, and for everybody else it is closed: who
    /// has a flow with its peer knows at once that this one is dead (RFC 5626, 4.5).
    private func peerFinished(_ connection: UnsafeMutablePointer<Connection>) {
        dropInput(connection)
        forget(connection)
        // Nobody will ever shake hands with it.
        if let chain = connection.pointee.filters, !chain.pointee.isReady { return doom(connection) }
        connection.pointee.state = .halfClosed
        watch(connection)
        setDeadline(connection, limits.halfCloseTime)
        tellClosed(connection)
    }

    private func discard(_ connection: UnsafeMutablePointer<Connection>) {
        let count = recv(connection.pointee.descriptor, connections.scratch, Connections.scratchSize, 0)
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { doom(connection) }
    }
}
