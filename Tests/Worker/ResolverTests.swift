// SPDX-License-Identifier: Apache-2.0
import Foundation
import Message
import Testing

@testable import Worker

@Suite struct ResolverTests {
    @Test func `numbers are known at once, names after asking, and then at once`() throws {
        let server = try Server(Echo())
        let asking = Asking(server.group)
        let worker = server.group.workers[0]
        worker.post(asking.job)
        #expect(asking.steps.reaches(2, "asked"))
        #expect(asking.steps["numeric"] == 1)
        #expect(asking.steps["found"] == 1)
        #expect(asking.steps.reaches(1, "unknown"))
        withExtendedLifetime(asking) { server.stop() }
    }

    private final class Asking: @unchecked Sendable {
        let group: WorkerGroup
        let steps = Tally<String>()
        private var round = 0

        init(_ group: WorkerGroup) { self.group = group }

        var job: Job {
            Job(
                { asking, _, _ in
                    guard let asking, let worker = Worker.current else { return }
                    Unmanaged<Asking>.fromOpaque(asking).takeUnretainedValue().ask(worker)
                }, Unmanaged.passUnretained(self).toOpaque())
        }

        func ask(_ worker: Worker) {
            if round == 0, case .found(let endpoint) = find("192.0.2.9", worker),
                endpoint == Endpoint("192.0.2.9", port: 5070)
            {
                steps.add("numeric")
            }
            let name: Slice = round < 2 ? "LocalHost" : "no-such-host.invalid"
            round += 1
            switch find(name, worker) {
            case .asked: steps.add("asked")
            case .found(let endpoint):
                steps.add(endpoint.isLoopback && endpoint.port == 5070 ? "found" : "wrong")
                ask(worker)
            case .unknown: steps.add("unknown")
            }
        }

        private func find(_ host: Slice, _ worker: Worker) -> Resolver.Answer {
            worker.group.resolver.find(host, port: 5070, on: worker, then: job)
        }
    }
}
