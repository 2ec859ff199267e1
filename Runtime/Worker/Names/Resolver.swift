// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Questions to the DNS and what is known of their answers, for all threads. Nobody who asks is held up.
///
/// A question that many have at once is asked once. Each is asked on a helper thread of the resolver's own; a domain
/// whose servers say nothing keeps a few of them busy and no more.
public final class Resolver: Sendable {
    public typealias Told = @Sendable (Answer) -> Void

    public let settings: NameSettings
    private let state: Mutex<State>
    private let helpers: Helpers
    /// A resolver of libc's for each helper that is busy.
    private let idle = Mutex<[Idle]>([])
    private let statistics: Statistics
    private let failedRequests, slowRequests: Statistics.ID
    private let notice: @Sendable (String) -> Void

    /// Helper threads, how many of them one domain may keep busy, and how many questions may wait.
    static let threads = 64, threadsPerDomain = 8, mostWaiting = 4096

    private struct State: Sendable {
        var cache: RecordCache
        /// Who waits for the answer to each question that is on its way.
        var waiting: [Question: [Told]] = [:]
        /// By domain: how many questions are being asked, and which wait for one of those.
        var busy: [Substring: Int] = [:]
        var held: [Substring: [Question]] = [:]
    }

    /// Safe, because it is taken out before it is used.
    private struct Idle: @unchecked Sendable {
        let servers: NameServers
    }

    /// [main] `notice` is told what belongs into the log.
    public init(
        _ settings: NameSettings, _ statistics: Statistics,
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.settings = settings
        self.statistics = statistics
        self.notice = notice
        failedRequests = statistics.define("dns", "failed_dns_request")
        slowRequests = statistics.define("dns", "slow_dns_request")
        state = Mutex(State(cache: RecordCache(memory: settings.memory)))
        helpers = Helpers(most: Resolver.threads, name: "names")
    }

    /// [any] What is known without asking.
    public func known(_ question: Question) -> Answer? {
        state.withLock { $0.cache.find(question, now: Worker.clock()) }
    }

    /// [any] Tells the answer: at once when it is known, otherwise on some other thread.
    public func ask(_ question: Question, then: @escaping Told) {
        enum Step {
            case tell(Answer)
            case start, wait
        }
        let step = state.withLock { state -> Step in
            if let known = state.cache.find(question, now: Worker.clock()) { return .tell(known) }
            if state.waiting[question] != nil {
                state.waiting[question]?.append(then)
                return .wait
            }
            guard state.waiting.count < Resolver.mostWaiting else { return .tell(.failed) }
            state.waiting[question] = [then]
            let busy = state.busy[question.domain, default: 0]
            guard busy < Resolver.threadsPerDomain else {
                state.held[question.domain, default: []].append(question)
                return .wait
            }
            state.busy[question.domain] = busy + 1
            return .start
        }
        switch step {
        case .tell(let answer):
            if answer.outcome == .failed { statistics.add(failedRequests) }
            then(answer)
        case .start: start(question)
        case .wait: break
        }
    }

    /// [main] No helper takes anything new.
    func stop() { helpers.stop() }

    // MARK: - asking

    private final class Errand {
        let question: Question
        let resolver: Resolver
        init(_ question: Question, _ resolver: Resolver) {
            self.question = question
            self.resolver = resolver
        }
    }

    private func start(_ question: Question) {
        helpers.run(
            Helpers.Task(
                work: Job(
                    { errand, _, _ in
                        guard let errand else { return }
                        let taken = Unmanaged<Errand>.fromOpaque(errand).takeRetainedValue()
                        taken.resolver.work(taken.question)
                    }, Unmanaged.passRetained(Errand(question, self)).toOpaque())))
    }

    /// On a helper thread.
    private func work(_ question: Question) {
        let servers = idle.withLock { $0.popLast() } ?? Idle(servers: NameServers(settings))
        let before = Worker.clock()
        let answer = servers.servers.ask(question)
        let took = (Worker.clock() - before) / 1_000_000
        idle.withLock { $0.append(servers) }
        if answer.outcome == .failed { statistics.add(failedRequests) }
        if settings.slow > 0, took >= UInt64(settings.slow) {
            statistics.add(slowRequests)
            notice("the \(question.type.name) record of \(question.name) took \(took) ms to find out")
        }
        let (told, next) = state.withLock { learn(question, answer, &$0) }
        for tell in told { tell(answer) }
        if let next { start(next) }
    }

    private func learn(_ question: Question, _ answer: Answer, _ state: inout State) -> ([Told], Question?) {
        let seconds = settings.lifetime(of: answer)
        if settings.caches, seconds > 0 {
            let now = Worker.clock()
            state.cache.keep(question, answer, until: now + UInt64(seconds) * 1_000_000_000, now: now)
        }
        let told = state.waiting.removeValue(forKey: question) ?? []
        let domain = question.domain
        if let next = state.held[domain]?.first {
            state.held[domain]?.removeFirst()
            if state.held[domain]?.isEmpty == true { state.held[domain] = nil }
            return (told, next)
        }
        let busy = state.busy[domain, default: 1] - 1
        state.busy[domain] = busy > 0 ? busy : nil
        return (told, nil)
    }

    // MARK: - by hand: commands. [any]

    /// What the times of entries are compared with.
    public static var now: UInt64 { Worker.clock() }

    public func all() -> [RecordCache.Entry] { state.withLock { $0.cache.all(now: Worker.clock()) } }

    public var memory: (used: Int, most: Int) {
        state.withLock { ($0.cache.usedMemory, $0.cache.memory) }
    }

    public func keep(_ question: Question, _ answer: Answer, seconds: Int, isPermanent: Bool) {
        let now = Worker.clock()
        state.withLock {
            $0.cache.keep(
                question, answer, until: now + UInt64(max(seconds, 0)) * 1_000_000_000,
                isPermanent: isPermanent,
                now: now)
        }
    }

    /// nil: it was not there; false: it is there for good.
    @discardableResult public func forget(_ question: Question) -> Bool? {
        state.withLock { state in
            guard let isPermanent = state.cache.isPermanent(question) else { return nil }
            return isPermanent ? false : state.cache.remove(question)
        }
    }
    public func forgetAll(permanentToo: Bool) {
        state.withLock { $0.cache.removeAll(permanentToo: permanentToo) }
    }
}
