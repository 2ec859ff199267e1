// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Synchronization

/// The thread that starts and stops the server, and in between runs what belongs to no worker: signals, commands, and
/// what plugins ask for from their own threads.
///
/// It is the process's first thread. Nothing here is on the path of a message, so a lock is fine.
final class Control: @unchecked Sendable {
    private let lock = Mutex<[@Sendable () -> Void]>([])
    private let timers = Mutex<[(due: UInt64, id: UInt64, work: @Sendable () -> Void)]>([])
    private let wakeUp: Int32
    private var signals: Int32 = -1
    private let serial = Atomic<UInt64>(1)
    private let stopping = Atomic<Bool>(false)

    init() {
        var ends: [Int32] = [-1, -1]
        _ = cl_pipe(&ends, false)
        wakeUp = ends[0]
        wake = ends[1]
    }
    private let wake: Int32

    /// Runs it here, soon. [any]
    func post(_ work: @escaping @Sendable () -> Void) {
        lock.withLock { $0.append(work) }
        var byte: UInt8 = 0
        _ = write(wake, &byte, 1)
    }

    /// Runs it here after that many milliseconds. [any]
    func after(_ milliseconds: UInt32, _ work: @escaping @Sendable () -> Void) -> UInt64 {
        let id = serial.add(1, ordering: .relaxed).newValue
        timers.withLock { $0.append((Self.now + UInt64(milliseconds) * 1_000_000, id, work)) }
        post {}
        return id
    }

    func cancel(_ id: UInt64) {
        timers.withLock { $0.removeAll { $0.id == id } }
    }

    func stop() {
        stopping.store(true, ordering: .relaxed)
        post {}
    }

    /// Takes signals from this descriptor of signalfd(2) from now on; they have to be blocked in every thread.
    func watch(_ descriptor: Int32) { signals = descriptor }

    /// Goes round until `stop`. A signal is handed to `handle` with its number.
    func run(handle: (Int32) -> Void) {
        while !stopping.load(ordering: .relaxed) {
            var polled = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
            if signals >= 0 { polled.append(pollfd(fd: signals, events: Int16(POLLIN), revents: 0)) }
            _ = poll(&polled, nfds_t(polled.count), untilNextTimer())
            if polled[0].revents != 0 {
                var bytes = [UInt8](repeating: 0, count: 256)
                while read(wakeUp, &bytes, bytes.count) == bytes.count {}
            }
            readSignals(handle)
            for work in lock.withLock({ queue in
                let all = queue
                queue = []
                return all
            }) { work() }
            runTimers()
        }
    }

    private func readSignals(_ handle: (Int32) -> Void) {
        var info = signalfd_siginfo()
        while signals >= 0,
            read(signals, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size
        {
            handle(Int32(bitPattern: info.ssi_signo))
        }
    }

    private func untilNextTimer() -> Int32 {
        guard let due = timers.withLock({ $0.map(\.due).min() }) else { return -1 }
        let now = Self.now
        return due <= now ? 0 : Int32(clamping: (due - now) / 1_000_000 + 1)
    }

    private func runTimers() {
        let now = Self.now
        let due = timers.withLock { all in
            let due = all.filter { $0.due <= now }.sorted { $0.due < $1.due }
            all.removeAll { $0.due <= now }
            return due
        }
        for timer in due { timer.work() }
    }

    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
