// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

// Serial forking: t_load_contacts() puts the destinations aside in an XAVP, in the order of their weights, and
// t_next_contacts() takes those of the highest weight out again. An XAVP has its newest value first, so it is filled from
// the back.

private let xavp = UInt32(MT_A_XAVP)

@Declarations func contactFunctions() -> [any Declaration] {
    Function(
        "t_load_contacts", in: inRequest, "Puts the destinations aside, by their weights.",
        Arg("mode", Int.self, default: "0", in: 0...1, "1: one after the other, in an order drawn by weight.")
    ) { call, mode in
        guard let name = contactsAVP.value else { return withoutName() }
        return load(call.message.raw, name.raw, mode)
    }
    Function(
        "t_next_contacts", in: inRequestOrFailure,
        "Takes those of the highest weight for the next leg; -2: none left."
    ) { call in
        guard let name = contactsAVP.value else { return withoutName() }
        return next(call.message.raw, name.raw)
    }
    Function(
        "t_next_contact_flow", in: [.event, .failure],
        "Takes the next flow of the instance that failed; -2: none left."
    ) { call in
        guard let name = contactFlowsAVP.value else { return withoutName() }
        return nextFlow(call, name.raw)
    }
}

private func withoutName() -> Outcome {
    Host.log(.error, "set contacts_avp and contact_flows_avp to use contacts one after the other")
    return .no
}

/// Both or none, and names that an XAVP may have.
func checkContactNames() -> Outcome {
    if contactsAVP.value != nil, contactFlowsAVP.value == nil {
        return Host.fail(
            "contacts_avp is set and contact_flows_avp is not", help: "set both, to different names")
    }
    return .yes
}

/// The name of an XAVP: "name" or "$xavp(name)".
private func bare(_ name: mt_str) -> mt_str {
    let text = Text(unchecked: name)
    guard text.hasPrefix(mt_str("$xavp(")), text.hasSuffix(mt_str(")")) else { return name }
    return text[6..<(text.count - 1)].raw
}

private func load(_ message: OpaquePointer, _ name: mt_str, _ mode: Int) -> Outcome {
    let count = number(message, MT_F_TARGETS)
    // The Request-URI is a destination as well, the first of them. Also when it is alone: a script that loads and takes
    // does not have to ask how many there are.
    let first = requestTarget(message)
    withUnsafeTemporaryAllocation(of: mt_target.self, capacity: count + 1) { room in
        room[0] = first
        for index in 0..<count {
            guard let target = Server.message.pointee.target(message, UInt32(index)) else { continue }
            room[index + 1] = target.pointee
        }
        withUnsafeTemporaryAllocation(of: ContactOrder.Entry.self, capacity: count + 1) { entries in
            for index in 0...count {
                entries[index] = ContactOrder.Entry(
                    index: index, q: Int(room[index].q), hasPath: room[index].path.len > 0)
            }
            if mode == 1 {
                ContactOrder.draw(entries) { Int.random(in: 0..<max($0, 1)) }
            } else {
                ContactOrder.sort(entries)
            }
            remove(message, name)
            // From the last, for the newest comes first.
            for place in stride(from: count, through: 0, by: -1) {
                let ends = mode == 1 || place == count || entries[place].q != entries[place + 1].q
                store(message, bare(name), room[entries[place].index], endsClass: ends)
                if let kept = xavpContact.value {
                    // lookup() has left what usrloc keeps of each, in the order of the destinations.
                    copyMembers(
                        message, Line("\(bare(kept.raw))[\(entries[place].index)]"), "",
                        Line("\(bare(name))"),
                        Contacts.mark)
                }
            }
        }
    }
    if let kept = xavpContact.value { remove(message, kept.raw) }
    Server.message.pointee.clear_targets(message)
    return .yes
}

private enum Contacts {
    /// Before the names of members that come from `xavp_contact`.
    static let mark = "attribute:"
}

/// Members whose names begin so, to others whose names begin otherwise.
private func copyMembers(
    _ message: OpaquePointer, _ from: Line, _ prefix: String, _ to: Line, _ other: String
) {
    let source = from.withRaw { String(Text(unchecked: $0)) }
    let target = to.withRaw { String(Text(unchecked: $0)) }
    var index: UInt32 = 0
    while true {
        let name = source.withRaw { Server.attribute.pointee.name(message, xavp, $0, index) }
        guard name.len > 0 else { return }
        index += 1
        let member = String(Text(unchecked: name))
        guard member.hasPrefix(prefix) else { continue }
        var value = mt_value()
        guard source.withRaw({ Server.attribute.pointee.get(message, xavp, $0, name, 0, &value) }) > 0 else {
            continue
        }
        let copy = other + member.dropFirst(prefix.count)
        target.withRaw { target in
            copy.withRaw { _ = Server.attribute.pointee.set(message, xavp, target, $0, 0, &value) }
        }
    }
}

