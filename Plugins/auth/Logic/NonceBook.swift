// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// What has been done with the nonces that were handed out last, so that what was heard on the wire cannot be
/// said again. For any number of threads, and of a fixed size: a nonce that had to make room for newer ones
/// is forgotten.
public final class NonceBook: @unchecked Sendable {
    /// Two words each: serial and last count; fingerprint and time of the request that had it.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let mask: UInt32

    /// - Parameter order: there is room for two to the power of that many.
    public init?(order: Int) {
        let count = 1 << min(max(order, 4), 28)
        // Zeros that take no memory until they are written.
        guard let memory = calloc(2 * count, MemoryLayout<UInt64>.stride) else { return nil }
        words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: 2 * count)
        mask = UInt32(count - 1)
    }

    deinit { free(words) }

    public enum Use: Equatable, Sendable {
        case first
        /// The very same request once more: its answer was lost.
        case repeated
        case replayed
        case forgotten
    }

    /// A nonce was handed out.
    public func open(_ serial: UInt32) {
        words[Int(serial & mask) * 2].store(UInt64(serial) << 32, ordering: .relaxed)
    }

    /// How long copies of a request may be on their way: 64 * T1 (RFC 3261, 17).
    private static let patience: UInt32 = 32

    /// - Parameters:
    ///   - count: of the credentials; it has to grow. Nil: the nonce is good for one request.
    ///   - fingerprint: of the request as it came, and from where.
    ///   - now: Unix time.
    public func use(_ serial: UInt32, count: UInt32?, fingerprint: UInt32, now: UInt32) -> Use {
        let place = Int(serial & mask) * 2
        let count = count ?? 1
        while true {
            let word = words[place].load(ordering: .acquiring)
            guard UInt32(word >> 32) == serial else { return .forgotten }
            let last = UInt32(truncatingIfNeeded: word)
            guard count > last else {
                let request = words[place + 1].load(ordering: .acquiring)
                let isSame = UInt32(request >> 32) == fingerprint
                let isRecent = now &- UInt32(truncatingIfNeeded: request) <= NonceBook.patience
                return count == last && isSame && isRecent ? .repeated : .replayed
            }
            let next = UInt64(serial) << 32 | UInt64(count)
            guard
                words[place].compareExchange(expected: word, desired: next, ordering: .acquiringAndReleasing)
                    .exchanged
            else { continue }
            words[place + 1].store(UInt64(fingerprint) << 32 | UInt64(now), ordering: .releasing)
            return .first
        }
    }
}
