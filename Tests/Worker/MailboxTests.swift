// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Worker

@Suite struct MailboxTests {
    @Test func `letters come out in the order they went in`() {
        let mailbox = Mailbox()
        for number in 1...5 {
            let letter = Letter.make(home: -1)
            letter.pointee.number = UInt64(number)
            mailbox.push(letter)
        }
        var seen: [UInt64] = []
        var next = mailbox.takeAll()
        while let letter = next {
            next = letter.pointee.next
            seen.append(letter.pointee.number)
            Letter.free(letter)
        }
        #expect(seen == [1, 2, 3, 4, 5])
        #expect(mailbox.takeAll() == nil)
    }

    @Test func `who pushes while the worker falls asleep wakes it`() {
        let mailbox = Mailbox()
        #expect(mailbox.mayStartSleeping())
        mailbox.push(Letter.make(home: -1))
        mailbox.wake()
        var event = pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&event, 1, 0) == 1)
        var count: UInt64 = 0
        #expect(read(mailbox.descriptor, &count, 8) == 8)
        #expect(count == 1)
        // Awake: no need to wake it.
        mailbox.push(Letter.make(home: -1))
        mailbox.wake()
        #expect(poll(&event, 1, 0) == 0)
        #expect(!mailbox.mayStartSleeping())
    }

    /// Each sender's jobs carry its number and count up; none may be lost or overtake another.
    private final class Ledger: @unchecked Sendable {
        var next = [Int](repeating: 0, count: 4)
        var outOfOrder = 0
        let done = Tally<Int>()
        static let each = 20_000
    }

    @Test func `under fire from several threads nothing is lost and each sender's order is kept`() throws {
        let server = try Server(Echo())
        let ledger = Ledger()
        let worker = server.group.workers[0]
        let threads = (0..<4).map { sender in
            Thread {
                for number in 0..<Ledger.each {
                    worker.post(
                        Job(
                            { ledger, sender, number in
                                guard let ledger else { return }
                                let book = Unmanaged<Ledger>.fromOpaque(ledger).takeUnretainedValue()
                                let (sender, number) = (Int(bitPattern: sender), Int(bitPattern: number))
                                if book.next[sender] != number { book.outOfOrder += 1 }
                                book.next[sender] = number + 1
                                if number + 1 == Ledger.each { book.done.add(0) }
                            }, Unmanaged.passUnretained(ledger).toOpaque(),
                            UnsafeMutableRawPointer(bitPattern: sender),
                            UnsafeMutableRawPointer(bitPattern: number)))
                }
            }
        }
        threads.forEach { $0.start() }
        #expect(ledger.done.reaches(4, 0))
        server.stop()
        #expect(ledger.next == [Int](repeating: Ledger.each, count: 4))
        #expect(ledger.outOfOrder == 0)
    }
}
