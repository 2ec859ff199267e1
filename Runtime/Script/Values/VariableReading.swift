// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// Reading: one switch over what the variable names, then its transformations.
extension VariableCode {
    static func read(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let value = plain(code, context)
        let transformations = code.pointee.transformations
        if transformations.isEmpty { return value }
        return Transformation.apply(transformations, to: value, context)
    }

    private static func plain(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        let part = code.pointee.part
        switch code.pointee.operation {
        case .null: return .null
        case .constant:
            return code.pointee.key.isPresent
                ? ScriptValue(code.pointee.key) : ScriptValue(code.pointee.number)
        case .returnCode: return ScriptValue(Int64(context.pointee.rc))
        case .plugin: return readPlugin(code, context)

        case .requestURI:
            if part == .whole { return ScriptValue(message.uri) }
            guard let uri = message.requestURI else { return .null }
            return requestPart(uri, part, context)
        case .originalURI:
            if part == .whole { return ScriptValue(message.receivedURI) }
            guard let uri = parsed(message.receivedURI, context) else { return .null }
            return requestPart(uri, part, context)
        case .destinationURI:
            if part == .whole { return ScriptValue(message.nextHop) }
            guard message.nextHop.isPresent, let uri = parsed(message.nextHop, context) else { return .null }
            return requestPart(uri, part, context)
        case .nextHop: return nextHop(part, context)
        case .replyPart: return replyPart(part, context)
        case .from: return partyPart(message.from, part, message.fromTag, context)
        case .to: return partyPart(message.to, part, message.toTag, context)
        case .asserted: return identity(.pAssertedIdentity, code, context)
        case .preferred: return identity(.pPreferredIdentity, code, context)
        case .remoteParty: return addressURI(.remotePartyID, message)
        case .referTo: return addressURI(.referTo, message)
        case .diversion: return diversion(part, message)

        case .destinationSet: return destinationSet(message)
        case .firstBranch: return ScriptValue(message.target(0).map { Slice($0.pointee.uri) } ?? .absent)
        case .allBranches: return allBranches(message)
        case .branch: return readBranch(code, context)
        case .scratchBranch: return readScratchBranch(part, context)
        case .sendSocket: return sendSocket(context) { ScriptValue(Slice($0.pointee.socketText($1))) }
        case .sendSocketName: return sendSocket(context) { ScriptValue(Slice($0.pointee.socketName($1))) }
        case .sendSocketPort:
            guard let socket = message.outSocket else { return ScriptValue(0) }
            return SocketText(Slice(context.pointee.services.pointee.socketText(socket))).portValue

        case .method: return ScriptValue(message.isRequest ? message.methodText : message.cseqMethodText)
        case .methodNumber: return ScriptValue(methodNumber(message))
        case .status:
            guard message.isReply else { return .null }
            return ScriptValue(number: Int64(message.status), text: message.decimal(Int64(message.status)))
        case .statusNumber: return ScriptValue(Int64(message.status))
        case .reason: return message.isReply ? ScriptValue(message.reason) : .null
        case .version:
            if code.pointee.number == 0 { return ScriptValue(message.version) }
            let services = context.pointee.services
            if part == .value { return ScriptValue(versionNumber(Slice(services.pointee.version))) }
            return ScriptValue(Slice(part == .full ? services.pointee.fullVersion : services.pointee.version))
        case .messageType: return ScriptValue(message.isRequest ? 1 : 2)
        case .messageTypeName: return ScriptValue(message.isRequest ? "rq" : "rp")
        case .callID: return ScriptValue(message.callID)
        case .cseq:
            let body = message.body(of: message.header(.cseq))
            guard body.isPresent else { return .null }
            let digits = body.prefix(while: \.isDigit)
            return ScriptValue(digits, number: Int64(message.cseq))
        case .cseqBody: return ScriptValue(message.body(of: message.header(.cseq)))
        case .contentLength:
            let body = message.body(of: message.header(.contentLength))
            guard body.isPresent else { return .null }
            return ScriptValue(number: Int64(message.contentLength ?? 0), text: body)
        case .contentType: return ScriptValue(message.contentType)
        case .contact: return ScriptValue(message.body(of: message.header(.contact)))
        case .userAgent: return ScriptValue(message.body(of: message.header(.userAgent)))
        case .body: return ScriptValue(message.body.isPresent ? message.body : .empty)
        case .bodySize: return ScriptValue(Int64(message.body.count))
        case .buffer: return ScriptValue(message.bytes)
        case .currentBuffer: return currentBuffer(message)
        case .length: return ScriptValue(Int64(message.bytes.count))
        case .serial: return ScriptValue(Int64(truncatingIfNeeded: message.serial))
        case .messagePart: return messagePart(part, message)

        case .header: return readHeader(code, context)
        case .headerCount: return ScriptValue(headerCount(code, context))
        case .headerValue: return readHeaderValue(code, context)
        case .headerValueCount: return ScriptValue(headerValueCount(code, context))
        case .viaPart: return viaPart(code, message)

        case .sourceAddress:
            return ScriptValue(FlowText.address(message, .remote, bracketed: part == .bracketed))
        case .sourcePort: return ScriptValue(Int64(message.flow.remote_port))
        case .sourceURI: return ScriptValue(FlowText.uri(message, .remote, full: part == .full))
        case .sourceSocket: return ScriptValue(FlowText.socket(message, .remote))
        case .receivedAddress, .receivedPort, .receivedURI, .receivedSocket, .receivedName,
            .advertisedAddress,
            .advertisedPort, .advertisedURI:
            return receivedPart(code, context)
        case .transport: return ScriptValue(FlowText.transportName(message.flow.protocol))
        case .transportNumber: return ScriptValue(FlowText.transportNumber(message.flow.protocol))
        case .addressFamily:
            let isV4 = FlowText.isV4(message, .remote)
            if part == .name { return ScriptValue(isV4 ? "IPv4" : "IPv6") }
            return ScriptValue(isV4 ? Int64(AF_INET) : Int64(AF_INET6))
        case .connection:
            let connection = message.flow.connection
            return connection == 0 ? .null : ScriptValue(Int64(truncatingIfNeeded: connection))
        case .sentTo, .sentFrom: return sentPart(code, context)

        case .flags: return readFlags(message.flags, code, context)
        case .scriptFlags: return readFlags(message.scriptFlags, code, context)
        case .branchFlags: return readFlags(message.branchFlags, code, context)
        case .digest: return digest(part, message)
        case .accountUser: return accountUser(part, message)

        case .attribute: return readAttribute(code, context)
        case .nestedAttribute: return readNestedAttribute(code, context)
        case .scriptVariable:
            return context.pointee.values.pointee.variables.get(Int(code.pointee.number), message)
        case .nullableScriptVariable:
            let slot = Int(code.pointee.number)
            guard context.pointee.values.pointee.variables.isSet(slot) else { return .null }
            return context.pointee.values.pointee.variables.get(slot, message)
        case .shared: return SharedVariables.get(Int(code.pointee.number), message)

        case .unixTime, .unixTimeNow, .timeText, .timeTextNow, .startTime, .timeField, .timeFormat,
            .timeOfDay:
            return readTime(code, context)
        case .process: return ScriptValue(Int64(getpid()))
        case .serverID: return ScriptValue(context.pointee.services.pointee.serverID)
        case .expires: return expires(part, message)
        case .statistic: return statistic(code, context)
        case .count: return count(code, context)
        case .select: return SelectCode.read(code, context)
        case .formatted:
            guard let format = code.pointee.keyFormat else { return ScriptValue(code.pointee.key) }
            return ScriptValue(format.text(context))
        case .setting: return readSetting(code, context)
        case .errorInfo:
            guard message.errorStatus != 0 else { return .null }
            switch part {
            case .code: return ScriptValue(Int64(message.errorStatus))
            case .reason, .info: return ScriptValue(message.errorReason)
            default: return .null
            }
        }
    }

