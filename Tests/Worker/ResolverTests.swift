// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Worker

@Suite struct ResolverTests {
    /// Asks, and waits for the answer.
    private func ask(_ resolver: Resolver, _ question: Question) -> Answer? {
        let told = Told()
        resolver.ask(question) { told.tell($0) }
        return told.wait()
    }

    private final class Told: @unchecked Sendable {
        private let tally = Tally<String>()
        private var answer: Answer?
        func tell(_ answer: Answer) {
            self.answer = answer
            tally.add("told")
        }
        func wait() -> Answer? { tally.reaches(1, "told") ? answer : nil }
    }

    /// Asks a port where nobody is.
    private func resolver(_ change: (inout NameSettings) -> Void = { _ in }) throws -> Resolver {
        var settings = NameSettings()
        let nobody = Client(.udp, port: 9)
        settings.servers = [try #require(Endpoint("127.0.0.1", port: nobody.localPort))]
        settings.seconds = 1
        settings.attempts = 1
        change(&settings)
        return Resolver(settings, Statistics())
    }

    @Test func `the machine's own names are known to the machine`() throws {
        let resolver = try resolver()
        let question = Question("LocalHost", .a)
        #expect(resolver.known(question) == nil)
        #expect(ask(resolver, question)?.endpoints.first?.isLoopback == true)
        #expect(resolver.known(question)?.endpoints.first?.isLoopback == true)
        #expect(ask(resolver, Question("localhost", .srv))?.outcome == .nothing)
    }

    @Test func `what cannot be a name is not asked for, and nobody who answers is a failure`() throws {
        let resolver = try resolver { $0.negative = 0 }
        #expect(ask(resolver, Question("a..b", .a))?.outcome == .nothing)
        #expect(ask(resolver, Question("host.example", .a))?.outcome == .failed)
        #expect(resolver.known(Question("host.example", .a)) == nil)
    }

    @Test func `what is known by hand is not asked for`() throws {
        let resolver = try resolver()
        let question = Question("host.example", .a)
        let answer = Answer([Record(.address(.anyV4), ttl: 60)])
        resolver.keep(question, answer, seconds: 60, isPermanent: false)
        #expect(ask(resolver, question) == answer)
        #expect(resolver.all().count == 1)
        #expect(resolver.forget(question) == true && resolver.known(question) == nil)
        resolver.keep(question, answer, seconds: 1, isPermanent: true)
        #expect(resolver.forget(question) == false && resolver.forget(Question("x", .a)) == nil)
    }
}
