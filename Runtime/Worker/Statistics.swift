// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Counters and gauges by name.
///
/// Each worker has a row of its own that only it writes, so counting costs an addition; other threads share
/// one more row, atomically. Reading sums up the rows.
public final class Statistics: @unchecked Sendable {
    public enum Kind: Sendable { case counter, gauge }
    public struct ID: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt32
        @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Counts nothing.
        public static let none = ID(rawValue: 0)
    }
    public struct Entry: Sendable {
        public let group, name: String
        public let kind: Kind
    }

    public static let capacity = 8192
    static let rows = WorkerGroup.maximum + 1

    /// By number; the first is not used, so that 0 is no statistic. [main]
    public private(set) var entries = [Entry(group: "", name: "", kind: .counter)]
    private var numbers: [String: UInt32] = [:]
    /// Never touched pages cost nothing.
    private let values: UnsafeMutablePointer<Int64>
    /// What each counter stood at when it was last reset.
    private let base: UnsafeMutablePointer<UInt64>

    public init() {
        let size = Statistics.rows * Statistics.capacity * 8
        let pages = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let pages, pages != MAP_FAILED else { fatalError("no memory for statistics") }
        values = pages.bindMemory(to: Int64.self, capacity: Statistics.rows * Statistics.capacity)
        base = .allocate(capacity: Statistics.capacity)
        base.initialize(repeating: 0, count: Statistics.capacity)
    }

    deinit {
        munmap(values, Statistics.rows * Statistics.capacity * 8)
        base.deallocate()
    }

    /// [main] The same group and name give the same number. When there is no more room, a number that counts
    /// nothing.
    public func define(_ group: String, _ name: String, _ kind: Kind = .counter) -> ID {
        if let known = numbers["\(group):\(name)"] { return ID(rawValue: known) }
        guard entries.count < Statistics.capacity else { return .none }
        let number = UInt32(entries.count)
        entries.append(Entry(group: group, name: name, kind: kind))
        numbers["\(group):\(name)"] = number
        if numbers[name] == nil { numbers[name] = number }
        return ID(rawValue: number)
    }

    /// By `group:name`, or by `name`, which finds the one that was defined first.
    public func find(_ name: String) -> ID? { numbers[name].map(ID.init) }

    /// [any] Wait-free.
    public func add(_ id: ID, _ by: Int64 = 1) {
        let number = Int(id.rawValue)
        guard number > 0, number < Statistics.capacity else { return }
        if let row = cl_counters(), row == self.row(Int(cl_worker_index())) {
            cl_bump(row + number, by)
        } else {
            cl_add(row(WorkerGroup.maximum) + number, by)
        }
    }

    /// [any] A counter since it was last reset; a gauge as it stands.
    public func read(_ id: ID) -> Int64 {
        sum(id) &- Int64(bitPattern: cl_load64(base + Int(id.rawValue) % Statistics.capacity))
    }

    /// [any] Gauges stay as they are: what they count is still there.
    public func reset(_ id: ID) {
        let number = Int(id.rawValue)
        guard number > 0, number < entries.count, entries[number].kind == .counter else { return }
        cl_store64(base + number, UInt64(bitPattern: sum(id)))
    }

    private func sum(_ id: ID) -> Int64 {
        let number = Int(id.rawValue)
        guard number > 0, number < Statistics.capacity else { return 0 }
        return (0..<Statistics.rows).reduce(0) { $0 &+ cl_load(row($1) + number) }
    }

    func row(_ worker: Int) -> UnsafeMutablePointer<Int64> { values + worker * Statistics.capacity }
}
