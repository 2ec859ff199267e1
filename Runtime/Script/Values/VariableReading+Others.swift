// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Attributes, statistics, custom parameters.
extension VariableCode {
    // MARK: $avp

    /// The name: compiled, or, when it is computed, a number's name or a text's.
    func attributeName(_ context: Context) -> AttributeName? {
        if let detail { return detail.assumingMemoryBound(to: AttributeName.self).pointee }
        guard let value = keyFormat?.value(context), !value.isNull else { return nil }
        if value.isNumberFirst { return AttributeName(number: value.number) }
        let text = value.text
        if text.hasPrefix("i:"), let number = text.dropFirst(2).integer() {
            return AttributeName(number: Int64(number))
        }
        return AttributeName(text.hasPrefix("s:") ? text.dropFirst(2) : text, kind: UInt32(MT_A_AVP))
    }

    static func readAttribute(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        guard let head = Attributes.existing(message), let name = code.pointee.attributeName(context) else {
            return .null
        }
        let list = Attributes.anchor(head, UInt32(MT_A_AVP)).pointee
        guard let index = code.pointee.position(context) else { return joinedAttributes(list, name, message) }
        return Attributes.find(list, name, index).map { Attributes.value(of: $0, message) } ?? .null
    }

    /// `[*]`: all, the newest first, with ", " between.
    private static func joinedAttributes(
        _ list: AttributeList, _ name: AttributeName, _ message: Message
    ) -> ScriptValue {
        var text = ArenaText(message, room: 128)
        var some = false
        var rest = list
        while let node = rest {
            if name.isName(of: node) {
                if some { text.append(", ") }
                some = true
                text.append(Attributes.value(of: node, message).asText(message))
            }
            rest = node.pointee.next
        }
        return some ? ScriptValue(text.slice) : .null
    }

    // MARK: $xavp, $xavu, $xavi

    static func readNestedAttribute(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        guard let head = Attributes.existing(message) else { return .null }
        let path = code.pointee.detail!.assumingMemoryBound(to: AttributePath.self)
        var list = Attributes.anchor(head, UInt32(code.pointee.number)).pointee
        var found: UnsafeMutablePointer<AttributeNode>?
        for index in 0..<path.pointee.steps.count {
            if index > 0 {
                guard let parent = found, parent.pointee.value == .list else { return .null }
                list = parent.pointee.members
            }
            let step = path.pointee.steps.baseAddress! + index
            found = Attributes.find(list, step.pointee.name, step.pointee.position(context) ?? 0)
            if found == nil { return .null }
        }
        return found.map { Attributes.value(of: $0, message) } ?? .null
    }

    // MARK: counting

    /// `$cnt($avp(x))`: how many there are.
    static func count(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let inner = code.pointee.detail!.assumingMemoryBound(to: VariableCode.self)
        let message = context.pointee.message
        switch inner.pointee.operation {
        case .attribute:
            guard let head = Attributes.existing(message), let name = inner.pointee.attributeName(context)
            else {
                return ScriptValue(0)
            }
            return ScriptValue(
                Int64(Attributes.count(Attributes.anchor(head, UInt32(MT_A_AVP)).pointee, name)))
        case .nestedAttribute:
            guard let head = Attributes.existing(message) else { return ScriptValue(0) }
            let path = inner.pointee.detail!.assumingMemoryBound(to: AttributePath.self)
            var list = Attributes.anchor(head, UInt32(inner.pointee.number)).pointee
            for index in 0..<(path.pointee.steps.count - 1) {
                let step = path.pointee.steps.baseAddress! + index
                guard
                    let node = Attributes.find(list, step.pointee.name, step.pointee.position(context) ?? 0),
                    node.pointee.value == .list
                else { return ScriptValue(0) }
                list = node.pointee.members
            }
            return ScriptValue(
                Int64(Attributes.count(list, path.pointee.steps[path.pointee.steps.count - 1].name)))
        case .header, .headerCount: return ScriptValue(headerCount(inner, context))
        case .branch: return ScriptValue(Int64(message.targetCount))
        default: return ScriptValue(read(inner, context).isNull ? 0 : 1)
        }
    }

    static func statistic(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let services = context.pointee.services
        let statistic = services.pointee.findStatistic(code.pointee.name(context).mt)
        return statistic == 0 ? .null : ScriptValue(services.pointee.readStatistic(statistic))
    }

    // MARK: $ccp(group.name)

    static func settingName(_ name: Slice) -> (group: Slice, name: Slice)? {
        guard let dot = name.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        return (name.prefix(dot), name.dropFirst(dot + 1))
    }

    static func readSetting(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        guard let (group, name) = settingName(code.pointee.name(context)) else { return .null }
        var value = mt_value()
        guard context.pointee.services.pointee.readSetting(group.mt, name.mt, &value) > 0 else {
            return .null
        }
        return ScriptValue(value)
    }
}

extension AttributeStep {
    /// nil for `[*]`.
    func position(_ context: Context) -> Int? {
        switch indexing {
        case .none: 0
        case .constant: Int(index)
        case .all: nil
        case .computed:
            indexCode.map { Int(truncatingIfNeeded: VariableCode.read($0, context).asNumber) } ?? 0
        }
    }
}
