// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// A copy that lasts; nil: nothing is given.
func string(_ text: Text?) -> String? {
    guard let text else { return nil }
    return String(text)
}

/// Event sca:state-changed, for each appearance that has another state.
enum Telling {
    static func tell(_ call: CallPointer, _ group: Group, _ changes: [Group.Change]) {
        for change in changes where change.before == .idle && change.after.state == .seized {
            Count.seizures.add()
        }
        guard stateChanged.isHeard else { return }
        for change in changes { tell(call, group, change) }
    }

    private static func tell(_ call: CallPointer, _ group: Group, _ change: Group.Change) {
        guard let own = OwnMessage.request("OPTIONS" as StaticString, group.aor) else { return }
        let message = own.message
        let aor = group.aor
        aor.withRaw { aor in
            message.append(Line("From: <\(aor)>;tag=sca"))
            message.append(Line("To: <\(aor)>"))
        }
        let name = change.after.call.callID
        name.withRaw {
            _ = message.append(Line("Call-ID: \(Text(unchecked: $0.len > 0 ? $0 : mt_str("sca")))"))
        }
        message.append("CSeq: 1 OPTIONS")
        guard let shown = Shown.make(message, aor, change.after, before: change.before) else { return }
        message.slot = UInt64(UInt(bitPattern: shown))
        stateChanged.emit(Call(call), message, UnsafeRawPointer(shown))
    }
}

/// An appearance as a script sees it, in the memory of a message. It starts as an sca_change.
typealias Shown = sca_change

extension sca_change {
    static func make(_ message: Message, _ aor: String, _ appearance: Appearance, before: AppearanceState)
        -> UnsafeMutablePointer<sca_change>?
    {
        guard let memory = message.allocate(MemoryLayout<sca_change>.stride).baseAddress else { return nil }
        let shown = memory.bindMemory(to: sca_change.self, capacity: 1)
        var change = sca_change()
        change.size = UInt32(MemoryLayout<sca_change>.size)
        change.index = UInt32(appearance.index)
        change.before = UInt32(before.rawValue)
        change.after = UInt32(appearance.state.rawValue)
        change.aor = message.keep(aor).raw
        change.owner = message.keep(appearance.owner).raw
        change.callee = message.keep(appearance.farContact).raw
        change.uri = message.keep(appearance.display).raw
        change.call_id = message.keep(appearance.call.callID).raw
        change.from_tag = message.keep(appearance.call.fromTag).raw
        change.to_tag = message.keep(appearance.call.toTag).raw
        shown.initialize(to: change)
        return shown
    }
}
