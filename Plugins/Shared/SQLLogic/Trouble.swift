// SPDX-License-Identifier: Apache-2.0

/// Whether the database works, and what of that is news: each trouble is told once, and its end too.
public struct Trouble: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        case missing, locked, full, damaged, readOnly
        /// A server that cannot be reached, or has ended the connection.
        case away
        case other(Int32)

        /// Of SQLite's primary result codes.
        public init(_ code: Int32) {
            switch code & 0xff {
            case 5, 6: self = .locked
            case 13: self = .full
            case 11, 26: self = .damaged
            case 8: self = .readOnly
            case 14: self = .missing
            case let other: self = .other(other)
            }
        }

        /// Whether the connection is of no more use: what is there now may be another file.
        public var needsReopening: Bool {
            switch self {
            case .locked, .full: false
            case .missing, .damaged, .readOnly, .away, .other: true
            }
        }

        public func words(_ path: String, _ detail: String) -> String {
            switch self {
            case .missing: "\(path) cannot be opened: \(detail); it is tried again every second"
            case .locked: "\(path) is locked by another process; what is written now waits in memory"
            case .full: "\(path): the disk is full; what is written now waits in memory"
            case .damaged:
                "\(path) is damaged (\(detail)); put a sound file there: it is tried again every second"
            case .readOnly: "\(path) cannot be written: \(detail)"
            case .away: "\(path) cannot be reached: \(detail); it is tried again every second"
            case .other: "\(path): \(detail)"
            }
        }
    }

    public private(set) var now: Kind?
    public init() {}

    /// True when this is to be told.
    public mutating func met(_ kind: Kind) -> Bool {
        if now == kind { return false }
        now = kind
        return true
    }

    /// True when there was one until now.
    public mutating func passed() -> Bool {
        defer { now = nil }
        return now != nil
    }
}
