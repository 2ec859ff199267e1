// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Header fields, and the message as bytes.
extension VariableCode {
    private static func first(_ code: UnsafePointer<VariableCode>, _ context: Context, _ name: inout Slice)
        -> FieldRef
    {
        let message = context.pointee.message
        if code.pointee.header != .other { return message.header(code.pointee.header) }
        name = code.pointee.name(context)
        return message.header(named: name)
    }

    private static func next(
        _ code: UnsafePointer<VariableCode>, _ message: Message, _ name: Slice, after field: FieldRef
    ) -> FieldRef {
        code.pointee.header != .other
            ? message.header(code.pointee.header, after: field) : message.header(named: name, after: field)
    }

    static func readHeader(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        var name = Slice.absent
        var field = first(code, context, &name)
        guard field.exists else { return .null }
        if code.pointee.indexing == .none { return ScriptValue(message.body(of: field)) }
        guard var left = code.pointee.position(context) else {
            return joined(code, message, name, from: field)
        }
        if left < 0 { left += Int(count(code, message, name, from: field)) }
        guard left >= 0 else { return .null }
        while field.exists {
            if left == 0 { return ScriptValue(message.body(of: field)) }
            left -= 1
            field = next(code, message, name, after: field)
        }
        return .null
    }

    /// All bodies with commas, and no blanks, between them.
    private static func joined(
        _ code: UnsafePointer<VariableCode>, _ message: Message, _ name: Slice, from first: FieldRef
    ) -> ScriptValue {
        var text = ArenaText(message, room: 256)
        var field = first
        while field.exists {
            if field != first { text.append(UInt8(ascii: ",")) }
            text.append(message.body(of: field))
            field = next(code, message, name, after: field)
        }
        return ScriptValue(text.slice)
    }

    private static func count(
        _ code: UnsafePointer<VariableCode>, _ message: Message, _ name: Slice, from first: FieldRef
    ) -> Int64 {
        var found: Int64 = 0
        var field = first
        while field.exists {
            found += 1
            field = next(code, message, name, after: field)
        }
        return found
    }

    static func headerCount(_ code: UnsafePointer<VariableCode>, _ context: Context) -> Int64 {
        var name = Slice.absent
        let field = first(code, context, &name)
        return count(code, context.pointee.message, name, from: field)
    }

    private static func listHeader(_ code: UnsafePointer<VariableCode>, _ context: Context) -> HeaderID {
        code.pointee.header != .other ? code.pointee.header : HeaderID.named(code.pointee.name(context))
    }

    static func readHeaderValue(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let header = listHeader(code, context)
        guard header != .other else { return .null }
        guard let index = code.pointee.position(context) else { return readHeader(code, context) }
        return ScriptValue(Values.text(index, of: header, in: context.pointee.message))
    }

    static func headerValueCount(_ code: UnsafePointer<VariableCode>, _ context: Context) -> Int64 {
        let header = listHeader(code, context)
        return header == .other ? 0 : Int64(Values.count(header, in: context.pointee.message))
    }

    /// `$via0` the topmost, `$via1` the next, `$viaZ` the last.
    static func viaPart(_ code: UnsafePointer<VariableCode>, _ message: Message) -> ScriptValue {
        let number = Int(code.pointee.number)
        guard let via = Values.via(number < 0 ? -1 : number + 1, in: message) else { return .null }
        func present(_ text: Slice) -> ScriptValue { text.isEmpty ? .null : ScriptValue(text) }
        switch code.pointee.part {
        case .host: return ScriptValue(via.host)
        case .port:
            let port = via.port == 0 ? 5060 : Int64(via.port)
            return ScriptValue(port)
        case .proto: return ScriptValue(via.transport)
        case .shortProto: return ScriptValue(FlowText.transportNumber(named: via.transport))
        case .branch: return present(via.branch)
        case .rport: return present(via.rport)
        case .received: return present(via.received)
        case .count: return present(via.param("i"))
        default: return .null
        }
    }

    // MARK: bytes

    /// The message with its edits, as it would be written now.
    static func currentBuffer(_ message: Message) -> ScriptValue {
        let room = message.bytes.count + 1024
        let place = message.alloc(room)
        let count = message.write(into: place, room: room)
        guard count > room else {
            return ScriptValue(Slice(base: place.assumingMemoryBound(to: UInt8.self), count: count))
        }
        let larger = message.alloc(count)
        let again = message.write(into: larger, room: count)
        return ScriptValue(Slice(base: larger.assumingMemoryBound(to: UInt8.self), count: min(again, count)))
    }

    static func messagePart(_ part: VariablePart, _ message: Message) -> ScriptValue {
        let bytes = message.bytes
        let line = (bytes.firstIndex(of: 10) ?? bytes.count - 1) + 1
        let head = bytes.find("\r\n\r\n") ?? bytes.count
        switch part {
        case .buffer: return ScriptValue(bytes)
        case .length: return ScriptValue(Int64(bytes.count))
        case .firstLine: return ScriptValue(message.startLine)
        case .headers: return ScriptValue(bytes[line..<max(line, head)])
        case .headersSize: return ScriptValue(Int64(max(line, head) - line))
        case .body: return ScriptValue(message.body.isPresent ? message.body : .empty)
        case .bodySize: return ScriptValue(Int64(message.body.count))
        case .lastPart: return ScriptValue(bytes.dropFirst(line))
        case .whole: return ScriptValue(bytes.prefix(head))
        default: return .null
        }
    }

    /// Methods as bits, as the language has them.
    static func methodNumber(_ message: Message) -> Int64 {
        switch message.isRequest ? message.method : message.cseqMethod {
        case .invite: 1
        case .cancel: 2
        case .ack: 4
        case .bye: 8
        case .info: 16
        case .register: 32
        case .subscribe: 64
        case .notify: 128
        case .message: 256
        case .options: 512
        case .prack: 1024
        case .update: 2048
        case .refer: 4096
        case .publish: 8192
        case .other: 524_288
        }
    }

    /// `$expires(min)`, `$expires(max)`: of the contacts, those without one having the Expires header's.
    static func expires(_ part: VariablePart, _ message: Message) -> ScriptValue {
        var best: Int64?
        var field = message.header(.contact)
        while field.exists {
            var list = message.body(of: field)
            while let contact = Address(taking: &list) {
                if contact.isStar { continue }
                let own = contact.param("expires").natural() ?? message.expires
                guard let own else { continue }
                best = best.map { part == .least ? min($0, Int64(own)) : max($0, Int64(own)) } ?? Int64(own)
            }
            field = message.header(.contact, after: field)
        }
        if best == nil, let own = message.expires { best = Int64(own) }
        return best.map { ScriptValue($0) } ?? .null
    }
}
