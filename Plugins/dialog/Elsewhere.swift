// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit
import Synchronization

/// A dialog of another worker as it was when it was asked for, in the memory of the message that asked. What is
/// changed is handed to its worker.
struct Elsewhere {
    var number: UInt64 = 0
    var life = Life(at: 0, lifetime: 0)
    var entry: UInt32 = 0
    var id: UInt32 = 0
    var flags: UInt32 = 0
    var properties: Properties = []
    var callerSequence: UInt32 = 0
    var calleeSequence: UInt32 = 0
    var callerSocket: UInt16 = .max
    var calleeSocket: UInt16 = .max
    var pins: UInt16 = 0
    /// By `Texts.Part`.
    var texts: UnsafeMutablePointer<mt_str>?
    var variables: UnsafeMutablePointer<MessageState.Pending>?
}

/// The same on its way from one worker to the other.
final class Portrait: Sendable {
    let plain: Elsewhere
    let texts: [String]
    let variables: [(String, String)]

    init(_ dialog: DialogPointer) {
        var plain = Elsewhere()
        plain.number = dialog.number.number
        plain.life = dialog.pointee.life
        plain.entry = dialog.pointee.entry
        plain.id = dialog.pointee.id
        plain.flags = dialog.pointee.flags
        plain.properties = dialog.pointee.properties
        plain.callerSequence = dialog.pointee.callerSequence
        plain.calleeSequence = dialog.pointee.calleeSequence
        plain.callerSocket = dialog.pointee.callerSocket
        plain.calleeSocket = dialog.pointee.calleeSocket
        plain.pins = dialog.pointee.life.transactions
        self.plain = plain
        texts = Texts.Part.allCases.map { part in
            switch part {
            case .callerWay, .calleeWay: ""
            default: String(Text(unchecked: dialog.text(part)))
            }
        }
        var variables: [(String, String)] = []
        var one = dialog.pointee.variables
        while let here = one {
            variables.append((String(Text(unchecked: here.name)), String(Text(unchecked: here.text))))
            one = here.pointee.next
        }
        self.variables = variables
    }

    /// Into the memory of the message; it is the one at hand from now on.
    func hang(_ message: Message) {
        let count = Texts.Part.allCases.count
        guard let memory = message.allocate(MemoryLayout<Elsewhere>.stride).baseAddress,
            let room = message.allocate(MemoryLayout<mt_str>.stride * count).baseAddress
        else { return }
        let list = room.bindMemory(to: mt_str.self, capacity: count)
        for index in 0..<count { (list + index).initialize(to: message.keep(texts[index]).raw) }
        let place = memory.bindMemory(to: Elsewhere.self, capacity: 1)
        place.initialize(to: plain)
        place.pointee.texts = list
        for (name, text) in variables {
            guard let memory = message.allocate(MemoryLayout<MessageState.Pending>.stride).baseAddress else {
                break
            }
            let one = memory.bindMemory(to: MessageState.Pending.self, capacity: 1)
            one.initialize(
                to: MessageState.Pending(
                    next: place.pointee.variables, name: message.keep(name).raw,
                    text: message.keep(text).raw, number: 0))
            place.pointee.variables = one
        }
        let state = MessageState.make(message.raw)
        state.pointee.elsewhere = place
    }
}

extension Elsewhere: @unchecked Sendable {}

/// The dialog that a script looks at: one of this worker's, or one from elsewhere.
enum Seen {
    case here(DialogPointer)
    case elsewhere(UnsafeMutablePointer<Elsewhere>)

    init?(_ call: CallPointer) {
        guard let message = call.pointee.msg else { return nil }
        if let state = MessageState.find(message), let place = state.pointee.elsewhere {
            self = .elsewhere(place)
        } else if let dialog = dialog(call) {
            self = .here(dialog)
        } else {
            return nil
        }
    }

    func text(_ part: Texts.Part) -> mt_str {
        switch self {
        case .here(let dialog): return dialog.text(part)
        case .elsewhere(let place):
            let text = place.pointee.texts?[part.rawValue] ?? mt_str()
            return text.len > 0 ? text : mt_str()
        }
    }

