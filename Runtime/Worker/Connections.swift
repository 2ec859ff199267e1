// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet

/// The connections of one worker. An id is worker, generation and index; a closed one's never comes again.
final class Connections: @unchecked Sendable {
    static let none = UInt32.max

    private let worker: Int
    private let slab = Slab<Connection>()
    /// Generation of each, in the lowest bit whether it is open, and in the next one whether its peer has finished: for
    /// other threads as well.
    private let words = Slab<UInt64>()
    private var free = Connections.none
    private(set) var count = 0
    /// Bytes that wait for slow readers.
    var queued = 0
    /// To be ended when the turn is over: a callback in the middle of reading or writing would pull the rug
    /// away.
    var doomed: [UInt32] = []
    /// Where streams are read to, so that idle ones need no buffer.
    let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: Connections.scratchSize)
    static let scratchSize = 65_536

    init(worker: Int) { self.worker = worker }
    deinit { scratch.deallocate() }

    static func worker(of id: UInt64) -> Int { Int(id >> 56) }

    @inline(__always) subscript(index: UInt32) -> UnsafeMutablePointer<Connection> { slab[index] }

    /// nil when it is closed. The worker's byte may be missing.
    func find(_ id: UInt64) -> UnsafeMutablePointer<Connection>? {
        isOpen(id) ? slab[UInt32(id & 0xff_ffff)] : nil
    }

    /// [any]
    func isOpen(_ id: UInt64) -> Bool {
        guard let word = words.checked(UInt32(id & 0xff_ffff)) else { return false }
        return cl_load64(word) & ~2 == (id >> 24 & 0xffff_ffff) << 2 | 1
    }

    /// [any] Open, and its peer has not finished: something new may be sent to it.
    func isAlive(_ id: UInt64) -> Bool {
        guard let word = words.checked(UInt32(id & 0xff_ffff)) else { return false }
        return cl_load64(word) == (id >> 24 & 0xffff_ffff) << 2 | 1
    }

    /// Its peer has finished.
    func markFinished(_ connection: UnsafeMutablePointer<Connection>) {
        let word = words[index(of: connection)]
        cl_store64(word, cl_load64(word) | 2)
    }

    func index(of connection: UnsafeMutablePointer<Connection>) -> UInt32 {
        UInt32(connection.pointee.flow.connection & 0xff_ffff)
    }

    /// A slot with its id in the flow, or nil when there are 16 million.
    func take() -> UnsafeMutablePointer<Connection>? {
        if free == Connections.none { grow() }
        guard free != Connections.none else { return nil }
        let index = free
        let connection = slab[index]
        free = connection.pointee.next
        let generation = (cl_load64(words[index]) >> 2) + 1
        connection.pointee = Connection()
        connection.pointee.flow.connection = UInt64(worker) << 56 | generation << 24 | UInt64(index)
        cl_store64(words[index], generation << 2 | 1)
        count += 1
        return connection
    }

    func give(_ connection: UnsafeMutablePointer<Connection>) {
        let index = index(of: connection)
        let generation = cl_load64(words[index]) >> 2
        cl_store64(words[index], generation << 2)
        connection.pointee = Connection()
        count -= 1
        guard generation < UInt64(UInt32.max) else { return }
        connection.pointee.next = free
        free = index
    }

    private func grow() {
        guard words.grow({ _ in 0 }) != nil,
            let made = slab.grow({
                var connection = Connection()
                connection.next = $0 + 1
                return connection
            })
        else { return }
        slab[made.upperBound - 1].pointee.next = Connections.none
        free = made.lowerBound
    }

    func forEach(_ body: (UnsafeMutablePointer<Connection>) -> Void) {
        for index in 0..<slab.count where slab[index].pointee.state != .free { body(slab[index]) }
    }
}
