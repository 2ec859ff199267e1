// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// One row on its way.
final class Write: @unchecked Sendable {
    enum What {
        case appearance(Int)
        case claim(Int, Group.Claim)
        case announcement
        case subscription(Subscription)
        case erasure(Group.RowKey)
    }
    let group: Group?
    let what: What
    private let settlement: Settlement?

    init(_ group: Group?, _ what: What, _ settlement: Settlement?) {
        self.group = group
        self.what = what
        self.settlement = settlement
    }

    func start(_ call: CallPointer, _ body: (mt_fn, UnsafeMutableRawPointer) -> mt_result) {
        let held = Unmanaged.passRetained(self)
        if body(Write.done, held.toOpaque()) > 0 {
            settlement?.expect()
            return
        }
        held.release()
        // The lock of the line may be held.
        Loop.post(to: Int(call.pointee.worker)) { [self] _ in
            Storage.failed(self)
            return .yes
        }
    }

    static let done: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let write = Unmanaged<Write>.fromOpaque(user).takeRetainedValue()
        guard call.pointee.result != mt_result(MT_NO) else {
            Storage.refused(call, write)
            write.settlement?.written(call)
            return 1
        }
        guard call.pointee.result > 0 else {
            Storage.failed(write)
            write.settlement?.written(call)
            return 1
        }
        let isOurs = call.pointee.argc > 0 && call.pointee.args.map { $0[0].num > 0 } == true
        switch write.what {
        case .claim(let index, let claim):
            if let group = write.group { Claiming.answered(call, group, index, claim, isOurs: isOurs) }
        case .subscription(let one):
            guard Sharing.isOn, let group = write.group else { break }
            if isOurs {
                lines.with(group) { $0.markStored(subscription: one.number) }
            } else {
                Moving.check(call, group, one)
            }
        case .appearance, .announcement, .erasure: break
        }
        write.settlement?.written(call)
        return 1
    }
}
