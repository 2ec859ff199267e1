// SPDX-License-Identifier: Apache-2.0
import Glibc
import Message
import Synchronization

/// One attribute: its name, its value or its members, and the next one of its list. Name and text follow it
/// in memory.
struct AttributeNode {
    enum Value: UInt8 { case null, number, text, list }

    var next: UnsafeMutablePointer<AttributeNode>?
    /// The first member, of a list.
    var members: UnsafeMutablePointer<AttributeNode>?
    /// The value; or, of a text, nothing.
    var number: Int64
    /// `setavpflag`.
    var flags: UInt64
    var nameCount: UInt32
    var textCount: UInt32
    /// Of the name; the name itself when it is a number.
    var hash: UInt32
    var value: Value
    var nameIsNumber: Bool
    var sizeClass: UInt8
}

typealias AttributeList = UnsafeMutablePointer<AttributeNode>?

extension UnsafeMutablePointer<AttributeNode> {
    private var bytes: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: UInt8.self)
    }

    var name: Slice { Slice(base: UnsafePointer(bytes), count: Int(pointee.nameCount)) }

    var text: Slice {
        Slice(base: UnsafePointer(bytes + Int(pointee.nameCount)), count: Int(pointee.textCount))
    }

    func fill(name: Slice, text: Slice) {
        if let base = name.base { bytes.update(from: base, count: name.count) }
        if let base = text.base { (bytes + name.count).update(from: base, count: text.count) }
    }
}

/// Memory for the attributes of one worker's messages: nodes of a few sizes, recycled, from chunks that stay.
///
/// One worker's own. When the last message of some attributes goes on another thread, they wait on a
/// lock-free list until the worker next makes some. Texts too long for the largest size are malloced.
public struct AttributePool {
    private static let sizes = [96, 160, 288, 544, 1056]
    private static let chunk = 64 * 1024
    private static let oversize = UInt8.max

    private var free: (UInt, UInt, UInt, UInt, UInt) = (0, 0, 0, 0, 0)
    private var chunks: [UnsafeMutableRawPointer] = []
    private var cursor: UnsafeMutableRawPointer?
    private var room = 0
    /// Nodes and heads in use: 0 once every message is gone.
    public private(set) var live = 0
    private var owner = pthread_t()
    /// Heads from other threads, each pointing to the next.
    private let returned: UnsafeMutablePointer<Atomic<UInt>>

    init() {
        returned = .allocate(capacity: 1)
        returned.initialize(to: Atomic(0))
    }

    /// Makes the calling thread the owner, and takes in what others gave back.
    mutating func enter() {
        owner = pthread_self()
        guard returned.pointee.load(ordering: .relaxed) != 0 else { return }
        var next = returned.pointee.exchange(0, ordering: .acquiring)
        while let head = Attributes.HeadPointer(bitPattern: next) {
            next = UInt(bitPattern: head.pointee.removed)
            // The link took the place of the list of removed ones, which hangs behind the first list.
            giveAll(of: head)
        }
    }

    private mutating func giveAll(of head: Attributes.HeadPointer) {
        give(list: head.pointee.lists.0)
        give(list: head.pointee.lists.1)
        give(list: head.pointee.lists.2)
        give(list: head.pointee.lists.3)
        give(UnsafeMutableRawPointer(head), head.pointee.sizeClass)
    }

    /// The last message that used these is gone.
    mutating func giveBack(_ head: Attributes.HeadPointer) {
        if pthread_equal(owner, pthread_self()) != 0 {
            give(list: head.pointee.removed)
            return giveAll(of: head)
        }
        Self.append(head.pointee.removed, to: head)
        var first = returned.pointee.load(ordering: .relaxed)
        while true {
            head.pointee.removed = UnsafeMutablePointer<AttributeNode>(bitPattern: first)
            let (done, now) = returned.pointee.weakCompareExchange(
                expected: first, desired: UInt(bitPattern: head), ordering: .releasing)
            if done { return }
            first = now
        }
    }

    private static func append(_ list: AttributeList, to head: Attributes.HeadPointer) {
        guard var last = head.pointee.lists.0 else {
            head.pointee.lists.0 = list
            return
        }
        while let next = last.pointee.next { last = next }
        last.pointee.next = list
    }

    private static func sizeClass(for size: Int) -> UInt8 {
        for index in 0..<sizes.count where size <= sizes[index] { return UInt8(index) }
        return oversize
    }

    mutating func take(_ size: Int) -> (UnsafeMutableRawPointer, UInt8) {
        live += 1
        let sizeClass = Self.sizeClass(for: size)
        guard sizeClass != Self.oversize else {
            return (UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16), sizeClass)
        }
        let head = withUnsafeMutableBytes(of: &free) { lists -> UnsafeMutableRawPointer? in
            let lists = lists.assumingMemoryBound(to: UInt.self)
            guard let first = UnsafeMutableRawPointer(bitPattern: lists[Int(sizeClass)]) else { return nil }
            lists[Int(sizeClass)] = first.load(as: UInt.self)
            return first
        }
        if let head { return (head, sizeClass) }
        let bytes = Self.sizes[Int(sizeClass)]
        if room < bytes {
            let new = UnsafeMutableRawPointer.allocate(byteCount: Self.chunk, alignment: 16)
            chunks.append(new)
            cursor = new
            room = Self.chunk
        }
        let taken = cursor!
        cursor = taken + bytes
        room -= bytes
        return (taken, sizeClass)
    }

    mutating func give(_ block: UnsafeMutableRawPointer, _ sizeClass: UInt8) {
        live -= 1
        guard sizeClass != Self.oversize else { return block.deallocate() }
        withUnsafeMutableBytes(of: &free) { lists in
            let lists = lists.assumingMemoryBound(to: UInt.self)
            block.storeBytes(of: lists[Int(sizeClass)], as: UInt.self)
            lists[Int(sizeClass)] = UInt(bitPattern: block)
        }
    }

    mutating func node(
        name: Slice, hash: UInt32, nameIsNumber: Bool = false, _ value: ScriptValue
    ) -> UnsafeMutablePointer<AttributeNode> {
        let isText = value.hasText && !value.isNumberFirst
        let text = isText ? value.text : .absent
        let (block, sizeClass) = take(MemoryLayout<AttributeNode>.stride + name.count + text.count)
        let node = block.bindMemory(to: AttributeNode.self, capacity: 1)
        node.initialize(
            to: AttributeNode(
                next: nil, members: nil, number: value.isNull ? 0 : value.number, flags: 0,
                nameCount: UInt32(name.count), textCount: UInt32(text.count), hash: hash,
                value: value.isNull ? .null : isText ? .text : .number, nameIsNumber: nameIsNumber,
                sizeClass: sizeClass))
        node.fill(name: name, text: text)
        return node
    }

    /// Gives the memory back; nothing may be in use.
    mutating func close() {
        enter()
        precondition(live == 0, "attributes are still in use")
        for chunk in chunks { chunk.deallocate() }
        returned.deinitialize(count: 1)
        returned.deallocate()
    }

    /// A list and everything in it.
    mutating func give(list: AttributeList) {
        var rest = list
        while let node = rest {
            rest = node.pointee.next
            if node.pointee.members != nil { give(list: node.pointee.members) }
            give(UnsafeMutableRawPointer(node), node.pointee.sizeClass)
        }
    }
}
