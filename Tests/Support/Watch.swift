// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a server says of itself: its log, and the notifications that a service manager gets.
///
/// A thread of its own collects both, so that a test can wait for either and the server never for the test.
final class Watch: @unchecked Sendable {
    private let condition = NSCondition()
    private var logged: [UInt8] = []
    private var told: [String] = []
    private var isOver = false

    /// Everything that came to standard error so far.
    var log: String { locked { String(decoding: logged, as: UTF8.self) } }
    /// Nobody can write to its standard error any more.
    var hasEnded: Bool { locked { isOver } }

    /// Reads both until the first ends. `notifications` is closed then.
    func start(reading standardError: Int32, of process: Spawned, notifications: Int32) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                var polled = [
                    pollfd(fd: standardError, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: notifications, events: Int16(POLLIN), revents: 0),
                ]
                guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { break }
                while true {
                    let count = recv(notifications, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                    guard count > 0 else { break }
                    change { told.append(String(decoding: buffer.prefix(count), as: UTF8.self)) }
                }
                guard polled[0].revents != 0 else { continue }
                let count = read(standardError, &buffer, buffer.count)
                guard count > 0 else { break }
                change { logged += buffer.prefix(count) }
            }
            change { isOver = true }
            close(notifications)
            _ = process  // Owns the pipe.
        }
    }

    /// The first notification with that word, as `READY=1`. nil: the server ended, or it takes too long.
    func notification(_ word: String) -> String? {
        wait { self.told.first { $0.split(separator: "\n").contains { $0 == word } } }
    }

    func isLogged(_ text: String) -> Bool {
        wait { String(decoding: self.logged, as: UTF8.self).contains(text) ? true : nil } ?? false
    }

    func end() -> Bool { wait { self.isOver ? true : nil } ?? false }

    private func wait<Value>(until find: () -> Value?) -> Value? {
        let until = Date(timeIntervalSinceNow: Server.patience)
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let value = find() { return value }
            if isOver || !condition.wait(until: until) { return find() }
        }
    }

    private func change(_ body: () -> Void) {
        condition.lock()
        body()
        condition.broadcast()
        condition.unlock()
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }
}
