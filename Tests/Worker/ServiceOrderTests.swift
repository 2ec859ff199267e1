// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Worker

/// RFC 2782: which server of a service comes first.
@Suite struct ServiceOrderTests {
    private func service(_ priority: UInt16, _ weight: UInt16, _ target: String) -> Service {
        Service(priority: priority, weight: weight, port: 5060, target: target)
    }

    private func order(_ services: [Service], balances: Bool, _ random: UInt64 = 0) -> String {
        var dice = Dice(state: random)
        return Service.ordered(services, balances: balances, dice: &dice).map(\.target).joined()
    }

    @Test func `the lowest priority first, then the heaviest, then as they came`() {
        let services = [
            service(2, 9, "d"), service(1, 1, "b"), service(1, 5, "a"), service(1, 1, "c"),
            service(3, 0, "e"),
        ]
        #expect(order(services, balances: false) == "abcde")
    }

    @Test func `by chance within a priority, never across`() {
        let services = [service(2, 100, "c"), service(1, 1, "a"), service(1, 1, "b")]
        let seen = Set((0..<200).map { order(services, balances: true, $0) })
        #expect(seen == ["abc", "bac"])
    }

    @Test func `the chance to be first is as large as the weight`() {
        let services = [service(0, 60, "a"), service(0, 30, "b"), service(0, 10, "c")]
        var first: [Character: Int] = [:]
        for seed in 0..<10_000 {
            first[order(services, balances: true, UInt64(seed)).first ?? "?", default: 0] += 1
        }
        #expect((5700...6300).contains(first["a"] ?? 0), "\(first)")
        #expect((2700...3300).contains(first["b"] ?? 0), "\(first)")
        #expect((800...1200).contains(first["c"] ?? 0), "\(first)")
    }

    @Test func `one without weight has a small chance`() {
        let services = [service(0, 99, "a"), service(0, 0, "b")]
        let first = (0..<10_000).filter { order(services, balances: true, $0).first == "b" }.count
        #expect((50...150).contains(first), "\(first)")
        // Without any weight there is nothing to throw dice for.
        #expect(order([service(0, 0, "a"), service(0, 0, "b")], balances: true, 5) == "ab")
    }

    @Test func `the same random number gives the same order`() {
        let services = (0..<20).map {
            service(0, UInt16($0 * 7 % 11), "\(Character(Unicode.Scalar(97 + UInt8($0))))")
        }
        #expect(order(services, balances: true, 42) == order(services, balances: true, 42))
        #expect(Set(order(services, balances: true, 42)).count == 20)
    }
}
