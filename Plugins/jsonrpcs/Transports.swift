// SPDX-License-Identifier: Apache-2.0
import Carrier
import Glibc
import JsonrpcsLogic
import PluginKit

/// The thread that requests come in by, and answers go out by: the datagram socket and the fifo.
///
/// Commands run on the server's own thread for them; their answers come back as letters. Nothing here waits for
/// a client: an answer that cannot leave yet is kept until its time is up.
final class Transports: @unchecked Sendable {
    struct Letter: Sendable {
        let target: Target
        let bytes: [UInt8]
    }

    struct Datagrams: Sendable {
        let descriptor: Int32
        /// Of a socket in the file system; nil for UDP.
        let path: String?
    }

    struct FifoPlace: Sendable {
        let descriptor: Int32
        let path: String
        /// With a slash at its end.
        let replies: String
    }

    private let datagrams: Datagrams?
    private let fifo: FifoPlace?
    private let pretty: Bool
    /// In milliseconds: how long an answer is kept for a client that does not take it.
    private let patience: Int64
    private let letters = Letters<Letter>()
    private var thread = OwnThread()

    // The thread's own.
    private var frames = Frames()
    private var answers: [Answer] = []
    private var room = [UInt8](repeating: 0, count: 1 << 18)

    /// More answers than this are not kept for clients that do not take them.
    private static let most = 1024
    /// In milliseconds: who has begun a request in the fifo and does not go on has gone.
    private static let unfinished: Int32 = 2000

    init(_ datagrams: Datagrams?, _ fifo: FifoPlace?, pretty: Bool, patience: Int) {
        self.datagrams = datagrams
        self.fifo = fifo
        self.pretty = pretty
        self.patience = Int64(patience)
    }

    func start() -> Bool {
        letters.isOpen && thread.start { [self] in run() }
    }

    /// Ends the thread, and takes the names in the file system away.
    func stop() {
        letters.end()
        thread.join()
        Self.close(datagrams, fifo)
    }

    static func close(_ datagrams: Datagrams?, _ fifo: FifoPlace?) {
        if let datagrams {
            _ = Glibc.close(datagrams.descriptor)
            if let path = datagrams.path { unlink(path) }
        }
        if let fifo {
            _ = Glibc.close(fifo.descriptor)
            unlink(fifo.path)
        }
    }

    // MARK: On the thread

    private func run() {
        while !letters.isEnding {
            var waiting = [letters.descriptor, datagrams?.descriptor ?? -1, fifo?.descriptor ?? -1].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            for answer in answers {
                guard let descriptor = answer.waitsFor else { continue }
                waiting.append(pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0))
            }
            // What waits for a client to open its fifo is tried again soon.
            let isTrying = !answers.isEmpty
            let count = poll(
                &waiting, nfds_t(waiting.count), isTrying ? 20 : frames.isWaiting ? Self.unfinished : -1)
            if count == 0, !isTrying { giveUp() }
            for letter in letters.take() { send(letter) }
            if waiting[1].revents != 0 { receive() }
            if waiting[2].revents != 0 { readFifo() }
            goOn()
        }
        for answer in answers { answer.close() }
        answers = []
    }

    private func receive() {
        guard let datagrams else { return }
        // So many in one go at most: answers have to leave as well.
        for _ in 0..<64 {
            var peer = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(datagrams.descriptor, &room, room.count, 0, $0, &size)
                }
            }
            guard count >= 0 else { return }
            // A client without a name of its own cannot be answered.
            let target =
                size > socklen_t(MemoryLayout<sa_family_t>.size) ? Target.datagram(peer, size) : nil
            run(Asked(Array(room[..<count])), nil, target)
        }
    }

    private func readFifo() {
        guard let fifo else { return }
        let count = Glibc.read(fifo.descriptor, &room, room.count)
        guard count > 0 else { return }
        for frame in frames.take(room[..<count]) {
            switch frame {
            case .whole(let bytes): run(bytes)
            case .noise(let bytes), .tooLong(let bytes):
                Host.log(.warning, "what came in on \(fifo.path) is no request in JSON")
                run(bytes)
            }
        }
    }

    /// Whoever began a request in the fifo has not ended it.
    private func giveUp() {
        guard let fifo, frames.isWaiting else { return }
        Host.log(.warning, "a request that came in on \(fifo.path) has no end")
        run(frames.drop())
    }

    /// What came in by the fifo.
    private func run(_ bytes: [UInt8]) {
        let asked = Asked(bytes)
        var store: String?
        if case .one(.success(let question)) = asked { store = question.storePath }
        var target: Target?
        if let fifo, let name = asked.replyName ?? Frames.replyName(in: bytes) {
            if Fifo.isName(name) {
                target = .fifo(fifo.replies + name)
            } else {
                Host.log(.warning, "reply_name is the name of a fifo in \(fifo.replies), not \"\(name)\"")
            }
        }
        run(asked, store, target)
    }

    private func run(_ asked: Asked, _ store: String?, _ target: Target?) {
        Exchange.run(asked) { [letters, pretty] answer in
            guard let answer else { return }
            let bytes = answer.written(pretty: pretty)
            if let store { letters.put(Letter(target: .file(store), bytes: bytes)) }
            if let target { letters.put(Letter(target: target, bytes: bytes)) }
        }
    }

    private func send(_ letter: Letter) {
        guard answers.count < Self.most else {
            unanswered.add()
            return
        }
        answers.append(Answer(letter.target, letter.bytes, until: now() + patience))
    }

    private func goOn() {
        guard !answers.isEmpty else { return }
        let now = now()
        var rest: [Answer] = []
        for var answer in answers {
            switch answer.step(through: datagrams?.descriptor ?? -1) {
            case .done: answer.close()
            case .later where now < answer.deadline: rest.append(answer)
            case .later: lose(answer, "nobody takes it")
            case .lost(let why): lose(answer, why)
            }
        }
        answers = rest
    }

    private func lose(_ answer: Answer, _ why: String) {
        answer.close()
        if case .datagram = answer.target, errno == EMSGSIZE {
            let fault = Answering.fault(
                code: 500,
                message:
                    "the answer has \(answer.bytes.count) bytes and does not fit a datagram: ask by the fifo",
                id: (try? JSONReader.read(answer.bytes))?["id"])
            var small = Answer(answer.target, fault.written(pretty: pretty), until: 0)
            if case .done = small.step(through: datagrams?.descriptor ?? -1) { return }
        }
        unanswered.add()
        Host.log(
            .warning, "an answer of \(answer.bytes.count) bytes to \(answer.place) was not sent: \(why)")
    }

    private func now() -> Int64 { Int64(Server.loop.pointee.ticks() / 1_000_000) }
}
