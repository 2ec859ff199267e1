// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Assigning attributes: a plain assignment puts one in front, one with an index replaces, null takes away.
extension VariableCode {
    static func writeAttribute(
        _ code: UnsafePointer<VariableCode>, _ value: ScriptValue, _ context: Context
    ) -> Bool {
        guard let name = code.pointee.attributeName(context) else {
            return refuse("the name of the $avp is undefined", context)
        }
        let message = context.pointee.message
        let isAll = code.pointee.indexing == .all
        if value.isNull {
            guard let head = Attributes.existing(message) else { return true }
            let list = Attributes.anchor(head, UInt32(MT_A_AVP))
            if isAll {
                Attributes.removeAll(name, from: list, head)
            } else if let node = Attributes.find(list.pointee, name, code.pointee.position(context) ?? 0) {
                Attributes.remove(node, from: list, head)
            }
            return true
        }
        let head = Attributes.made(message)
        let list = Attributes.anchor(head, UInt32(MT_A_AVP))
        // Before the old ones go: the new value may be made of them.
        let node = head.pointee.pool.pointee.node(name, value)
        if isAll { Attributes.removeAll(name, from: list, head) }
        Attributes.push(node, to: list)
        return true
    }

    static func writeNestedAttribute(
        _ code: UnsafePointer<VariableCode>, _ value: ScriptValue, _ context: Context
    ) -> Bool {
        let kind = UInt32(code.pointee.number)
        let path = code.pointee.detail!.assumingMemoryBound(to: AttributePath.self)
        let steps = path.pointee.steps
        let message = context.pointee.message
        if value.isNull {
            if let head = Attributes.existing(message) { removeNested(steps, kind, head, context) }
            return true
        }
        let head = Attributes.made(message)
        var list = Attributes.anchor(head, kind)
        for index in 0..<(steps.count - 1) {
            let step = steps.baseAddress! + index
            let name = step.pointee.name
            if kind == UInt32(MT_A_XAVU) || (step.pointee.indexing == .none && index > 0) {
                list = members(of: name, in: list, head)
            } else if step.pointee.indexing == .none {
                // Without an index the root is a new one.
                let node = head.pointee.pool.pointee.node(name, .null)
                node.pointee.value = .list
                Attributes.push(node, to: list)
                list = Attributes.members(of: node)
            } else {
                guard let node = Attributes.find(list.pointee, name, step.pointee.position(context) ?? 0),
                    node.pointee.value == .list
                else { return refuse("there is no such attribute to put a member in", context) }
                list = Attributes.members(of: node)
            }
        }
        return place(value, steps.baseAddress! + (steps.count - 1), kind, in: list, head, context)
    }

    private static func members(
        of name: AttributeName, in list: UnsafeMutablePointer<AttributeList>, _ head: Attributes.HeadPointer
    ) -> UnsafeMutablePointer<AttributeList> {
        let old = Attributes.find(list.pointee, name, 0)
        if let old, old.pointee.value == .list { return Attributes.members(of: old) }
        let node = head.pointee.pool.pointee.node(name, .null)
        node.pointee.value = .list
        if let old {
            Attributes.replace(old, by: node, in: list, head)
        } else {
            Attributes.push(node, to: list)
        }
        return Attributes.members(of: node)
    }

    private static func place(
        _ value: ScriptValue, _ step: UnsafePointer<AttributeStep>, _ kind: UInt32,
        in list: UnsafeMutablePointer<AttributeList>, _ head: Attributes.HeadPointer, _ context: Context
    ) -> Bool {
        let name = step.pointee.name
        let isSingle = kind == UInt32(MT_A_XAVU)
        let indexing = step.pointee.indexing
        if indexing == .all {
            let node = head.pointee.pool.pointee.node(name, value)
            Attributes.removeAll(name, from: list, head)
            Attributes.push(node, to: list)
            return true
        }
        if indexing == .none, !isSingle {
            Attributes.push(head.pointee.pool.pointee.node(name, value), to: list)
            return true
        }
        let position = isSingle ? 0 : step.pointee.position(context) ?? 0
        let old = Attributes.find(list.pointee, name, position)
        guard old != nil || position == 0 else {
            return refuse("there is no attribute of this index", context)
        }
        let node = head.pointee.pool.pointee.node(name, value)
        if let old {
            Attributes.replace(old, by: node, in: list, head)
        } else {
            Attributes.push(node, to: list)
        }
        return true
    }

    private static func removeNested(
        _ steps: UnsafeBufferPointer<AttributeStep>, _ kind: UInt32, _ head: Attributes.HeadPointer,
        _ context: Context
    ) {
        var list = Attributes.anchor(head, kind)
        for index in 0..<(steps.count - 1) {
            let step = steps.baseAddress! + index
            guard
                let node = Attributes.find(
                    list.pointee, step.pointee.name, step.pointee.position(context) ?? 0),
                node.pointee.value == .list
            else { return }
            list = Attributes.members(of: node)
        }
        let last = steps.baseAddress! + (steps.count - 1)
        guard let position = last.pointee.position(context) else {
            return Attributes.removeAll(last.pointee.name, from: list, head)
        }
        if let node = Attributes.find(list.pointee, last.pointee.name, position) {
            Attributes.remove(node, from: list, head)
        }
    }
}
