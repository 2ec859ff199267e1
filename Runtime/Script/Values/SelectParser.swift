// SPDX-License-Identifier: Apache-2.0
import Message

/// Compiles selects. One that is not known is undefined, and warned of, as the language wants it.
struct SelectParser {
    let parser: VariableParser

    /// `name`, `[2]`, `["text"]`
    private enum Step: Equatable {
        case name(String)
        case index(Int32)
        case key(String)
    }

    func compile(_ text: [UInt8], into code: inout VariableCode) throws(VariableError) {
        var steps = try steps(text)[...]
        if case .name(let name)? = steps.first, let callout = parser.plugin("@\(name)") {
            return ask(callout, behind: name, text, &code)
        }
        var select = SelectCode()
        if case .name(let name)? = steps.popFirst() { resolve(name, &steps, &select) }
        if select.source == .unknown || !steps.isEmpty {
            let written = String(decoding: text, as: UTF8.self)
            parser.warn(
                VariableError(
                    "unknown select @\(written.hasPrefix("@") ? String(written.dropFirst()) : written)",
                    help: "it is undefined; most things have a variable, as $ru or $hdr(Subject)", at: 0,
                    length: text.count))
            select = SelectCode()
        }
        code.detail = UnsafeRawPointer(parser.storage.place(select))
    }

