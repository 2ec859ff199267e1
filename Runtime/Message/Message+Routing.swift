// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// Where a request is to go, and what is to be said when it cannot.
///
/// Text that is set here is copied into the message; setting an absent slice takes the value away.
extension Message {
    @inlinable public var nextHop: Slice {
        get { store.pointee.nextHop }
        nonmutating set {
            store.pointee.nextHop = keepBytes(newValue)
            // Another place is not at the end of that flow.
            store.pointee.options &= ~UInt32(MT_O_FLOW)
        }
    }

    /// Route values to put on top when sending, as from Path.
    @inlinable public var path: Slice {
        get { store.pointee.path }
        nonmutating set { store.pointee.path = keepBytes(newValue) }
    }

    // MARK: The registered contact that the Request-URI is

    @inlinable public var ruid: Slice {
        get { store.pointee.ruid }
        nonmutating set { store.pointee.ruid = keepBytes(newValue) }
    }
    @inlinable public var instance: Slice {
        get { store.pointee.instance }
        nonmutating set { store.pointee.instance = keepBytes(newValue) }
    }
    @inlinable public var userAgent: Slice {
        get { store.pointee.userAgent }
        nonmutating set { store.pointee.userAgent = keepBytes(newValue) }
    }
    @inlinable public var regID: UInt32 {
        get { store.pointee.regID }
        nonmutating set { store.pointee.regID = newValue }
    }
    /// In thousandths.
    @inlinable public var quality: Int? {
        get { store.pointee.quality == 0 ? nil : Int(store.pointee.quality) - 1 }
        nonmutating set { store.pointee.quality = newValue.map { Int32(truncatingIfNeeded: $0) + 1 } ?? 0 }
    }
    /// The connection that it registered over; 0 is none.
    @inlinable public var connection: UInt64 {
        get { store.pointee.connection }
        nonmutating set { store.pointee.connection = newValue }
    }

    @inlinable public var outSocket: UInt32? {
        get { store.pointee.hasOutSocket ? store.pointee.outSocket : nil }
        nonmutating set {
            store.pointee.hasOutSocket = newValue != nil
            store.pointee.outSocket = newValue ?? 0
        }
    }

    /// The status and the reason for which the last routing function failed; 0 is none.
    @inlinable public var errorStatus: Int {
        get { Int(store.pointee.errorStatus) }
        nonmutating set { store.pointee.errorStatus = Int32(truncatingIfNeeded: newValue) }
    }

    @inlinable public var errorReason: Slice {
        get { store.pointee.errorReason }
        nonmutating set { store.pointee.errorReason = keepBytes(newValue) }
    }

    /// Whole header lines, each with its end of line, for the replies to this request.
    @inlinable public var replyLines: Slice { store.pointee.replyLines }

    @inlinable public var replyBody: Slice {
        get { store.pointee.replyBody }
        nonmutating set { store.pointee.replyBody = keepBytes(newValue) }
    }

    @inlinable public var replyType: Slice {
        get { store.pointee.replyType }
        nonmutating set { store.pointee.replyType = keepBytes(newValue) }
    }

    /// Adds to the reply lines; a missing end of line is added, an absent slice takes all of them away.
    public func addReplyLines(_ lines: Slice) {
        guard lines.isPresent else {
            store.pointee.replyLines = .absent
            return
        }
        if lines.isEmpty { return }
        let ended = lines[lines.count - 1] == 10
        store.pointee.replyLines = keep(store.pointee.replyLines, lines, ended ? .absent : "\r\n")
    }

    // MARK: Targets

    @inlinable public var targetCount: Int { Int(store.pointee.targetCount) }

    /// Valid as long as the message, or until the targets are cleared.
    public func target(_ index: Int) -> UnsafeMutablePointer<mt_target>? {
        guard index >= 0 else { return nil }
        var node = store.pointee.firstTarget
        for _ in 0..<index { node = node?.pointee.next }
        // The target is the node's first member.
        return node.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: mt_target.self) }
    }

    /// Adds one at the end, its texts copied.
    public func addTarget(_ target: mt_target) {
        let node = alloc(MemoryLayout<TargetNode>.size).bindMemory(to: TargetNode.self, capacity: 1)
        node.initialize(to: TargetNode(target: target, next: nil))
        node.pointee.target.size = UInt32(MemoryLayout<mt_target>.size)
        node.pointee.target.uri = keepBytes(Slice(target.uri)).mt
        node.pointee.target.next_hop = keepBytes(Slice(target.next_hop)).mt
        node.pointee.target.path = keepBytes(Slice(target.path)).mt
        node.pointee.target.instance = keepBytes(Slice(target.instance)).mt
        node.pointee.target.ruid = keepBytes(Slice(target.ruid)).mt
        node.pointee.target.user_agent = keepBytes(Slice(target.user_agent)).mt
        if let last = store.pointee.lastTarget {
            last.pointee.next = node
        } else {
            store.pointee.firstTarget = node
        }
        store.pointee.lastTarget = node
        store.pointee.targetCount += 1
    }

    public func clearTargets() {
        store.pointee.firstTarget = nil
        store.pointee.lastTarget = nil
        store.pointee.targetCount = 0
    }
}
