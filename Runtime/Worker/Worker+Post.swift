// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Message

/// A worker's own letters, those of others that it has read, and whom it has to wake.
struct Outpost {
    fileprivate var spare: LetterPointer?
    fileprivate let read: UnsafeMutablePointer<(first: LetterPointer?, last: LetterPointer?)>
    fileprivate var wake: (UInt64, UInt64) = (0, 0)
    fileprivate let workers: Int

    init(workers: Int) {
        self.workers = max(workers, 1)
        read = .allocate(capacity: self.workers)
        read.initialize(repeating: (nil, nil), count: self.workers)
    }

    mutating func release() {
        var next = spare
        while let letter = next {
            next = letter.pointee.next
            Letter.free(letter)
        }
        read.deallocate()
    }
}

extension Worker {
    /// A letter to this worker: from the sending worker's own, or from the heap when another thread sends.
    func newLetter() -> LetterPointer {
        guard let sender = cl_worker() else { return Letter.make(home: -1) }
        return Unmanaged<Worker>.fromOpaque(sender)._withUnsafeGuaranteedRef {
            $0.isPeer(of: self) ? $0.ownLetter() : Letter.make(home: -1)
        }
    }

    func ownLetter() -> LetterPointer {
        if post.spare == nil { post.spare = mailbox.takeReturned() }
        guard let letter = post.spare else { return Letter.make(home: Int32(index)) }
        post.spare = letter.pointee.next
        return letter
    }

    /// [any] Puts a letter into this worker's mailbox. Another worker wakes it at the end of its turn, other
    /// threads at once.
    func send(_ letter: LetterPointer) {
        mailbox.push(letter)
        guard let sender = cl_worker() else { return mailbox.wake() }
        if sender == Unmanaged.passUnretained(self).toOpaque() { return }
        Unmanaged<Worker>.fromOpaque(sender)._withUnsafeGuaranteedRef {
            if $0.isPeer(of: self) { $0.rememberToWake(index) } else { mailbox.wake() }
        }
    }

    /// Of one group.
    private func isPeer(of other: Worker) -> Bool { network === other.network }

    private func rememberToWake(_ other: Int) {
        if other < 64 { post.wake.0 |= 1 << UInt64(other) } else { post.wake.1 |= 1 << UInt64(other - 64) }
    }

    @inline(__always) func wakePeers() {
        guard post.wake.0 | post.wake.1 != 0 else { return }
        for half in 0..<2 {
            var bits = half == 0 ? post.wake.0 : post.wake.1
            while bits != 0 {
                group.mailbox(half * 64 + bits.trailingZeroBitCount).wake()
                bits &= bits - 1
            }
        }
        post.wake = (0, 0)
    }

    func readMailbox() {
        guard var letter = mailbox.takeAll() else { return }
        while true {
            let next = letter.pointee.next
            read(letter)
            putAway(letter)
            guard let next else { break }
            letter = next
        }
        for home in 0..<post.workers {
            guard let first = post.read[home].first, let last = post.read[home].last else { continue }
            post.read[home] = (nil, nil)
            if home == index {
                last.pointee.next = post.spare
                post.spare = first
            } else {
                group.mailbox(home).giveBack(first, last)
            }
        }
    }

    private func putAway(_ letter: LetterPointer) {
        let home = Int(letter.pointee.home)
        guard home >= 0 else { return Letter.free(letter) }
        letter.pointee.next = post.read[home].first
        if post.read[home].last == nil { post.read[home].last = letter }
        post.read[home].first = letter
    }

    private func read(_ letter: LetterPointer) {
        switch letter.pointee.kind {
        case .message:
            guard let message = letter.pointee.message else { return }
            letter.pointee.message = nil
            message.worker = UInt32(index)
            streamBacklog.holds(letter.pointee.number)
            handle(message, message.index(count: letter.pointee.count, stream: letter.pointee.isStream))
        case .indexed:
            guard let message = letter.pointee.message else { return }
            letter.pointee.message = nil
            message.worker = UInt32(index)
            streamBacklog.holds(letter.pointee.number)
            handle(message, letter.pointee.fault)
        case .job: letter.pointee.job.run()
        case .bytes:
            if let bytes = letter.pointee.bytes {
                commitCopy(bytes, letter.pointee.count, letter.pointee.flow)
            }
        case .close: close(letter.pointee.flow)
        case .hold: hold(letter.pointee.flow, ms: letter.pointee.number)
        case .alias: alias(letter.pointee.flow, port: UInt16(truncatingIfNeeded: letter.pointee.number))
        case .timer: timers.adopt(letter.pointee.number)
        case .cancelled: timers.reclaim(letter.pointee.number)
        case .pause: pause()
        case .drain: drain()
        case .stop: state = .stopping
        }
    }

    /// Gives a message to the handler, and back to its pool.
    @inline(__always) func handle(_ message: Message, _ fault: Fault?) {
        if let fault {
            handler.fault(message, fault, self)
        } else if message.isRequest {
            handler.request(message, self)
        } else {
            handler.reply(message, self)
        }
        message.release()
    }
}
