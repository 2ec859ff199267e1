// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import SQLLogic
import Synchronization

/// Hears what other servers have written, for all tables of a database that somebody watches: a connection of its own, and
/// a thread that sleeps until something comes. There is neither before somebody watches.
///
/// A connection that ends is made anew at once, and when that fails once a second. Meanwhile whoever watches knows that he
/// is told nothing; and when it is there again, that something may have happened.
final class Listener: @unchecked Sendable {
    private struct State {
        var watchers: [Watcher] = []
        var isListening = false
        var isEnding = false
    }

    let source: NewsSource
    private unowned let database: Database
    private let name = String(UInt64.random(in: 1 ... .max), radix: 16)
    private let state = Mutex(State())
    private let thread = StoreThread()
    /// A pipe: what can be read at the one end was written at the other to wake the thread.
    private var bell: (reading: Int32, writing: Int32) = (-1, -1)
    /// On the thread.
    private var lastTry: UInt64 = 0

    /// Among the lanes of a database.
    private static let lane = -1
    /// Nanoseconds between two tries.
    private static let pause: UInt64 = 1_000_000_000

    init(_ source: NewsSource, of database: Database) {
        self.source = source
        self.database = database
    }

    func news(of table: OpenTable) -> News { News(writer: name, table: table.layout.name) }

    /// False: nobody listens.
    func add(_ watcher: Watcher) -> Bool {
        guard source.open != nil else { return false }
        return state.withLock { state in
            guard !state.isEnding, thread.isRunning || start() else { return false }
            state.watchers.append(watcher)
            if state.isListening { watcher.tell(mt_result(MT_OK)) }
            return true
        }
    }

    private func start() -> Bool {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return false }
        bell = (ends[0], ends[1])
        return thread.start { [self] in run() }
    }

    func stop() {
        state.withLock { $0.isEnding = true }
        guard thread.isRunning else { return }
        var byte: UInt8 = 0
        _ = write(bell.writing, &byte, 1)
        thread.join()
        close(bell.reading)
        close(bell.writing)
    }

    // MARK: - the thread

    private func run() {
        var connection: (any NewsConnection)?
        while !state.withLock({ $0.isEnding }) {
            guard let open = connection else {
                connection = connect()
                continue
            }
            do throws(SQLFailure) {
                for text in try open.news(bell: bell.reading) { hear(text) }
            } catch {
                connection = nil
                isListening(false)
            }
        }
    }

    private func hear(_ text: String) {
        guard let news = News(text), news.writer != name else { return }
        source.heard(1)
        state.withLock { state in
            for watcher in state.watchers where watcher.table == news.table { watcher.tell(mt_result(MT_OK)) }
        }
    }

    private func isListening(_ isListening: Bool) {
        source.listening(isListening ? 1 : -1)
        state.withLock { state in
            state.isListening = isListening
            for watcher in state.watchers { watcher.tell(mt_result(isListening ? MT_OK : MT_ERROR)) }
        }
    }

    /// At most once a second.
    private func connect() -> (any NewsConnection)? {
        let since = Loop.ticks &- lastTry
        if lastTry != 0, since < Self.pause {
            var waiting = pollfd(fd: bell.reading, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32((Self.pause - since) / 1_000_000) + 1) == 0 else { return nil }
        }
        lastTry = Loop.ticks
        do throws(SQLFailure) {
            guard let connection = try source.open?() else { return nil }
            isListening(true)
            if database.wellbeing.passed(Self.lane) { Host.log(.warning, "\(database.shown) works again") }
            return connection
        } catch {
            let kind = error.trouble ?? .other(0)
            if database.wellbeing.met(kind, Self.lane) {
                Host.log(.error, kind.words(database.shown, error.text))
            }
            return nil
        }
    }
}
