// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Attributes by name: what plugins use. A root is "name" or "name[index]"; an avp's may start with "s:" or
/// "i:".
extension Attributes {
    public static func get(
        _ message: Message, kind: UInt32, root: Slice, member: Slice, index: UInt32
    ) -> ScriptValue? {
        guard let head = existing(message) else { return nil }
        let (name, rootIndex) = parse(root, kind)
        let list = anchor(head, kind).pointee
        if member.isAbsent {
            let position = rootIndex ?? Int(Int32(truncatingIfNeeded: index))
            return find(list, name, position).map { value(of: $0, message) }
        }
        guard let node = find(list, name, rootIndex ?? 0), node.pointee.value == .list else { return nil }
        return find(
            node.pointee.members, AttributeName(member, kind: kind), Int(Int32(truncatingIfNeeded: index))
        )
        .map { value(of: $0, message) }
    }

    /// In front of those of the same name. With a member: into the root, which is made when it is not there.
    @discardableResult
    public static func add(
        _ message: Message, kind: UInt32, root: Slice, member: Slice, _ value: ScriptValue
    ) -> Bool {
        let head = made(message)
        let (name, rootIndex) = parse(root, kind)
        let top = anchor(head, kind)
        if member.isAbsent {
            push(head.pointee.pool.pointee.node(name, value), to: top)
            return true
        }
        guard let members = members(of: name, rootIndex, in: top, head) else { return false }
        push(head.pointee.pool.pointee.node(AttributeName(member, kind: kind), value), to: members)
        return true
    }

    /// Replaces the index-th; adds one when there is none and index is 0.
    @discardableResult
    public static func set(
        _ message: Message, kind: UInt32, root: Slice, member: Slice, index: UInt32, _ value: ScriptValue
    ) -> Bool {
        let head = made(message)
        let (rootName, rootIndex) = parse(root, kind)
        var list = anchor(head, kind)
        var name = rootName
        var position = rootIndex ?? Int(Int32(truncatingIfNeeded: index))
        if member.isPresent {
            guard let members = members(of: rootName, rootIndex, in: list, head) else { return false }
            list = members
            name = AttributeName(member, kind: kind)
            position = Int(Int32(truncatingIfNeeded: index))
        }
        let old = find(list.pointee, name, position)
        guard old != nil || position == 0 else { return false }
        let new = head.pointee.pool.pointee.node(name, value)
        if let old { replace(old, by: new, in: list, head) } else { push(new, to: list) }
        return true
    }

    /// UINT32_MAX removes all of that name.
    @discardableResult
    public static func remove(
        _ message: Message, kind: UInt32, root: Slice, member: Slice, index: UInt32
    ) -> Bool {
        guard let head = existing(message) else { return false }
        let (rootName, rootIndex) = parse(root, kind)
        var list = anchor(head, kind)
        var name = rootName
        var position = rootIndex ?? Int(Int32(truncatingIfNeeded: index))
        if member.isPresent {
            guard let node = find(list.pointee, rootName, rootIndex ?? 0), node.pointee.value == .list else {
                return false
            }
            list = members(of: node)
            name = AttributeName(member, kind: kind)
            position = Int(Int32(truncatingIfNeeded: index))
        }
        if index == .max, member.isPresent || rootIndex == nil {
            let some = count(list.pointee, name) > 0
            removeAll(name, from: list, head)
            return some
        }
        guard let node = find(list.pointee, name, position) else { return false }
        remove(node, from: list, head)
        return true
    }

    public static func count(_ message: Message, kind: UInt32, root: Slice, member: Slice) -> UInt32 {
        guard let head = existing(message) else { return 0 }
        let (name, rootIndex) = parse(root, kind)
        let list = anchor(head, kind).pointee
        if member.isAbsent { return UInt32(count(list, name)) }
        guard let node = find(list, name, rootIndex ?? 0), node.pointee.value == .list else { return 0 }
        return UInt32(count(node.pointee.members, AttributeName(member, kind: kind)))
    }

    /// The name of the index-th root, or, when a root is given, of its index-th member.
    public static func name(_ message: Message, kind: UInt32, root: Slice, index: UInt32) -> Slice {
        guard let head = existing(message) else { return .absent }
        var rest = anchor(head, kind).pointee
        if root.isPresent {
            let (name, rootIndex) = parse(root, kind)
            guard let node = find(rest, name, rootIndex ?? 0), node.pointee.value == .list else {
                return .absent
            }
            rest = node.pointee.members
        }
        var left = index
        while let node = rest {
            if left == 0 {
                guard node.pointee.nameIsNumber else { return node.name }
                var text = ArenaText(message, room: 24)
                text.append("i:")
                text.append(Int64(Int32(bitPattern: node.pointee.hash)))
                return text.slice
            }
            left -= 1
            rest = node.pointee.next
        }
        return .absent
    }

    /// `setavpflag` and its kin, on the newest attribute of that name. nil: there is none.
    public static func flags(_ message: Message, root: Slice) -> UnsafeMutablePointer<UInt64>? {
        guard let head = existing(message) else { return nil }
        let (name, index) = parse(root, UInt32(MT_A_AVP))
        guard let node = find(anchor(head, UInt32(MT_A_AVP)).pointee, name, index ?? 0) else { return nil }
        return UnsafeMutableRawPointer(node).advanced(by: MemoryLayout<AttributeNode>.offset(of: \.flags)!)
            .assumingMemoryBound(to: UInt64.self)
    }

    // MARK: pieces

    static func parse(_ root: Slice, _ kind: UInt32) -> (AttributeName, Int?) {
        if kind == UInt32(MT_A_AVP) {
            if root.hasPrefix("i:"), let number = root.dropFirst(2).integer() {
                return (AttributeName(number: Int64(number)), nil)
            }
            return (AttributeName(root.hasPrefix("s:") ? root.dropFirst(2) : root, kind: kind), nil)
        }
        guard root.count > 2, root[root.count - 1] == UInt8(ascii: "]"),
            let open = root.lastIndex(of: UInt8(ascii: "[")),
            let index = root[(open + 1)..<(root.count - 1)].integer()
        else { return (AttributeName(root, kind: kind), nil) }
        return (AttributeName(root.prefix(open), kind: kind), index)
    }

    static func members(of node: UnsafeMutablePointer<AttributeNode>) -> UnsafeMutablePointer<AttributeList> {
        UnsafeMutableRawPointer(node).advanced(by: MemoryLayout<AttributeNode>.offset(of: \.members)!)
            .assumingMemoryBound(to: AttributeList.self)
    }

    /// The members of a root, which is made a list when it is not there yet.
    static func members(
        of name: AttributeName, _ index: Int?, in list: UnsafeMutablePointer<AttributeList>,
        _ head: HeadPointer
    ) -> UnsafeMutablePointer<AttributeList>? {
        if let node = find(list.pointee, name, index ?? 0) {
            // Whoever wants a new list in front of others adds a root that is null, and then members.
            if node.pointee.value == .null { node.pointee.value = .list }
            return node.pointee.value == .list ? members(of: node) : nil
        }
        guard (index ?? 0) == 0 else { return nil }
        let node = head.pointee.pool.pointee.node(name, .null)
        node.pointee.value = .list
        push(node, to: list)
        return members(of: node)
    }
}

extension AttributePool {
    mutating func node(_ name: AttributeName, _ value: ScriptValue) -> UnsafeMutablePointer<AttributeNode> {
        node(name: name.text, hash: name.hash, nameIsNumber: name.isNumber, value)
    }
}
