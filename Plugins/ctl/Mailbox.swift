// SPDX-License-Identifier: Apache-2.0
import Carrier
import Synchronization

/// How other threads reach the control thread: answers for it to send, and the wish that it end. The other
/// way round it says who is connected.
final class Mailbox: Sendable {
    struct Letter: Sendable {
        let target: Target
        let bytes: [UInt8]
    }

    let letters = Letters<Letter>()
    private let known = Mutex<[Visitor]>([])

    func say(_ visitors: [Visitor]) { known.withLock { $0 = visitors } }
    func visitors() -> [Visitor] { known.withLock { $0 } }
}
