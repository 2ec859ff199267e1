// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

/// registered() and unregister().
enum Asking {
    private static let registeredAgain = Action { registered($0, isFetched: true) }
    private static let unregisterAgain = Action { unregister($0, isFetched: true) }

    static func registered(_ call: borrowing Call) -> Outcome { registered(call, isFetched: false) }
    static func unregister(_ call: borrowing Call) -> Outcome { unregister(call, isFetched: false) }

    /// Which of the message's own values a contact has to have.
    private struct Match: OptionSet {
        let rawValue: Int
        static let callID = Match(rawValue: 1)
        static let received = Match(rawValue: 2)
        static let contact = Match(rawValue: 4)
    }

    private static func registered(_ call: borrowing Call, isFetched: Bool) -> Outcome {
        let message = call.message
        let table = Table.read(call.raw.pointee.args)
        guard table.raw != nil else { return .no }
        let given = call.argument(1).text
        let subject = message.isRequest && message.method != .register ? message.uri : message.toURI
        let uri = Configured.address(call, given: given, otherwise: subject)
        let key: mt_str
        do throws(Refusal) { key = try Key.of(uri, message) } catch { return .no }
        if !isFetched {
            let outcome = Waiting.fetch(call, table, key, then: registeredAgain)
            if outcome == .suspended { return .suspended }
        }
        let match = Match(rawValue: call.argument(2).int ?? 0)
        let received = match.contains(.received) ? Configured.received(call) : mt_str()
        var own = message.header(Headers.contact)
        let contact = match.contains(.contact) ? own.takeAddress()?.uri.raw ?? mt_str() : mt_str()
        let wanted = Configured.callID(call)
        for known in message.contacts(table, key) {
            if wanted.len > 0, !Text(unchecked: wanted).equals(known.call_id) { continue }
            if match.contains(.callID), !message.callID.equals(known.call_id) { continue }
            if match.contains(.received), !Text(unchecked: known.received).equals(received) { continue }
            if match.contains(.contact), !Text(unchecked: known.uri).equals(contact) { continue }
            if (call.argument(3).int ?? 0) & 1 != 0 {
                Details.forget(message)
                Details.add(known, message)
            }
            return .yes
        }
        return .no
    }

    private static func unregister(_ call: borrowing Call, isFetched: Bool) -> Outcome {
        let message = call.message
        let table = Table.read(call.raw.pointee.args)
        guard table.raw != nil else { return Outcome(-2) }
        let uri = call.argument(1).text
        let ruid = call.argument(2).text
        if uri.isEmpty {
            guard !ruid.isEmpty else { return .no }
            return usrloc.table.pointee.remove(call.raw, table.raw, mt_str(), ruid.raw) > 0
                ? .yes : missing(ruid)
        }
        let key: mt_str
        do throws(Refusal) { key = try Key.of(uri, message) } catch { return .no }
        if !isFetched {
            let outcome = Waiting.fetch(call, table, key, then: unregisterAgain)
            if outcome == .suspended { return .suspended }
        }
        let name = ruid.isEmpty ? mt_str() : ruid.raw
        let removed = usrloc.table.pointee.remove(call.raw, table.raw, key, name)
        if removed > 0 { return .yes }
        // To take everything away where nothing is, is done.
        return ruid.isEmpty ? .yes : missing(ruid)
    }

    private static func missing(_ ruid: Text) -> Outcome {
        Host.log(.warning, "AOR/Contact not found: \(ruid)")
        return Outcome(-3)
    }
}
