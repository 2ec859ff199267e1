// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// What is known of a dialog as text, in one block: where each part ends, then the parts.
struct Texts {
    enum Part: Int, CaseIterable {
        case callID, fromURI, fromTag, toURI, requestURI, callerContact, callerRoutes, toTag, calleeContact,
            calleeRoutes, reason
        /// The ways that the sides' messages came, where their Contact may not lead there: a `Way` each.
        case callerWay, calleeWay
    }

    private static let head = (Part.allCases.count + 1) * MemoryLayout<UInt16>.size
    /// What all parts together may take.
    static let most = 60_000

    private var block: UnsafeMutableRawPointer?

    private var ends: UnsafeMutablePointer<UInt16> {
        block.unsafelyUnwrapped.assumingMemoryBound(to: UInt16.self)
    }

    private var size: Int { Self.head + Int(ends[Part.allCases.count]) }

    subscript(part: Part) -> mt_str {
        guard let block else { return mt_str() }
        let start = Int(ends[part.rawValue])
        let end = Int(ends[part.rawValue + 1])
        guard end > start else { return mt_str() }
        return mt_str(
            ptr: UnsafePointer((block + Self.head + start).assumingMemoryBound(to: CChar.self)),
            len: end - start)
    }

    /// All of it anew: each part as `change` says, or as it was where that is nil. False: it is too much.
    mutating func rewrite(_ pool: inout Pool, _ change: (Part) -> mt_str?) -> Bool {
        withUnsafeTemporaryAllocation(of: mt_str.self, capacity: Part.allCases.count) { parts in
            var total = 0
            for part in Part.allCases {
                parts[part.rawValue] = change(part) ?? self[part]
                total += parts[part.rawValue].len
            }
            guard total <= Self.most else { return false }
            let new = pool.take(Self.head + total)
            let newEnds = new.bindMemory(to: UInt16.self, capacity: Part.allCases.count + 1)
            newEnds[0] = 0
            var at = 0
            for index in 0..<Part.allCases.count {
                let text = parts[index]
                if text.len > 0 { memcpy(new + Self.head + at, text.ptr, text.len) }
                at += text.len
                newEnds[index + 1] = UInt16(at)
            }
            free(&pool)
            block = new
            return true
        }
    }

    mutating func free(_ pool: inout Pool) {
        guard let block else { return }
        pool.give(block, size)
        self.block = nil
    }
}

/// The way that a side's last message came.
struct Way {
    var address: (UInt64, UInt64) = (0, 0)
    var connection: UInt64 = 0
    var port: UInt16 = 0
    var `protocol`: UInt16 = 0
    var socket: UInt32 = 0

    init(_ flow: mt_flow) {
        address = withUnsafeBytes(of: flow.remote) { $0.loadUnaligned(as: (UInt64, UInt64).self) }
        connection = flow.connection
        port = flow.remote_port
        `protocol` = UInt16(truncatingIfNeeded: flow.protocol)
        socket = flow.socket
    }

    init?(_ bytes: mt_str) {
        guard bytes.len == MemoryLayout<Way>.size, let start = bytes.ptr else { return nil }
        self = UnsafeRawPointer(start).loadUnaligned(as: Way.self)
    }

    var flow: mt_flow {
        var flow = mt_flow()
        withUnsafeMutableBytes(of: &flow.remote) { $0.storeBytes(of: address, as: (UInt64, UInt64).self) }
        flow.connection = connection
        flow.remote_port = port
        flow.protocol = UInt32(`protocol`)
        flow.socket = socket
        return flow
    }

    func with<Result>(_ body: (mt_str) -> Result) -> Result {
        withUnsafeBytes(of: self) {
            body(mt_str(ptr: $0.baseAddress?.assumingMemoryBound(to: CChar.self), len: $0.count))
        }
    }
}