/// What usrloc keeps of the contacts that were taken out stands in `xavp_contact` again, the first in front.
private func restore(_ message: OpaquePointer, _ name: mt_str, _ count: Int) {
    guard let kept = xavpContact.value else { return }
    remove(message, kept.raw)
    let root = bare(kept.raw)
    for index in stride(from: count - 1, through: 0, by: -1) {
        var empty = mt_value()
        _ = Server.attribute.pointee.add(message, xavp, root, mt_str(), &empty)
        copyMembers(message, Line("\(name)[\(index)]"), Contacts.mark, Line("\(root)"), "")
    }
}

/// The Request-URI, and how it is reached.
func requestTarget(_ message: OpaquePointer) -> mt_target {
    var first = mt_target()
    first.size = UInt32(MemoryLayout<mt_target>.size)
    first.uri = text(message, MT_F_URI)
    first.next_hop = text(message, MT_F_NEXT_HOP)
    first.path = text(message, MT_F_PATH)
    first.instance = text(message, MT_F_INSTANCE)
    first.ruid = text(message, MT_F_RUID)
    first.user_agent = text(message, MT_F_USER_AGENT)
    first.reg_id = UInt32(truncatingIfNeeded: max(number(message, MT_F_REG_ID), 0))
    let q = Server.message.pointee.number(message, UInt32(MT_F_Q))
    first.q = q == Int64.min ? -1 : Int32(truncatingIfNeeded: q)
    first.flags = UInt64(truncatingIfNeeded: number(message, MT_F_BRANCH_FLAGS))
    let socket = Server.message.pointee.number(message, UInt32(MT_F_OUT_SOCKET))
    first.socket = socket == Int64.min ? UInt32.max : UInt32(truncatingIfNeeded: socket)
    let connection = Server.message.pointee.number(message, UInt32(MT_F_CONNECTION))
    first.connection = connection == Int64.min ? 0 : UInt64(bitPattern: connection)
    return first
}

private func remove(_ message: OpaquePointer, _ name: mt_str) {
    _ = Server.attribute.pointee.remove(message, xavp, bare(name), mt_str(), UInt32.max)
}

private func store(_ message: OpaquePointer, _ name: mt_str, _ target: mt_target, endsClass: Bool) {
    var empty = mt_value()
    _ = Server.attribute.pointee.add(message, xavp, name, mt_str(), &empty)
    func put(_ member: StaticString, _ value: mt_value) {
        var value = value
        _ = Server.attribute.pointee.set(message, xavp, name, mt_str(member), 0, &value)
    }
    func put(_ member: StaticString, _ text: mt_str) {
        if text.len > 0 { put(member, mt_value(text)) }
    }
    put("uri", target.uri)
    put("q_flag", mt_value(endsClass ? 1 : 0))
    put("q", mt_value(Int(target.q)))
    put("dst_uri", target.next_hop)
    put("path", target.path)
    if target.socket != UInt32.max { put("sock", Server.net.pointee.socket(target.socket)) }
    put("flags", mt_value(Int(truncatingIfNeeded: target.flags)))
    put("instance", target.instance)
    put("ruid", target.ruid)
    put("ua", target.user_agent)
    if target.reg_id != 0 { put("reg_id", mt_value(Int(target.reg_id))) }
    if target.connection != 0 { put("connection", mt_value(Int(truncatingIfNeeded: target.connection))) }
}

