// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Synchronization

/// Which of our addresses the system would send from, asked by connecting a UDP socket: nothing is sent. For
/// `mhomed`.
final class RouteProbe: Sendable {
    private struct Answer {
        let local: Endpoint?
        let until: Int
    }
    private let known = Mutex<[Endpoint: Answer]>([:])
    private static let seconds = 30, most = 10_000

    func local(toward destination: Endpoint) -> Endpoint? {
        var key = destination
        key.port = 0
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &clock)
        let now = clock.tv_sec
        if let answer = known.withLock({ $0[key] }), answer.until > now { return answer.local }
        let local = RouteProbe.ask(destination)
        known.withLock {
            if $0.count >= RouteProbe.most { $0.removeAll(keepingCapacity: true) }
            $0[key] = Answer(local: local, until: now + RouteProbe.seconds)
        }
        return local
    }

    private static func ask(_ destination: Endpoint) -> Endpoint? {
        let socket = cl_socket(destination.isV4, false)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        var to = destination.raw
        if to.port == 0 { to.port = 5060 }
        var local = cl_address()
        guard cl_connect(socket, &to) == 0, cl_local_name(socket, &local) == 0 else { return nil }
        return Endpoint(local)
    }
}
