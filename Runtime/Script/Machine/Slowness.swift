// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// What a thread has used so far.
public struct ThreadUse: Equatable, Sendable {
    /// Of the processor, in milliseconds.
    var busy: Int64
    /// How often it waited for something.
    var waits: Int

    public static func now() -> ThreadUse {
        var use = rusage()
        getrusage(1, &use)  // RUSAGE_THREAD, which the module of the C library leaves out
        let micro = use.ru_utime.tv_usec + use.ru_stime.tv_usec
        return ThreadUse(
            busy: Int64((use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 + Int(micro) / 1000),
            waits: Int(use.ru_nvcsw))
    }
}

/// Who holds up a worker: a function that computes for long, or that waits. One during which others had the processor
/// does neither, however late it is when it comes back.
///
/// The thread's use is read when the coarse clock has moved on, some hundred times a second, so that on the path of
/// messages nothing is to do but to compare; what was used since is what a function that was late has used.
struct Slowness {
    /// From here on it is said, in milliseconds.
    static let limit: Int64 = 50
    /// Of each function not more often.
    static let pause: Int64 = 1000

    private(set) var lookedAt = Int64.min
    private var use = ThreadUse(busy: 0, waits: 0)
    private var said: [UnsafeRawPointer?: (at: Int64, more: Int)] = [:]
    private let used: @Sendable () -> ThreadUse

    init(_ used: @escaping @Sendable () -> ThreadUse) { self.used = used }

    mutating func look(at now: Int64) {
        lookedAt = now
        use = used()
    }

    /// What is to be said of a function that took so long, if anything is: "took 60 ms, and held up its worker".
    mutating func complaint(of site: UnsafeRawPointer?, took: Int64, at now: Int64) -> String? {
        let before = use
        look(at: now)
        guard took > Self.limit else { return nil }
        let busy = use.busy - before.busy
        guard busy > Self.limit || use.waits != before.waits else { return nil }
        var more = 0
        if let last = said[site] {
            guard now - last.at >= Self.pause else {
                said[site] = (last.at, last.more + 1)
                return nil
            }
            more = last.more
        }
        said[site] = (now, 0)
        let others = more == 0 ? "" : ", as \(more) times since this was last said"
        return "took \(use.waits != before.waits ? took : busy) ms, and held up its worker\(others)"
    }
}
