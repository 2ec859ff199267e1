// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// How other threads reach one that sleeps in poll: what they leave is taken there, and a pipe wakes it.
public final class Letters<Letter: Sendable>: Sendable {
    private struct State {
        var letters: [Letter] = []
        var isEnding = false
    }

    private let state = Mutex(State())
    /// Readable as long as there is something to look at.
    public let descriptor: Int32
    private let bell: Int32

    public init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 { ends.forEach(keepToOurselves) }
        descriptor = ends[0]
        bell = ends[1]
    }

    deinit {
        _ = close(descriptor)
        _ = close(bell)
    }

    public var isOpen: Bool { descriptor >= 0 }
    public var isEnding: Bool { state.withLock { $0.isEnding } }

    public func put(_ letter: Letter) {
        state.withLock { $0.letters.append(letter) }
        ring()
    }

    public func end() {
        state.withLock { $0.isEnding = true }
        ring()
    }

    /// On the thread that sleeps.
    public func take() -> [Letter] {
        var room = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &room, room.count) > 0 {}
        return state.withLock { state in
            defer { state.letters = [] }
            return state.letters
        }
    }

    private func ring() {
        // A full pipe rings already.
        var one: UInt8 = 1
        _ = write(bell, &one, 1)
    }
}
