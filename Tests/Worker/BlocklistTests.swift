// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Worker

@Suite struct BlocklistTests {
    private let place = Endpoint("192.0.2.1", port: 5060) ?? .anyV4

    private func blocklist(_ change: (inout Blocklist.Settings) -> Void = { _ in }) -> Blocklist {
        var settings = Blocklist.Settings()
        settings.isUsed = true
        change(&settings)
        return Blocklist(settings)
    }

    @Test func `a place where nobody was is left alone, and no other`() {
        let list = blocklist()
        list.add(place, .tcp, because: .cannotConnect)
        #expect(list.holds(place, .tcp))
        #expect(!list.holds(place, .udp) && !list.holds(place.with(port: 5061), .tcp))
        list.removeAll(permanentToo: false)
        #expect(!list.holds(place, .tcp))
    }

    @Test func `nothing is left alone when nobody wants it, or for such a failure, or any more`() {
        let unused = blocklist { $0.isUsed = false }
        unused.add(place, .tcp, because: .cannotConnect)
        #expect(unused.all().isEmpty && !unused.holds(place, .tcp))
        let ignoring = blocklist { $0.ignored = [.tcp: 4] }
        ignoring.add(place, .tcp, because: .cannotConnect)
        #expect(ignoring.all().isEmpty)
        let short = blocklist { $0.seconds = 0 }
        short.add(place, .tcp, because: .cannotConnect)
        #expect(!short.holds(place, .tcp))
    }

    @Test func `any port and any transport may be meant`() {
        let list = blocklist()
        list.add(Blocklist.Place(place.with(port: 0), nil), [.byHand, .permanent])
        #expect(list.holds(place, .udp) && list.holds(place.with(port: 9), .tls))
        list.removeAll(permanentToo: false)
        #expect(list.holds(place, .udp))
    }

    @Test func `who says for how long is left out for that time, and otherwise as is usual`() {
        let list = blocklist()
        #expect(list.add(place, .udp, because: .overloaded, for: 0))
        #expect(!list.holds(place, .udp))
        #expect(list.add(place, .udp, because: .overloaded, for: 600))
        #expect(list.holds(place, .udp))
        #expect(list.add(place.with(port: 9), .udp, because: .silent))
        #expect(list.holds(place.with(port: 9), .udp))
        let ignoring = blocklist { $0.ignored = [.udp: 32] }
        #expect(!ignoring.add(place, .udp, because: .overloaded, for: 600))
        #expect(ignoring.add(place, .udp, because: .silent, for: 600))
    }

    @Test func `there is room for so many`() {
        let list = blocklist { $0.memory = Blocklist.size * 10 }
        for port in 1...100 { list.add(place.with(port: UInt16(port)), .tcp, because: .cannotConnect) }
        #expect(list.all().count == 10 && list.usedMemory == Blocklist.size * 10)
        #expect(list.holds(place.with(port: 100), .tcp))
    }
}
