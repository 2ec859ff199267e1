// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// The attributes of a message: `$avp`, `$xavp`, `$xavu` and `$xavi`, and the functions behind
/// `martlet.attribute`.
///
/// They hang on the message and are shared by reference when a reply, a branch or a local request belongs to
/// the same transaction. Counted by hand, for all of them live on one worker. What is removed stays in memory
/// until the last message that shares them is gone: so a text that was read holds as long as the message.
public enum Attributes {
    struct Head {
        var references: Int
        var pool: UnsafeMutablePointer<AttributePool>
        var lists: (AttributeList, AttributeList, AttributeList, AttributeList)
        var removed: AttributeList
        var sizeClass: UInt8
    }

    typealias HeadPointer = UnsafeMutablePointer<Head>

    /// Tells the message floor how to let go of attributes.
    static let installed: Void = { Message.attributesRelease = { Attributes.release($0) } }()

    /// Lets both messages use the attributes of `from`; what `with` had of its own is gone.
    public static func share(with: Message, from: Message) {
        let head = made(from)
        if with.attributes == UnsafeMutableRawPointer(head) { return }
        head.pointee.references += 1
        if let old = with.attributes { release(old) }
        with.attributes = UnsafeMutableRawPointer(head)
    }

    /// One more holder, which is no message; nil when there are none.
    public static func keep(_ message: Message) -> UnsafeMutableRawPointer? {
        guard let head = existing(message) else { return nil }
        let lists = head.pointee.lists
        guard lists.0 != nil || lists.1 != nil || lists.2 != nil || lists.3 != nil else { return nil }
        head.pointee.references += 1
        return UnsafeMutableRawPointer(head)
    }

    /// Lets the message use what was kept; what it had of its own is gone.
    public static func lend(_ kept: UnsafeMutableRawPointer, to message: Message) {
        if message.attributes == kept { return }
        kept.assumingMemoryBound(to: Head.self).pointee.references += 1
        if let old = message.attributes { release(old) }
        message.attributes = kept
    }

    /// Forgets all attributes of this message.
    public static func drop(_ message: Message) {
        guard let old = message.attributes else { return }
        message.attributes = nil
        release(old)
    }

    /// Lets go of what was kept.
    public static func release(_ raw: UnsafeMutableRawPointer) {
        let head = raw.assumingMemoryBound(to: Head.self)
        head.pointee.references -= 1
        if head.pointee.references == 0 { head.pointee.pool.pointee.giveBack(head) }
    }

    static func existing(_ message: Message) -> HeadPointer? {
        message.attributes?.assumingMemoryBound(to: Head.self)
    }

    static func made(_ message: Message) -> HeadPointer {
        if let head = existing(message) { return head }
        let pool = WorkerValues.pool(of: message)
        pool.pointee.enter()
        let (block, sizeClass) = pool.pointee.take(MemoryLayout<Head>.stride)
        let head = block.bindMemory(to: Head.self, capacity: 1)
        head.initialize(
            to: Head(
                references: 1, pool: pool, lists: (nil, nil, nil, nil), removed: nil, sizeClass: sizeClass))
        message.attributes = UnsafeMutableRawPointer(head)
        return head
    }

    /// Where the list of a kind starts. Kinds are MT_A_AVP to MT_A_XAVI.
    static func anchor(_ head: HeadPointer, _ kind: UInt32) -> UnsafeMutablePointer<AttributeList> {
        let first = UnsafeMutableRawPointer(head) + MemoryLayout<Head>.offset(of: \.lists)!
        return first.assumingMemoryBound(to: AttributeList.self) + Int(min(max(kind, 1), 4) - 1)
    }

    static func hash(_ name: Slice, _ kind: UInt32) -> UInt32 {
        guard kind == UInt32(MT_A_XAVI) else { return name.hash }
        var hash: UInt32 = 2_166_136_261
        for index in 0..<name.count { hash = (hash ^ UInt32(name[index].lowercased)) &* 16_777_619 }
        return hash
    }
}

