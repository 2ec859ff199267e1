// SPDX-License-Identifier: Apache-2.0
import Carrier
import CtlLogic
import Glibc
import PluginKit

/// The thread that listens for commands.
///
/// It owns the sockets. Commands run on the server's own thread for them, which hands the answer back through
/// `deliver`. A connection has one command running at a time and is not read meanwhile, so that answers come
/// in order and a flood stays in the kernel.
final class ControlThread: @unchecked Sendable {
    struct Limits: Sendable {
        /// In bytes; 0 is none.
        var answer, structure: Int
        var connections: Int
    }

    let listeners: [Listener]
    let limits: Limits
    private let requests: Counter
    private let refused: Counter
    private let mailbox: Mailbox
    private var thread = OwnThread()

    // The thread's own.
    private var connections: [UInt64: Connection] = [:]
    private var fifos: [Int: FifoReader] = [:]
    private var lastID: UInt64 = 0
    /// The most that one datagram can hold.
    private var room = [UInt8](repeating: 0, count: 65536)

    init(_ listeners: [Listener], _ limits: Limits, requests: Counter, refused: Counter) {
        self.listeners = listeners
        self.limits = limits
        self.requests = requests
        self.refused = refused
        mailbox = Mailbox()
    }

    func start() -> Bool {
        mailbox.letters.isOpen && thread.start { [self] in run() }
    }

    /// Ends the thread, and takes the names of the sockets away.
    func stop() {
        mailbox.letters.end()
        thread.join()
        for listener in listeners { listener.close() }
    }

    /// The answer of a command. From any thread.
    func deliver(_ packet: [UInt8], to target: Target) {
        mailbox.letters.put(.init(target: target, bytes: packet))
    }

    /// Who is connected, as the thread last said. From any thread.
    func visitors() -> [Visitor] { mailbox.visitors() }

    // MARK: On the thread

    private func run() {
        while !mailbox.letters.isEnding {
            var waiting = [pollfd(fd: mailbox.letters.descriptor, events: Int16(POLLIN), revents: 0)]
            for listener in listeners {
                waiting.append(pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0))
            }
            let order = connections.keys.sorted()
            for id in order {
                guard let connection = connections[id] else { continue }
                waiting.append(pollfd(fd: connection.waitsFor, events: connection.events, revents: 0))
            }
            guard poll(&waiting, nfds_t(waiting.count), -1) > 0 else { continue }

            for letter in mailbox.letters.take() { send(letter) }
            for (index, listener) in listeners.enumerated() where waiting[index + 1].revents != 0 {
                ready(listener, index)
            }
            for (index, id) in order.enumerated() {
                let events = Int32(waiting[listeners.count + 1 + index].revents)
                guard events != 0 else { continue }
                if events & POLLOUT != 0 { connections[id]?.flush() }
                if events & (POLLIN | POLLHUP | POLLERR) != 0 { read(id) }
                retire(id)
            }
        }
        for connection in connections.values { connection.close() }
        connections = [:]
    }

    private func ready(_ listener: Listener, _ index: Int) {
        switch listener.address.kind {
        case .unixStream, .tcp: accept(listener)
        case .unixDatagram, .udp: receive(listener)
        case .fifo: readFifo(listener, index)
        }
    }

    private func accept(_ listener: Listener) {
        while true {
            var peer = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.accept(listener.descriptor, $0, &size)
                }
            }
            guard descriptor >= 0 else { return }
            keepToOurselves(descriptor)
            guard connections.count < limits.connections else {
                Host.log(.warning, "ctl: more than \(limits.connections) connections; one more was refused")
                _ = close(descriptor)
                continue
            }
            lastID += 1
            connections[lastID] = Connection(descriptor, Visitor(listener.address, peer))
            publish()
        }
    }

    private func receive(_ listener: Listener) {
        while true {
            var peer = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(listener.descriptor, &room, room.count, 0, $0, &size)
                }
            }
            guard count >= 0 else { return }
            let target = Target.datagram(listener.descriptor, peer, size)
            switch Intake.of(Array(room[..<count])) {
            case .run(let request, _): run(request, target)
            case .refuse(let packet, _, _):
                refused.add()
                send(.init(target: target, bytes: packet))
            case .more:
                refused.add()
                send(
                    .init(target: target, bytes: fault(400, "bad request: corrupted packet".utf8, cookie: []))
                )
            }
        }
    }

    private func readFifo(_ listener: Listener, _ index: Int) {
        let count = Glibc.read(listener.descriptor, &room, room.count)
        guard count > 0 else { return }
        for command in fifos[index, default: FifoReader()].take(room[..<count]) {
            switch command {
            case .run(let request, let reply):
                requests.add()
                FifoAnswer(reply).run(request)
            case .bad:
                refused.add()
                Host.log(.warning, "ctl: what came in on \(listener.address.place) is no command")
            }
        }
    }

    /// Takes what has come, and the first command in it.
    private func read(_ id: UInt64) {
        guard let connection = connections[id] else { return }
        connection.read(into: &room)
        next(id)
    }

    /// Goes on with what a connection has sent, unless a command of it is running.
    private func next(_ id: UInt64) {
        guard let connection = connections[id], !connection.isBusy, !connection.isEnding else { return }
        switch connection.intake() {
        case .more: return
        case .run(let request):
            connection.isBusy = true
            run(request, .connection(id))
        case .refuse(let packet, let close):
            refused.add()
            connection.write(packet)
            if close { connection.end() } else { next(id) }
        }
    }

    private func run(_ request: Request, _ target: Target) {
        requests.add()
        PacketAnswer(self, request.cookie, target).run(request)
    }

    private func send(_ letter: Mailbox.Letter) {
        switch letter.target {
        case .connection(let id):
            // It may have gone meanwhile; then nobody wants to know.
            guard let connection = connections[id] else { return }
            connection.isBusy = false
            connection.write(letter.bytes)
            next(id)
            retire(id)
        case .datagram(let descriptor, let peer, let size):
            var peer = peer
            let sent = withUnsafePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, letter.bytes, letter.bytes.count, Int32(MSG_NOSIGNAL), $0, size)
                }
            }
            if sent < 0, errno == EMSGSIZE {
                Host.log(.warning, "ctl: an answer of \(letter.bytes.count) bytes does not fit a datagram")
            }
        }
    }

    private func retire(_ id: UInt64) {
        guard let connection = connections[id], connection.isDone else { return }
        connection.close()
        connections[id] = nil
        publish()
    }

    private func publish() {
        mailbox.say(connections.keys.sorted().compactMap { connections[$0]?.visitor })
    }
}

/// Where an answer goes.
enum Target {
    case connection(UInt64)
    case datagram(Int32, sockaddr_storage, socklen_t)
}
