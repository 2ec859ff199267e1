// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Message

@Suite struct PoolTests {
    @Test func `a message goes back at its last release and is used again`() {
        let pool = MessagePool(worker: 3)
        let first = pool.take()
        #expect(first.worker == 3)
        #expect(pool.live == 1)
        first.retain()
        first.release()
        #expect(pool.live == 1)
        first.release()
        #expect(pool.live == 0)
        let second = pool.take()
        #expect(second == first)
        #expect(second.serial == 2)
        #expect(pool.blocks == 1)
        #expect(!pool.close())
        second.release()
        #expect(pool.close())
    }

    @Test func `what a burst needed is given back, and taken again`() {
        let pool = MessagePool()
        func burst(_ count: Int) {
            let all = (0..<count).map { _ in pool.take() }
            for message in all {
                _ = wire(request(more: "X: y")).withUnsafeBytes { message.load($0) }
            }
            for message in all { message.release() }
        }
        burst(100)
        // It was needed since somebody looked.
        pool.trim(keeping: 10, atMost: 1000)
        #expect(pool.blocks == 100)
        burst(16)
        pool.trim(keeping: 10, atMost: 50)
        #expect(pool.blocks == 50)
        pool.trim(keeping: 10, atMost: 1000)
        #expect(pool.blocks == 10)
        burst(100)
        #expect(pool.blocks == 100)
        // What is out stays where it is.
        let message = pool.take()
        pool.trim(keeping: 0, atMost: 1000)
        pool.trim(keeping: 0, atMost: 1000)
        #expect(pool.blocks == 1 && pool.live == 1)
        message.release()
        #expect(pool.close())
    }

    @Test func `nothing of the last message is left in the next`() {
        let pool = MessagePool()
        let message = pool.take()
        _ = wire(request(more: "X: y")).withUnsafeBytes { message.load($0) }
        message.nextHop = "sip:x"
        message.flags = 7
        message.slot(5).pointee = 99
        message.slot(500).pointee = 98
        _ = message.alloc(100_000)
        message.release()
        let next = pool.take()
        #expect(next == message)
        #expect(!next.firstField.exists && !next.header(.via).exists)
        #expect(text(next.nextHop) == nil && next.flags == 0)
        #expect(next.slot(5).pointee == 0 && next.slot(500).pointee == 0)
        #expect(text(next.uri) == nil && !next.isIndexed)
        next.release()
        pool.close()
    }

    @Test func `a plugin's word stays where it is`() {
        let got = Received(request())
        for i in [0, 63, 64, 127, 128, 300] { got.message.slot(i).pointee = UInt64(i) + 1 }
        for i in [0, 63, 64, 127, 128, 300] { #expect(got.message.slot(i).pointee == UInt64(i) + 1) }
        #expect(got.message.slot(64) == got.message.slot(64))
    }

    @Test func `memory is aligned, apart, and as much as asked for`() {
        let got = Received(request())
        var pieces: [(UnsafeMutableRawPointer, Int)] = []
        for i in 0..<200 {
            let count = i * 37 % 5000
            let place = got.message.alloc(count)
            #expect(UInt(bitPattern: place) % 16 == 0)
            memset(place, Int32(i % 251), count)
            pieces.append((place, count))
        }
        for (i, piece) in pieces.enumerated() {
            let bytes = UnsafeRawBufferPointer(start: piece.0, count: piece.1)
            #expect(bytes.allSatisfy { $0 == UInt8(i % 251) })
        }
    }

    @Test func `messages come home from other threads`() {
        let pool = MessagePool()
        let messages = (0..<64).map { _ in pool.take() }
        let done = DispatchGroup()
        for part in 0..<4 {
            DispatchQueue.global().async(group: done) {
                // Indexed elsewhere, given back elsewhere.
                for message in messages[(part * 16)..<(part * 16 + 16)] {
                    _ = wire(request()).withUnsafeBytes { message.load($0) }
                    message.release()
                }
            }
        }
        done.wait()
        #expect(pool.live == 0)
        let again = (0..<64).map { _ in pool.take() }
        #expect(pool.blocks == 64)
        for message in again { message.release() }
        #expect(pool.close())
    }

    @Test func `a handle goes through C and back`() {
        let got = Received(request())
        #expect(Message(got.message.opaque) == got.message)
    }

    /// In a process of its own: who lets go of attributes is one for all of a process, and other tests have theirs.
    @Test func `attributes are let go with the message`() async {
        await #expect(processExitsWith: .success) {
            Message.attributesRelease = { $0.storeBytes(of: 77, as: Int.self) }
            let attributes = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
            attributes.storeBytes(of: 0, as: Int.self)
            let pool = MessagePool()
            let message = pool.take()
            message.attributes = attributes
            message.release()
            #expect(attributes.load(as: Int.self) == 77)
            attributes.deallocate()
            pool.close()
        }
    }
}
