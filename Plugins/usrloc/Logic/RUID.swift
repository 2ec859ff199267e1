// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Names for contacts: `uloc-6b00d92b-4b31-1`. Never the same twice, in this process or after it: the time of
/// the start, the process and a count; of servers that have numbers, to share a database, theirs stand in front:
/// `uloc-2-6b00d92b-4b31-1`.
public final class RUID: Sendable {
    private let prefix: String
    private let count = Atomic<UInt64>(0)

    /// - Parameter server: 0: it has no number.
    public init(server: Int = 0, start: Int, process: Int) {
        let number = server > 0 ? "\(String(server, radix: 16))-" : ""
        prefix = "uloc-\(number)\(String(start, radix: 16))-\(String(process, radix: 16))-"
    }

    /// Lent to the closure.
    func next<Result>(_ body: (UnsafeBufferPointer<CChar>) -> Result) -> Result {
        let number = count.add(1, ordering: .relaxed).newValue
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: prefix.utf8.count + 17) { room in
            var length = 0
            for byte in prefix.utf8 {
                room[length] = CChar(bitPattern: byte)
                length += 1
            }
            var shift = 60
            while shift > 0, number >> UInt64(shift) == 0 { shift -= 4 }
            while shift >= 0 {
                let digit = UInt8(number >> UInt64(shift) & 15)
                room[length] = CChar(digit < 10 ? 48 + digit : 87 + digit)
                length += 1
                shift -= 4
            }
            return body(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(room)[0..<length]))
        }
    }
}
