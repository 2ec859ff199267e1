// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// How other threads reach the control thread: answers for it to send, and the wish that it end. The other
/// way round it says who is connected.
final class Mailbox: Sendable {
    struct Letter: Sendable {
        let target: Target
        let bytes: [UInt8]
    }

    private struct State {
        var letters: [Letter] = []
        var visitors: [Visitor] = []
        var isEnding = false
    }

    private let state = Mutex(State())
    /// Readable as long as there is something to look at.
    let descriptor: Int32
    private let bell: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 { ends.forEach(keepToOurselves) }
        descriptor = ends[0]
        bell = ends[1]
    }

    deinit {
        _ = close(descriptor)
        _ = close(bell)
    }

    var isOpen: Bool { descriptor >= 0 }
    var isEnding: Bool { state.withLock { $0.isEnding } }

    func put(_ letter: Letter) {
        state.withLock { $0.letters.append(letter) }
        ring()
    }

    func end() {
        state.withLock { $0.isEnding = true }
        ring()
    }

    /// On the control thread.
    func take() -> [Letter] {
        var room = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &room, room.count) > 0 {}
        return state.withLock { state in
            defer { state.letters = [] }
            return state.letters
        }
    }

    func say(_ visitors: [Visitor]) { state.withLock { $0.visitors = visitors } }
    func visitors() -> [Visitor] { state.withLock { $0.visitors } }

    private func ring() {
        // A full pipe rings already.
        var one: UInt8 = 1
        _ = write(bell, &one, 1)
    }
}

/// Never waited for, and not handed to programs that the server starts.
func keepToOurselves(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