    /// The name in parentheses, as of now.
    func name(_ context: Context) -> Slice { keyFormat.map { $0.text(context) } ?? key }

    /// The index, as of now; nil for `[*]`.
    func position(_ context: Context) -> Int? {
        switch indexing {
        case .none: 0
        case .constant: Int(index)
        case .all: nil
        case .computed:
            indexCode.map { Int(truncatingIfNeeded: VariableCode.read($0, context).asNumber) } ?? 0
        }
    }

    // MARK: plugins

    private static func readPlugin(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        withCall(code, context, value: nil) { call, callout in
            var out = mt_value()
            let result = withUnsafeMutablePointer(to: &out) { place in
                call.pointee.out = place
                return callout.get(call)
            }
            return result < 0 ? .null : ScriptValue(out)
        }
    }

    /// Calls a plugin: key and index, and with a new value that too, are its arguments. A key with variables
    /// in it comes as text of now, and as the compiled text in `ptr`
    /// unless the plugin prepares keys.
    static func withCall<Answer>(
        _ code: UnsafePointer<VariableCode>, _ context: Context, value: ScriptValue?,
        _ body: (UnsafeMutablePointer<mt_call>, VariableCallout) -> Answer
    ) -> Answer {
        let callout = code.pointee.detail!.assumingMemoryBound(to: VariableCallout.self).pointee
        var arguments = (mt_value(), mt_value(), mt_value())
        let key = code.pointee.name(context)
        if key.isPresent {
            arguments.0.type = UInt32(MT_STR)
            arguments.0.str = key.mt
            if let format = code.pointee.keyFormat, callout.prepare == nil {
                arguments.0.ptr = UnsafeMutableRawPointer(mutating: format.opaque)
            }
        }
        if let prepared = code.pointee.prepared { arguments.0.ptr = prepared }
        if code.pointee.indexing != .none {
            arguments.1.type = UInt32(MT_INT)
            arguments.1.num = code.pointee.position(context).map { Int64($0) } ?? Int64.max
        }
        if let value { arguments.2 = value.mt }
        return withUnsafeMutableBytes(of: &arguments) { raw in
            var call = mt_call()
            call.host = callout.host
            call.user = callout.user
            call.msg = context.pointee.message.opaque
            call.args = UnsafePointer(raw.baseAddress!.assumingMemoryBound(to: mt_value.self))
            call.argc = value == nil ? 2 : 3
            call.route = context.pointee.route
            call.worker = context.pointee.worker
            return withUnsafeMutablePointer(to: &call) { body($0, callout) }
        }
    }
}

extension Slice {
    /// The longest start of which every byte is so.
    func prefix(while condition: (UInt8) -> Bool) -> Slice {
        guard let base else { return self }
        var end = 0
        while end < count, condition(base[end]) { end += 1 }
        return Slice(base: base, count: end)
    }
}
