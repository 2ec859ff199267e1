// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Assigning. Edits of the message show at once.
extension VariableCode {
    static func write(_ code: UnsafePointer<VariableCode>, _ value: ScriptValue, _ context: Context) -> Bool {
        let message = context.pointee.message
        let part = code.pointee.part
        switch code.pointee.operation {
        case .scriptVariable, .nullableScriptVariable:
            context.pointee.values.pointee.variables.set(Int(code.pointee.number), value)
            return true
        case .shared:
            SharedVariables.set(Int(code.pointee.number), value)
            return true
        case .attribute: return writeAttribute(code, value, context)
        case .nestedAttribute: return writeNestedAttribute(code, value, context)
        case .requestURI: return writeRequestURI(part, value, context)
        case .destinationURI:
            let text = value.asText(message)
            message.nextHop = text.isEmpty ? .absent : text
            return true
        case .from, .to:
            return PartyEditing.set(message, code.pointee.operation == .from ? .from : .to, part, value)
        case .firstBranch:
            guard value.hasText, !value.text.isEmpty else { return refuse("$br takes a URI", context) }
            message.addTarget(target(uri: value.text))
            return true
        case .branch: return writeBranch(code, value, context)
        case .scratchBranch: return writeScratchBranch(part, value, context)
        case .sendSocket, .sendSocketName: return writeSocket(value, context)
        case .flags:
            message.flags = changed(message.flags, code, value, context)
            return true
        case .scriptFlags:
            message.scriptFlags = changed(message.scriptFlags, code, value, context)
            return true
        case .branchFlags:
            message.branchFlags = changed(message.branchFlags, code, value, context)
            return true
        case .setting:
            guard let (group, name) = settingName(code.pointee.name(context)) else { return false }
            var new = value.mt
            return context.pointee.services.pointee.writeSetting(group.mt, name.mt, &new) > 0
        case .plugin:
            guard let set = code.pointee.detail?.assumingMemoryBound(to: VariableCallout.self).pointee.set
            else {
                return false
            }
            return withCall(code, context, value: value) { call, _ in set(call) > 0 }
        default: return false
        }
    }

    static func refuse(_ why: Slice, _ context: Context) -> Bool {
        context.pointee.services.pointee.log(context, Int32(MT_LOG_ERROR), why.mt)
        return false
    }

    private static func writeRequestURI(_ part: VariablePart, _ value: ScriptValue, _ context: Context)
        -> Bool
    {
        let message = context.pointee.message
        let text = value.asText(message)
        let result: Int32
        switch part {
        case .whole: result = value.isNull ? -1 : RequestURIEditing.setURI(message, text)
        case .user: result = RequestURIEditing.setUser(message, text)
        case .host: result = RequestURIEditing.setHost(message, text)
        case .port: result = RequestURIEditing.setPort(message, text)
        default: result = -1
        }
        if result > 0 { return true }
        var why = ArenaText(message, room: 96)
        why.append("the Request-URI cannot have this ")
        why.append(part == .user ? "user" : part == .host ? "host" : part == .port ? "port" : "value")
        why.append(": \"")
        why.append(text)
        why.append("\"")
        return refuse(why.slice, context)
    }

    private static func changed(
        _ flags: UInt64, _ code: UnsafePointer<VariableCode>, _ value: ScriptValue, _ context: Context
    ) -> UInt64 {
        let high = flags & ~0xFFFF_FFFF
        guard code.pointee.part == .single else {
            return high | UInt64(UInt32(truncatingIfNeeded: value.asNumber))
        }
        let bit = code.pointee.position(context) ?? 0
        guard bit >= 0, bit < 32 else { return flags }
        return value.asNumber != 0 ? flags | 1 << UInt64(bit) : flags & ~(1 << UInt64(bit))
    }

    private static func writeSocket(_ value: ScriptValue, _ context: Context) -> Bool {
        guard !value.isNull, let socket = findSocket(value, context) else {
            context.pointee.message.outSocket = nil
            return value.isNull || refuse("no listening socket of this address or name", context)
        }
        context.pointee.message.outSocket = socket
        return true
    }

    private static func findSocket(_ value: ScriptValue, _ context: Context) -> UInt32? {
        let text = value.asText(context.pointee.message)
        let socket = context.pointee.services.pointee.findSocket(text.mt)
        return socket == .max ? nil : socket
    }

    // MARK: branches

    static func target(uri: Slice) -> mt_target {
        var target = mt_target()
        target.uri = uri.mt
        target.q = -1
        target.socket = .max
        return target
    }