    func variable(_ name: mt_str) -> mt_str {
        switch self {
        case .here(let dialog): return DialogPlugin.variable(dialog, name)
        case .elsewhere(let place):
            var one = place.pointee.variables
            while let here = one {
                if isSame(here.pointee.name, name) { return here.pointee.text }
                one = here.pointee.next
            }
            return mt_str()
        }
    }

    var life: Life {
        switch self {
        case .here(let dialog): dialog.pointee.life
        case .elsewhere(let place): place.pointee.life
        }
    }

    var number: UInt64 {
        switch self {
        case .here(let dialog): dialog.number.number
        case .elsewhere(let place): place.pointee.number
        }
    }

    var entry: UInt32 {
        switch self {
        case .here(let dialog): dialog.pointee.entry
        case .elsewhere(let place): place.pointee.entry
        }
    }

    var id: UInt32 {
        switch self {
        case .here(let dialog): dialog.pointee.id
        case .elsewhere(let place): place.pointee.id
        }
    }

    var flags: UInt32 {
        switch self {
        case .here(let dialog): dialog.pointee.flags
        case .elsewhere(let place): place.pointee.flags
        }
    }

    var properties: Properties {
        switch self {
        case .here(let dialog): dialog.pointee.properties
        case .elsewhere(let place): place.pointee.properties
        }
    }

    var sequences: (caller: UInt32, callee: UInt32) {
        switch self {
        case .here(let dialog): (dialog.pointee.callerSequence, dialog.pointee.calleeSequence)
        case .elsewhere(let place): (place.pointee.callerSequence, place.pointee.calleeSequence)
        }
    }

    var sockets: (caller: UInt16, callee: UInt16) {
        switch self {
        case .here(let dialog): (dialog.pointee.callerSocket, dialog.pointee.calleeSocket)
        case .elsewhere(let place): (place.pointee.callerSocket, place.pointee.calleeSocket)
        }
    }

    /// On the dialog's worker: now, or as soon as that comes to it; then the answer is yes, as nobody waits for it.
    @discardableResult
    func change(
        _ call: CallPointer, _ body: @escaping @Sendable (CallPointer, DialogPointer) -> Outcome
    ) -> Outcome {
        switch self {
        case .here(let dialog):
            dialog.pointee.pins += 1
            defer { unpin(call, dialog) }
            return body(call, dialog)
        case .elsewhere(let place):
            let number = place.pointee.number
            return Loop.post(to: Int(DialogNumber(number: number).worker)) { call in
                guard let dialog = find(number) else { return .yes }
                dialog.pointee.pins += 1
                _ = body(call.raw, dialog)
                unpin(call.raw, dialog)
                return .yes
            }
        }
    }
}

/// Looks a dialog up on the worker of its Call-ID, and then goes on here. `body` runs there and says what is handed
/// over; `then` runs here.
func ask<Answer: Sendable>(
    _ call: borrowing Call, _ callID: Text, _ fromTag: Text, _ toTag: Text,
    _ body: @escaping @Sendable (CallPointer, DialogPointer) -> Answer?,
    then: @escaping @Sendable (borrowing Call, Answer?) -> Outcome
) -> Outcome {
    let worker = Int(Server.loop.pointee.worker(callID.raw))
    if worker == call.worker {
        guard let dialog = find(call.raw, callID.raw, fromTag.raw, toTag.raw) else { return then(call, nil) }
        dialog.pointee.pins += 1
        let answer = body(call.raw, dialog)
        unpin(call.raw, dialog)
        return then(call, answer)
    }
    let names = (
        String(callID), fromTag.isAbsent ? nil : String(fromTag), toTag.isAbsent ? nil : String(toTag)
    )
    let box = Box<Answer>()
    return call.wait(upTo: .seconds(10), then: Action { then($0, box.take()) }) { ticket in
        Loop.post(to: worker) { call in
            let found = names.0.withRaw { callID in
                names.1.withRaw { fromTag in names.2.withRaw { find(call.raw, callID, fromTag, $0) } }
            }
            if let dialog = found {
                dialog.pointee.pins += 1
                box.put(body(call.raw, dialog))
                unpin(call.raw, dialog)
            }
            ticket.resume(.yes)
            return .yes
        }
    }
}

/// What one thread leaves for another.
final class Box<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func put(_ new: Value?) { value.withLock { $0 = new } }
    func take() -> Value? { value.withLock { $0 } }
}