/// The first record as a destination. nil: there is none.
private func record(_ message: OpaquePointer, _ name: mt_str, _ index: Int) -> (
    target: mt_target, endsClass: Bool
)? {
    let root = Line("\(name)[\(index)]")
    func value(_ member: StaticString) -> mt_value? {
        var value = mt_value()
        return root.withRaw { Server.attribute.pointee.get(message, xavp, $0, mt_str(member), 0, &value) } > 0
            ? value : nil
    }
    guard let uri = value("uri") else { return nil }
    var target = mt_target()
    target.size = UInt32(MemoryLayout<mt_target>.size)
    target.uri = uri.str
    target.next_hop = value("dst_uri")?.str ?? mt_str()
    target.path = value("path")?.str ?? mt_str()
    target.instance = value("instance")?.str ?? mt_str()
    target.ruid = value("ruid")?.str ?? mt_str()
    target.user_agent = value("ua")?.str ?? mt_str()
    target.q = Int32(truncatingIfNeeded: value("q")?.num ?? -1)
    target.flags = UInt64(truncatingIfNeeded: value("flags")?.num ?? 0)
    target.reg_id = UInt32(truncatingIfNeeded: value("reg_id")?.num ?? 0)
    target.connection = UInt64(truncatingIfNeeded: value("connection")?.num ?? 0)
    target.socket = value("sock").map { Server.net.pointee.find_socket($0.str) } ?? UInt32.max
    return (target, (value("q_flag")?.num ?? 1) != 0)
}

private func dropFirst(_ message: OpaquePointer, _ name: mt_str, _ index: Int = 0) {
    _ = Line("\(name)[\(index)]").withRaw { Server.attribute.pointee.remove(message, xavp, $0, mt_str(), 0) }
}

private func next(_ message: OpaquePointer, _ name: mt_str) -> Outcome {
    let name = bare(name)
    guard Server.attribute.pointee.count(message, xavp, name, mt_str()) > 0 else { return Outcome(-2) }
    Server.message.pointee.clear_targets(message)
    if let flows = contactFlowsAVP.value { remove(message, flows.raw) }
    if xavpContact.value != nil { restore(message, name, classSize(message, name)) }
    var isFirst = true
    while let (found, endsClass) = record(message, name, 0) {
        var target = found
        if !isFirst, target.instance.len > 0, isTaken(message, target.instance),
            let flows = contactFlowsAVP.value
        {
            // One flow of an instance at a time (RFC 5626, 5.3); the others wait for it to fail.
            store(message, bare(flows.raw), target, endsClass: true)
        } else if isFirst {
            take(message, target)
            isFirst = false
        } else {
            _ = Server.message.pointee.add_target(message, &target)
        }
        dropFirst(message, name)
        if endsClass { break }
    }
    return isFirst ? .no : .yes
}

/// How many are taken out next.
private func classSize(_ message: OpaquePointer, _ name: mt_str) -> Int {
    var count = 0
    while let (_, endsClass) = record(message, name, count) {
        count += 1
        if endsClass { break }
    }
    return count
}

private func isTaken(_ message: OpaquePointer, _ instance: mt_str) -> Bool {
    let wanted = Text(unchecked: instance)
    let count = number(message, MT_F_TARGETS)
    for index in 0..<count {
        guard let target = Server.message.pointee.target(message, UInt32(index)) else { break }
        if wanted == Text(unchecked: target.pointee.instance) { return true }
    }
    return MessageState.make(message).pointee.hasContact
        && wanted == Text(unchecked: text(message, MT_F_INSTANCE))
}

/// It becomes the Request-URI, and is new.
private func take(_ message: OpaquePointer, _ target: mt_target) {
    set(message, MT_F_URI, target.uri)
    set(message, MT_F_NEXT_HOP, target.next_hop)
    set(message, MT_F_PATH, target.path)
    _ = Server.message.pointee.set_number(
        message, UInt32(MT_F_OUT_SOCKET), target.socket == UInt32.max ? Int64.min : Int64(target.socket))
    set(message, MT_F_BRANCH_FLAGS, Int(truncatingIfNeeded: target.flags))
    setContact(message, target)
    let state = MessageState.make(message)
    state.pointee.destination = 0
    state.pointee.hasContact = true
}

private func nextFlow(_ call: borrowing Call, _ name: mt_str) -> Outcome {
    let name = bare(name)
    guard let branch = picked(call.raw), let failed = branch.pointee.message else { return .no }
    let instance = Text(unchecked: text(failed, MT_F_INSTANCE))
    guard !instance.isEmpty else { return Outcome(-2) }
    let request = call.message.raw
    let count = Int(Server.attribute.pointee.count(request, xavp, name, mt_str()))
    guard count > 0 else { return Outcome(-2) }
    // The oldest stands last.
    for index in stride(from: count - 1, through: 0, by: -1) {
        guard let (found, _) = record(request, name, index), instance == Text(unchecked: found.instance)
        else { continue }
        var target = found
        _ = Server.message.pointee.add_target(request, &target)
        dropFirst(request, name, index)
        return .yes
    }
    return .no
}
