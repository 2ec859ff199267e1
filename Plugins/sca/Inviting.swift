// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// INVITEs of shared lines.
enum Inviting {
    /// One that makes a call.
    static func begin(
        _ call: borrowing Call, _ caller: Group?, _ callee: Group?, _ info: CallInfo?, _ from: Text
    ) -> Outcome {
        let message = call.message
        guard let caller, let info else { return .yes }
        guard let owner = contact(of: message) else {
            Host.log(
                .error, "sca_call_info_update: an INVITE of a shared line has no Contact that can be read")
            return .no
        }
        var name = callName(message)
        name.toTag = ""
        let now = Now.milliseconds
        if caller === callee, case .number(let index) = info.index {
            let way = lines.with(caller) { $0.pickUp(index, owner: owner, name, at: now) } ?? .none
            switch way {
            case .none: break
            case .goes(let target, let replaces): return pickUp(call, caller, index, target, replaces)
            case .isPrivate: return refuse(call, 403, "Forbidden - private call")
            case .isTaken: return refuse(call, 480, "Temporarily Unavailable")
            }
        }
        let call_ = name
        let shown = lines.with(caller) { $0.dial(info.index, owner: owner, call_, at: now) } ?? nil
        if shown == nil { unseen(caller, owner) }
        return settle(call, [caller]) { _ in
            if Sharing.isOn, let shown, lines.with(caller, { $0.isOurs(shown, call_.callID) }) != true {
                unseen(caller, owner)
            }
            return .yes
        }
    }

    private static func unseen(_ group: Group, _ owner: String) {
        Host.log(
            .notice,
            "\(group.aor): a call of \(owner) goes on unseen: its appearance is somebody else's, or there are no more"
        )
    }

    /// The held call's far end gets it, and is told whom it replaces (RFC 3891).
    private static func pickUp(
        _ call: borrowing Call, _ group: Group, _ index: Int, _ target: String, _ replaces: String
    ) -> Outcome {
        let message = call.message
        message.clearTargets()
        message.clear(.nextHop)
        message.clear(.path)
        message.set(.branchFlags, 0)
        if let alias = target.withRaw({ Alias(Text(unchecked: $0)) }) {
            message.set(.uri, alias.uri)
            message.set(.nextHop, alias.hop)
        } else {
            message.set(.uri, target)
        }
        replaces.withRaw { _ = message.append(Line("Replaces: \(Text(unchecked: $0))")) }
        let callID = String(message.callID)
        return settle(call, [group]) { call in
            if Sharing.isOn, lines.with(group, { $0.isOurs(index, callID) }) != true {
                return refuse(call, 480, "Temporarily Unavailable")
            }
            Count.pickUps.add()
            return .yes
        }
    }

    private static func refuse(_ call: borrowing Call, _ status: Int, _ reason: StaticString) -> Outcome {
        Count.privatePickUps.add()
        sl.reply(call, status, reason)
        return .stop
    }

    /// One inside a call: the telephone that sends it holds the call, or goes on with it.
    static func again(_ call: borrowing Call, _ places: [CallTable.Place], _ info: CallInfo?) -> Outcome {
        guard !places.isEmpty else { return .yes }
        let message = call.message
        let name = callName(message)
        let isHeld = isHeld(message)
        let sequence = UInt32(truncatingIfNeeded: message.cseq ?? 0)
        let now = Now.milliseconds
        for place in places {
            lines.with(place.group) {
                $0.reinvited(
                    place.index, name.callID, fromTag: name.fromTag, toTag: name.toTag, sequence: sequence,
                    isHeld: isHeld, wish: info?.state, at: now)
            }
        }
        return settle(call, places.map(\.group)) { _ in .yes }
    }

    /// Nil: nothing is said of it.
    static func isHeld(_ message: Message) -> Bool? {
        if holdFlag.value >= 0, (message.number(.branchFlags) ?? 0) & (1 << holdFlag.value) != 0 {
            return true
        }
        return SessionHold.isHeld(message.body)
    }
}