/// A name to look for, hashed once.
struct AttributeName {
    let text: Slice
    let hash: UInt32
    let isNumber: Bool
    let ignoresCase: Bool

    init(_ text: Slice, kind: UInt32) {
        self.text = text
        hash = Attributes.hash(text, kind)
        isNumber = false
        ignoresCase = kind == UInt32(MT_A_XAVI)
    }

    init(number: Int64) {
        text = .empty
        hash = UInt32(truncatingIfNeeded: number)
        isNumber = true
        ignoresCase = false
    }

    func isName(of node: UnsafeMutablePointer<AttributeNode>) -> Bool {
        guard node.pointee.hash == hash, node.pointee.nameIsNumber == isNumber else { return false }
        if isNumber { return true }
        return ignoresCase ? node.name.equalsIgnoringCase(text) : node.name == text
    }
}

/// Lists: looking for a name, taking out, putting in.
extension Attributes {
    static func count(_ list: AttributeList, _ name: AttributeName) -> Int {
        var found = 0
        var rest = list
        while let node = rest {
            if name.isName(of: node) { found += 1 }
            rest = node.pointee.next
        }
        return found
    }

    /// The index-th of that name, 0 being the newest; -1 the oldest.
    static func find(
        _ list: AttributeList, _ name: AttributeName, _ index: Int
    ) -> UnsafeMutablePointer<AttributeNode>? {
        var left = index < 0 ? count(list, name) + index : index
        guard left >= 0 else { return nil }
        var rest = list
        while let node = rest {
            if name.isName(of: node) {
                if left == 0 { return node }
                left -= 1
            }
            rest = node.pointee.next
        }
        return nil
    }

    static func push(
        _ node: UnsafeMutablePointer<AttributeNode>, to anchor: UnsafeMutablePointer<AttributeList>
    ) {
        node.pointee.next = anchor.pointee
        anchor.pointee = node
    }

    /// Takes one node out of its list; it is kept aside until the attributes go.
    static func remove(
        _ node: UnsafeMutablePointer<AttributeNode>, from anchor: UnsafeMutablePointer<AttributeList>,
        _ head: HeadPointer
    ) {
        replace(node, by: nil, in: anchor, head)
    }

    static func replace(
        _ node: UnsafeMutablePointer<AttributeNode>, by new: UnsafeMutablePointer<AttributeNode>?,
        in anchor: UnsafeMutablePointer<AttributeList>, _ head: HeadPointer
    ) {
        var at = anchor
        while let here = at.pointee {
            if here == node {
                if let new {
                    new.pointee.next = node.pointee.next
                    at.pointee = new
                } else {
                    at.pointee = node.pointee.next
                }
                node.pointee.next = head.pointee.removed
                head.pointee.removed = node
                return
            }
            at = UnsafeMutableRawPointer(here).assumingMemoryBound(to: AttributeList.self)
        }
    }

    static func removeAll(
        _ name: AttributeName, from anchor: UnsafeMutablePointer<AttributeList>, _ head: HeadPointer
    ) {
        while let node = find(anchor.pointee, name, 0) { remove(node, from: anchor, head) }
    }

    static func value(of node: UnsafeMutablePointer<AttributeNode>, _ message: Message) -> ScriptValue {
        switch node.pointee.value {
        case .null: .null
        case .number: ScriptValue(node.pointee.number)
        case .text: ScriptValue(node.text)
        case .list: ScriptValue(listText(node, message))
        }
    }

    /// What a list prints as when it is read as a value.
    private static func listText(_ node: UnsafeMutablePointer<AttributeNode>, _ message: Message) -> Slice {
        var text = ArenaText(message, room: 32)
        text.append("<<xavp:0x")
        text.append(hexadecimal: UInt64(UInt(bitPattern: node)))
        text.append(">>")
        return text.slice
    }
}