    /// A plugin's, which is its variable "@name"; what stands behind the name and its dot is the key.
    private func ask(
        _ callout: VariableCallout, behind name: String, _ text: [UInt8], _ code: inout VariableCode
    ) {
        var rest = text.drop { $0 == UInt8(ascii: "@") }.dropFirst(name.utf8.count)
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst() }
        code.operation = .plugin
        code.detail = UnsafeRawPointer(parser.storage.place(callout))
        code.key = parser.storage.text(Array(rest))
        do throws(VariableError) {
            code.prepared = try callout.prepare(
                code.key, of: "@\(name)." + String(decoding: rest, as: UTF8.self), at: (0, text.count),
                parser.takeFailure)
        } catch {
            parser.warn(error)
        }
    }

    private func steps(_ text: [UInt8]) throws(VariableError) -> [Step] {
        var steps: [Step] = []
        var at = text.first == UInt8(ascii: "@") ? 1 : 0
        while at < text.count {
            if text[at] == UInt8(ascii: ".") {
                at += 1
            } else if text[at] == UInt8(ascii: "[") {
                guard let close = text[at...].firstIndex(of: UInt8(ascii: "]")) else {
                    throw VariableError("\"]\" is missing for this \"[\"", at: at)
                }
                let inner = String(decoding: text[(at + 1)..<close], as: UTF8.self)
                if let number = Int32(inner) {
                    steps.append(.index(number))
                } else {
                    steps.append(.key(inner.filter { $0 != "\"" }))
                }
                at = close + 1
            } else {
                let start = at
                while at < text.count, text[at] != UInt8(ascii: "."), text[at] != UInt8(ascii: "[") {
                    at += 1
                }
                steps.append(.name(String(decoding: text[start..<at], as: UTF8.self)))
            }
        }
        return steps
    }

    private func stored(_ text: String) -> Slice { parser.storage.text(Array(text.utf8)) }

    /// A name after a dot, or a text in brackets.
    private func takeName(_ steps: inout ArraySlice<Step>) -> String? {
        switch steps.first {
        case .name(let name), .key(let name):
            steps.removeFirst()
            return name
        default: return nil
        }
    }

    private func takeIndex(_ steps: inout ArraySlice<Step>) -> Int32? {
        guard case .index(let index)? = steps.first else { return nil }
        steps.removeFirst()
        return index
    }

    private func resolve(_ name: String, _ steps: inout ArraySlice<Step>, _ select: inout SelectCode) {
        let addresses: [String: HeaderID] = [
            "from": .from, "f": .from, "to": .to, "t": .to, "contact": .contact, "m": .contact,
            "rpid": .remotePartyID, "remote_party_id": .remotePartyID, "refer_to": .referTo,
            "record_route": .recordRoute, "rr": .recordRoute, "diversion": .diversion,
            "p_asserted_identity": .pAssertedIdentity, "p_preferred_identity": .pPreferredIdentity,
        ]
        let headers: [String: HeaderID] = [
            "cseq": .cseq, "call_id": .callID, "expires": .expires, "max_forwards": .maxForwards,
            "event": .event,
            "content_type": .contentType, "content_length": .contentLength, "user_agent": .userAgent,
            "subject": .subject, "organization": .organization, "priority": .priority,
            "supported": .supported,
            "require": .require, "proxy_require": .proxyRequire, "unsupported": .unsupported, "allow": .allow,
            "accept": .accept, "accept_language": .acceptLanguage, "server": .server,
            "sip_if_match": .sipIfMatch,
            "content_disposition": .contentDisposition, "allow_events": .allowEvents,
            "min_expires": .minExpires,
            "session_expires": .sessionExpires, "min_se": .minSE, "subscription_state": .subscriptionState,
        ]
        if let header = addresses[name] {
            select.source = steps.isEmpty ? .addressBody : .address
            select.header = header
            return addressSteps(&steps, &select)
        }
        if let header = headers[name] {
            select.source = .header
            select.header = header
            guard header == .cseq, let part = takeName(&steps) else { return }
            select.source = part == "num" ? .cseqNumber : part == "method" ? .cseqMethod : .unknown
            return
        }
        switch name {
        case "via", "v": viaSteps(&steps, &select)
        case "ruri", "request_uri":
            select.source = .requestURI
            select.part = uriSteps(&steps, &select)
        case "dst_uri":
            select.source = .destinationURI
            select.part = uriSteps(&steps, &select)
        case "next_hop":
            select.source = .nextHop
            select.part = uriSteps(&steps, &select)
        case "method": select.source = .method
        case "status", "code": select.source = .status
        case "reason": select.source = .reason
        case "version": select.source = .version
        case "msg": messageSteps(&steps, &select)
        case "hf_value", "hf_value_exists":
            guard let header = takeName(&steps) else { return }
            select.source = .headerText
            select.key = stored(header.replacingUnderscores)
            select.index = takeIndex(&steps) ?? 1
        case "src", "dst", "received": flowSteps(name, &steps, &select)
        case "authorization", "proxy_authorization": credentialSteps(name, &steps, &select)
        case "branch": if takeName(&steps) == "count" { select.source = .branchCount }
        case "cfg_get":
            guard let group = takeName(&steps), let parameter = takeName(&steps) else { return }
            select.source = .setting
            select.key = stored(group)
            select.secondKey = stored(parameter)
        case "sys": systemSteps(&steps, &select)
        default: break
        }
    }

    private func viaSteps(_ steps: inout ArraySlice<Step>, _ select: inout SelectCode) {
        select.source = .via
        select.index = takeIndex(&steps) ?? 1
        guard let name = takeName(&steps) else { return }
        switch name {
        case "host": select.part = .host
        case "port": select.part = .port
        case "transport": select.part = .transport
        case "branch": select.part = .branch
        case "rport": select.part = .rport
        case "received": select.part = .received
        case "name": select.part = .name
        case "version": select.part = .protocolVersion
        case "i", "alias", "comp":
            select.part = .parameter
            select.key = stored(name)
        case "params": parameter(&steps, &select)
        default: select.source = .unknown
        }
    }

    private func parameter(_ steps: inout ArraySlice<Step>, _ select: inout SelectCode) {
        guard let name = takeName(&steps) else {
            select.source = .unknown
            return
        }
        select.part = .parameter
        select.key = stored(name)
    }

    private func addressSteps(_ steps: inout ArraySlice<Step>, _ select: inout SelectCode) {
        guard let name = takeName(&steps) else { return }
        switch name {
        case "uri":
            select.part = .uri
            select.inner = uriSteps(&steps, &select)
        case "name": select.part = .display
        case "tag": select.part = .tag
        case "expires", "q", "instance", "method", "received":
            select.part = .parameter
            select.key = stored(name == "instance" ? "+sip.instance" : name)
        case "params": parameter(&steps, &select)
        default: select.source = .unknown
        }
    }

    private func uriSteps(_ steps: inout ArraySlice<Step>, _ select: inout SelectCode) -> SelectCode.Part {
        guard let name = takeName(&steps) else { return .whole }
        switch name {
        case "user": return .user
        case "pwd": return .password
        case "host": return .host
        case "port": return .port
        case "hostport": return .hostPort
        case "type": return .scheme
        case "transport": return .transport
        case "params":
            guard let parameter = takeName(&steps) else { return .parameters }
            select.key = stored(parameter)
            return .parameter
        default:
            select.source = .unknown
            return .whole
        }
    }

    private func messageSteps(_ steps: inout ArraySlice<Step>, _ select: inout SelectCode) {
        select.source = .message
        guard let name = takeName(&steps) else { return }
        switch name {
        case "len": select.part = .length
        case "first_line": select.part = .firstLine
        case "type": select.part = .kind
        case "id": select.part = .serial
        case "flags": select.part = .flags
        case "body":
            select.part = .body
            if steps.first == .name("sdp") { steps.removeFirst() }
        case "header":
            guard let header = steps.first else {
                select.part = .headers
                return
            }
            select.source = .headerText
            switch header {
            case .name(let name): select.key = stored(name.replacingUnderscores)
            case .key(let name): select.key = stored(name)
            case .index: select.source = .unknown
            }
            steps.removeFirst()
            select.index = takeIndex(&steps) ?? 0
        default: select.source = .unknown
        }
    }

    private func flowSteps(_ name: String, _ steps: inout ArraySlice<Step>, _ select: inout SelectCode) {
        select.source = name == "src" ? .sourcePart : .receivedPart
        switch takeName(&steps) {
        case "ip": select.part = .address
        case "port": select.part = .port
        case "ip_port": select.part = .addressAndPort
        case "proto" where name == "received": select.part = .protocolName
        case "proto_ip_port" where name == "received": select.part = .everything
        default: select.source = .unknown
        }
    }

    private func credentialSteps(_ name: String, _ steps: inout ArraySlice<Step>, _ select: inout SelectCode)
    {
        select.source = .credentials
        select.header = name == "authorization" ? .authorization : .proxyAuthorization
        if case .key(let realm)? = steps.first {
            select.key = stored(realm)
            steps.removeFirst()
        }
        switch takeName(&steps) {
        case "username":
            select.part = .userName
            switch steps.first {
            case .name("user"): select.part = .user
            case .name("domain"): select.part = .userDomain
            default: return
            }
            steps.removeFirst()
        case "realm": select.part = .realm
        case "nonce": select.part = .nonce
        case "uri": select.part = .digestURI
        case "response": select.part = .response
        case "algorithm": select.part = .algorithm
        case "opaque": select.part = .opaque
        case "cnonce": select.part = .cnonce
        case "qop": select.part = .qop
        case "nc": select.part = .nc
        default: select.source = .unknown
        }
    }

    private func systemSteps(_ steps: inout ArraySlice<Step>, _ select: inout SelectCode) {
        switch takeName(&steps) {
        case "pid": select.source = .process
        case "unique": select.source = .unique
        case "now":
            select.source = .now
            guard let zone = takeName(&steps) else { return }
            guard zone == "gmt" || zone == "local" else {
                select.source = .unknown
                return
            }
            select.source = .nowText
            select.inner = zone == "gmt" ? .name : .whole
        default: break
        }
    }
}

extension String {
    /// Names of headers are written with underscores in selects.
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? "-" : $0 }) }
}
