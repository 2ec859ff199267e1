// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What a telephone subscribes to. The numbers are those of the column "event".
public enum Package: UInt8, Sendable {
    case callInfo = 1
    case lineSeize = 2

    public var word: StaticString { self == .callInfo ? "call-info" : "line-seize" }

    public init?(_ text: Text) {
        // RFC 6665, 8.2.1: Event may have parameters.
        let word = text.prefix(text.firstIndex(of: UInt8(ascii: ";")) ?? text.count).trimmed
        if word.equalsIgnoringCase("call-info" as StaticString) {
            self = .callInfo
        } else if word.equalsIgnoringCase("line-seize" as StaticString) {
            self = .lineSeize
        } else {
            return nil
        }
    }
}

/// Why a subscription is over (RFC 6665, 4.1.3).
public enum Ending: Sendable {
    case unsubscribed, timeout, noResource, deactivated
    /// It did not answer, or does not know the subscription: there is nobody to be told.
    case unanswered

    public var state: StaticString {
        switch self {
        case .unsubscribed, .unanswered: "terminated"
        case .timeout: "terminated;reason=timeout"
        case .noResource: "terminated;reason=noresource"
        case .deactivated: "terminated;reason=deactivated"
        }
    }
}

/// A telephone that is told of a line, in a dialog of its own.
public struct Subscription: Sendable {
    public enum Part: Int, CaseIterable, Sendable { case contact, callID, fromTag, toTag, routes }

    /// Unique in this process.
    public let number: UInt32
    public let package: Package
    /// Of the worker that its Call-ID belongs to.
    public var worker: UInt16
    /// The socket that it came over; all ones: any.
    public var socket: UInt16 = .max
    /// NOTIFYs that have no final answer yet.
    public var unanswered: UInt8 = 0
    /// What it has been told is not what there is.
    public var isOwed = false
    /// Its row in the database is not what it is.
    public var isDirty = true
    public var notifySequence: UInt32 = 0
    /// As the database has it.
    public var savedSequence: UInt32 = 0
    public var subscribeSequence: UInt32
    /// Its row has been there, as one of ours.
    public var isStored = false
    /// Of several servers the one whose its row is: another one's is not written over.
    public var server = 0
    /// Of line-seize: the appearance.
    public var index: Int32 = 0
    /// Unix time in milliseconds.
    public var expires: Int64
    /// A stream that it came over, to be gone back on; 0: none.
    public var connection: UInt64 = 0
    private var texts: [UInt8]
    private var ends: (UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0)

    public init(
        number: UInt32, _ package: Package, contact: String, callID: String, fromTag: String, toTag: String,
        routes: String = "", sequence: UInt32, expires: Int64, worker: Int
    ) {
        self.number = number
        self.package = package
        self.worker = UInt16(truncatingIfNeeded: worker)
        subscribeSequence = sequence
        self.expires = expires
        texts = []
        pack(contact, callID, fromTag, toTag, routes)
    }

    private mutating func pack(_ parts: String...) {
        let all = parts.reduce(0) { $0 + $1.utf8.count }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(all)
        var ends: [UInt16] = []
        for part in parts {
            // A header is never that long; what is, is cut.
            bytes += part.utf8.prefix(max(0, 65_000 - bytes.count))
            ends.append(UInt16(bytes.count))
        }
        texts = bytes
        self.ends = (ends[0], ends[1], ends[2], ends[3])
    }

    private func range(_ part: Part) -> Range<Int> {
        switch part {
        case .contact: 0..<Int(ends.0)
        case .callID: Int(ends.0)..<Int(ends.1)
        case .fromTag: Int(ends.1)..<Int(ends.2)
        case .toTag: Int(ends.2)..<Int(ends.3)
        case .routes: Int(ends.3)..<texts.count
        }
    }

    public subscript(part: Part) -> String { String(decoding: texts[range(part)], as: UTF8.self) }

    public func has(_ part: Part, _ text: String) -> Bool { texts[range(part)].elementsEqual(text.utf8) }

    /// Another dialog takes over.
    public mutating func move(
        contact: String, callID: String, fromTag: String, toTag: String, routes: String
    ) { pack(contact, callID, fromTag, toTag, routes) }

    public mutating func setRoutes(contact: String, _ routes: String) {
        pack(contact, self[.callID], self[.fromTag], self[.toTag], routes)
    }

    public func secondsLeft(at now: Int64) -> Int { Int(max(0, (expires - now + 999) / 1000)) }
}
