// SPDX-License-Identifier: Apache-2.0
import Glibc
import Message
import Synchronization

/// Host names to addresses, without blocking a worker: numeric ones and those known at once, others by a
/// helper thread.
///
/// This is the place for RFC 3263: whatever a name needs, NAPTR, SRV, A, happens in `work`, and callers see
/// endpoints.
public final class Resolver: Sendable {
    public enum Answer {
        case found(Endpoint)
        /// `then` will be run.
        case asked
        case unknown
    }
    private struct Known {
        let endpoints: [Endpoint]
        let until: UInt64
    }
    static let seconds: UInt64 = 60, secondsUnknown: UInt64 = 5
    private static let most = 10_000

    private let known = Mutex<[String: Known]>([:])

    public init() {}

    /// The first address of a host. When it has to be asked for, `then` is run on the worker once it is
    /// known, whatever came of it; the same question has its answer at once then.
    public func find(_ host: Slice, port: UInt16, on worker: Worker, then: Job) -> Answer {
        guard let base = host.base else { return .unknown }
        if let literal = Endpoint(literal: UnsafeBufferPointer(start: base, count: host.count), port: port) {
            return .found(literal)
        }
        let name = host.string.lowercased()
        if let known = lookup(name) {
            guard var endpoint = known.first else { return .unknown }
            endpoint.port = port
            return .found(endpoint)
        }
        let question = Question(name: name, resolver: self)
        worker.group.offload(
            Job(
                { question, _, _ in
                    guard let question else { return }
                    Unmanaged<Question>.fromOpaque(question).takeRetainedValue().ask()
                }, Unmanaged.passRetained(question).toOpaque()), then: then, on: worker)
        return .asked
    }

    private final class Question {
        let name: String
        let resolver: Resolver
        init(name: String, resolver: Resolver) {
            self.name = name
            self.resolver = resolver
        }
        func ask() { resolver.learn(name, Interfaces.lookup(name)) }
    }

    private func lookup(_ name: String) -> [Endpoint]? {
        known.withLock {
            guard let entry = $0[name] else { return nil }
            if entry.until > Worker.clock() { return entry.endpoints }
            $0[name] = nil
            return nil
        }
    }

    private func learn(_ name: String, _ endpoints: [Endpoint]) {
        let seconds = endpoints.isEmpty ? Resolver.secondsUnknown : Resolver.seconds
        // IPv4 first: what most have sockets for.
        let sorted = endpoints.filter(\.isV4) + endpoints.filter { !$0.isV4 }
        known.withLock {
            if $0.count >= Resolver.most { $0.removeAll() }
            $0[name] = Known(endpoints: sorted, until: Worker.clock() + seconds * 1_000_000_000)
        }
    }
}