    private static func writeBranch(
        _ code: UnsafePointer<VariableCode>, _ value: ScriptValue, _ context: Context
    ) -> Bool {
        let message = context.pointee.message
        var index = code.pointee.position(context) ?? 0
        if index < 0 { index += message.targetCount }
        guard index >= 0, let target = message.target(index) else {
            return refuse("there is no such branch", context)
        }
        let text = message.keepBytes(value.asText(message))
        let stored: mt_str = value.isNull || text.isEmpty ? mt_str() : text.mt
        switch code.pointee.part {
        case .uri:
            if value.isNull {
                removeTarget(index, message)
            } else {
                target.pointee.uri = stored
            }
        case .nextHop: target.pointee.next_hop = stored
        case .path: target.pointee.path = stored
        case .instance: target.pointee.instance = stored
        case .ruid: target.pointee.ruid = stored
        case .userAgent: target.pointee.user_agent = stored
        case .connection: target.pointee.connection = UInt64(bitPattern: value.asNumber)
        case .q: target.pointee.q = value.isNull ? -1 : Int32(truncatingIfNeeded: value.asNumber)
        case .flags: target.pointee.flags = UInt64(UInt32(truncatingIfNeeded: value.asNumber))
        case .socket:
            guard !value.isNull else {
                target.pointee.socket = .max
                return true
            }
            guard let socket = findSocket(value, context) else {
                return refuse("no listening socket of this address or name", context)
            }
            target.pointee.socket = socket
        default: return value.isNull
        }
        return true
    }

    /// Takes one branch away; those behind it move up.
    public static func removeTarget(_ index: Int, _ message: Message) {
        let count = message.targetCount
        guard index >= 0, index < count else { return }
        withUnsafeTemporaryAllocation(of: mt_target.self, capacity: count) { kept in
            var left = 0
            for position in 0..<count where position != index {
                guard let target = message.target(position) else { continue }
                kept[left] = target.pointee
                left += 1
            }
            message.clearTargets()
            for position in 0..<left { message.addTarget(kept[position]) }
        }
    }

    private static func writeScratchBranch(_ part: VariablePart, _ value: ScriptValue, _ context: Context)
        -> Bool
    {
        let message = context.pointee.message
        let values = context.pointee.values
        let text = value.isNull ? .absent : value.asText(message)
        switch part {
        case .uri: values.pointee.scratch.uri.set(text)
        case .nextHop: values.pointee.scratch.nextHop.set(text)
        case .path: values.pointee.scratch.path.set(text)
        case .instance: values.pointee.scratch.instance.set(text)
        case .ruid: values.pointee.scratch.ruid.set(text)
        case .userAgent: values.pointee.scratch.userAgent.set(text)
        case .q: values.pointee.scratch.q = value.isNull ? -1 : Int32(truncatingIfNeeded: value.asNumber)
        case .flags: values.pointee.scratch.flags = UInt64(UInt32(truncatingIfNeeded: value.asNumber))
        case .connection: values.pointee.scratch.connection = value.asNumber
        case .socket:
            guard !value.isNull else {
                values.pointee.scratch.socket = .max
                return true
            }
            guard let socket = findSocket(value, context) else {
                return refuse("no listening socket of this address or name", context)
            }
            values.pointee.scratch.socket = socket
        default: return false
        }
        return true
    }
}

/// Branches from the script: `append_branch`'s scratch branch, `remove_branch`.
public enum BranchEditing {
    /// `sbranch_append()`: what `$sbranch` holds becomes a branch. 1, or -1 without a URI.
    public static func appendScratch(_ context: Context) -> Int32 {
        let values = context.pointee.values
        guard !values.pointee.scratch.uri.slice.isEmpty else { return -1 }
        var target = VariableCode.target(uri: values.pointee.scratch.uri.slice)
        target.next_hop = values.pointee.scratch.nextHop.slice.mt
        target.path = values.pointee.scratch.path.slice.mt
        target.instance = values.pointee.scratch.instance.slice.mt
        target.ruid = values.pointee.scratch.ruid.slice.mt
        target.user_agent = values.pointee.scratch.userAgent.slice.mt
        target.connection = UInt64(bitPattern: values.pointee.scratch.connection)
        target.q = values.pointee.scratch.q
        target.socket = values.pointee.scratch.socket
        target.flags = values.pointee.scratch.flags
        context.pointee.message.addTarget(target)
        return 1
    }

    /// `sbranch_set_ruri()`: what `$sbranch` holds becomes the Request-URI and its way.
    public static func setRequestURI(_ context: Context) -> Int32 {
        let values = context.pointee.values
        let message = context.pointee.message
        guard RequestURIEditing.setURI(message, values.pointee.scratch.uri.slice) > 0 else { return -1 }
        message.nextHop = values.pointee.scratch.nextHop.slice
        message.path = values.pointee.scratch.path.slice
        if values.pointee.scratch.socket != .max { message.outSocket = values.pointee.scratch.socket }
        message.branchFlags = values.pointee.scratch.flags
        return 1
    }

    public static func resetScratch(_ context: Context) -> Int32 {
        context.pointee.values.pointee.scratch.reset()
        return 1
    }

    /// `remove_branch(n)`.
    public static func remove(_ message: Message, _ index: Int) -> Int32 {
        guard index >= 0, index < message.targetCount else { return -1 }
        VariableCode.removeTarget(index, message)
        return 1
    }
}
