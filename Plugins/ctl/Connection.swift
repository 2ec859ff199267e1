// SPDX-License-Identifier: Apache-2.0
import CtlLogic
import Glibc

/// One stream, and what is on its way in and out of it. Only the control thread has any.
final class Connection {
    let descriptor: Int32
    let visitor: Visitor
    /// A command of it is running.
    var isBusy = false
    /// Nothing more is read; it goes when the last byte is out.
    private(set) var isEnding = false
    private var hasBroken = false
    private var received: [UInt8] = []
    private var outgoing: [UInt8] = []
    private var sent = 0

    enum Step {
        case more
        case run(Request)
        case refuse([UInt8], close: Bool)
    }

    init(_ descriptor: Int32, _ visitor: Visitor) {
        self.descriptor = descriptor
        self.visitor = visitor
    }

    /// For poll: while a command runs nothing is to be known, not even that the other side has gone.
    var waitsFor: Int32 { events == 0 ? -1 : descriptor }

    var events: Int16 {
        var events: Int32 = 0
        if !isBusy, !isEnding { events |= POLLIN }
        if sent < outgoing.count { events |= POLLOUT }
        return Int16(events)
    }

    var isDone: Bool { hasBroken || (isEnding && !isBusy && sent == outgoing.count) }

    func read(into room: inout [UInt8]) {
        guard !isEnding else { return }
        let count = recv(descriptor, &room, room.count, 0)
        if count > 0 {
            received += room[..<count]
        } else if count == 0 {
            isEnding = true
        } else if errno != EAGAIN, errno != EINTR {
            hasBroken = true
        }
    }

    /// The first whole packet of what has come.
    func intake() -> Step {
        switch Intake.of(received) {
        case .more: return .more
        case .run(let request, let taken):
            received.removeFirst(taken)
            return .run(request)
        case .refuse(let packet, let taken, let close):
            received.removeFirst(taken)
            return .refuse(packet, close: close)
        }
    }

    func write(_ bytes: [UInt8]) {
        // A long answer is not copied when nothing waits in front of it.
        if outgoing.isEmpty { outgoing = bytes } else { outgoing += bytes }
        flush()
    }

    /// A kernel without preemption does nothing else on that core until it has copied it all.
    private static let mostAtOnce = 262_144

    func flush() {
        while sent < outgoing.count {
            let count = outgoing.withUnsafeBytes {
                send(
                    descriptor, $0.baseAddress.map { $0 + sent }, min($0.count - sent, Self.mostAtOnce),
                    Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if count < 0, errno == EINTR {
                continue
            } else {
                if errno != EAGAIN { hasBroken = true }
                return
            }
        }
        outgoing = []
        sent = 0
    }

    func end() { isEnding = true }

    func close() { _ = Glibc.close(descriptor) }
}
