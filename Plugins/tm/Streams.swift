// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Branches that were sent along a connection and of which nothing was heard yet, by that connection. When it breaks they
/// need not wait for their timers (RFC 3261, 17.1.4).
struct Streams {
    private static let count = 256
    private let lists: UnsafeMutablePointer<BranchPointer?>

    init() {
        lists = .allocate(capacity: Self.count)
        lists.initialize(repeating: nil, count: Self.count)
    }

    private func list(_ connection: UInt64) -> UnsafeMutablePointer<BranchPointer?> {
        lists + Int(truncatingIfNeeded: connection ^ connection >> 24) & (Self.count - 1)
    }

    func add(_ branch: BranchPointer) {
        guard branch.pointee.flow.connection != 0, !branch.pointee.isOnStream else { return }
        let list = list(branch.pointee.flow.connection)
        branch.pointee.isOnStream = true
        branch.pointee.streamBefore = nil
        branch.pointee.streamAfter = list.pointee
        list.pointee?.pointee.streamBefore = branch
        list.pointee = branch
    }

    func remove(_ branch: BranchPointer) {
        guard branch.pointee.isOnStream else { return }
        branch.pointee.isOnStream = false
        branch.pointee.streamAfter?.pointee.streamBefore = branch.pointee.streamBefore
        if let before = branch.pointee.streamBefore {
            before.pointee.streamAfter = branch.pointee.streamAfter
        } else {
            list(branch.pointee.flow.connection).pointee = branch.pointee.streamAfter
        }
    }

    func first(on connection: UInt64) -> BranchPointer? {
        var branch = list(connection).pointee
        while let here = branch, here.pointee.flow.connection != connection {
            branch = here.pointee.streamAfter
        }
        return branch
    }
}

/// Hook "core.closed": a connection is gone. It is told on the worker that owned it; calls of all may have used it.
func connectionClosed(_ call: CallPointer) -> Outcome {
    guard let flow = call.pointee.data?.assumingMemoryBound(to: mt_flow.self), flow.pointee.connection != 0
    else {
        return .yes
    }
    breakBranches(call, flow.pointee.connection)
    let word = UnsafeMutableRawPointer(bitPattern: UInt(flow.pointee.connection))
    for worker in 0..<UInt32(Host.workers) where worker != call.pointee.worker {
        _ = Server.loop.pointee.post(Server.host, worker, closedElsewhere, word)
    }
    return .yes
}

private let closedElsewhere: mt_fn = { call in
    guard let call else { return 1 }
    breakBranches(call, UInt64(UInt(bitPattern: call.pointee.user)))
    return 1
}

private func breakBranches(_ call: CallPointer, _ connection: UInt64) {
    while let branch = table(call).pointee.streams.first(on: connection) {
        table(call).pointee.streams.remove(branch)
        guard let transaction = branch.pointee.transaction else { continue }
        transaction.pointee.pins += 1
        lost(call, transaction, branch)
        unpin(call, transaction)
    }
}
