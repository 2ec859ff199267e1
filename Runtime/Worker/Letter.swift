// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

typealias LetterPointer = UnsafeMutablePointer<Letter>

/// What one thread tells a worker. Workers recycle theirs: a letter goes back to the worker that sent it.
struct Letter {
    enum Kind {
        /// Received by another worker: `count` bytes to index in `message`, or already indexed with `fault`. It had
        /// waited for `number` nanoseconds.
        case message, indexed
        case job
        /// `bytes` for the connection in `flow`.
        case bytes
        /// The connection in `flow` is to be closed.
        case close
        /// The connection in `flow` is not idle for the next `number` milliseconds.
        case hold
        /// The connection in `flow` leads to the port `number` as well.
        case alias
        /// A timer that another thread has set or cancelled; `number` is its id.
        case timer, cancelled
        case pause, drain, stop
    }

    var next: LetterPointer?
    /// The worker it goes back to, or -1: to the heap.
    var home: Int32 = -1
    var kind = Kind.job
    var job = Job({ _, _, _ in })
    var message: Message?
    var fault: Fault?
    var count = 0
    var isStream = false
    var number: UInt64 = 0
    var flow = mt_flow()
    /// Stays with the letter.
    var bytes: UnsafeMutableRawPointer?
    var room = 0

    static func make(home: Int32) -> LetterPointer {
        let letter = LetterPointer.allocate(capacity: 1)
        letter.initialize(to: Letter())
        letter.pointee.home = home
        return letter
    }

    /// One that was not read gives back what it carries.
    static func free(_ letter: LetterPointer) {
        letter.pointee.message?.release()
        Glibc.free(letter.pointee.bytes)
        letter.deinitialize(count: 1)
        letter.deallocate()
    }

    /// Room for `count` bytes that travel along.
    static func makeRoom(_ letter: LetterPointer, _ count: Int) -> UnsafeMutableRawPointer? {
        if letter.pointee.room < count {
            Glibc.free(letter.pointee.bytes)
            let room = max(count, 2048)
            letter.pointee.bytes = malloc(room)
            letter.pointee.room = letter.pointee.bytes == nil ? 0 : room
        }
        return letter.pointee.bytes
    }
}
