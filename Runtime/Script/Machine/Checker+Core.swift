// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// The functions of the language itself. Their arguments are constants.
extension Checker {
    func core(_ function: CoreFunction, _ call: Call) -> CheckedCall? {
        guard mayStandHere(function, call) else { return nil }
        return coreCall(function, call).map { .core($0, call.name.place) }
    }

    private func mayStandHere(_ function: CoreFunction, _ call: Call) -> Bool {
        guard kind == UInt32(MT_IN_SEND) else { return true }
        switch function {
        case .log, .setFlag, .resetFlag, .isFlagSet, .setForwardNoConnect, .setForwardClose,
            .setReplyNoConnect,
            .setReplyClose, .error:
            return true
        default:
            error(
                "\(call.name.value) may not be called in onsend_route", at: call.name.place,
                help: "the message is on its way already")
            return false
        }
    }

    private func coreCall(_ function: CoreFunction, _ call: Call) -> CoreCall? {
        let arguments = call.arguments
        switch function {
        case .forward: return forward(0, call)
        case .forwardUDP: return forward(UInt32(MT_UDP), call)
        case .forwardTCP: return forward(UInt32(MT_TCP), call)
        case .forwardTLS: return forward(UInt32(MT_TLS), call)
        case .forwardSCTP: return forward(UInt32(MT_SCTP), call)
        case .log: return log(arguments, call)
        case .error:
            let words = arguments.map { string($0)?.string ?? "" }
            return .log(level: Int32(MT_LOG_ERROR), storage.text(words.joined(separator: ": ").utf8))
        case .exec:
            return nothing(call, "it would hold up every call on its worker while the command runs")
        case .setFlag: return flag(call, isSet: true).map { .setFlag($0) }
        case .resetFlag: return flag(call, isSet: false).map { .resetFlag($0) }
        case .isFlagSet: return flag(call, isSet: false).map { .isFlagSet($0) }
        case .setAVPFlag, .resetAVPFlag, .isAVPFlagSet: return nothing(call, "attributes have no flags here")
        case .setURI: return rewrite(.uri, call)
        case .setHost: return rewrite(.host, call)
        case .setHostPort: return rewrite(.hostPort, call)
        case .setHostPortTransport: return rewrite(.hostPortTransport, call)
        case .setUser: return rewrite(.user, call)
        case .setUserPassword: return rewrite(.userPassword, call)
        case .setPort: return rewrite(.port, call)
        case .prefix: return rewrite(.prefix, call)
        case .strip: return count(arguments, 1, call).map { .rewriteNumber(.strip, $0) }
        case .stripTail: return count(arguments, 1, call).map { .rewriteNumber(.stripTail, $0) }
        case .userPhone: return .rewriteNumber(.userPhone, 0)
        case .revertURI: return .rewriteNumber(.revert, 0)
        case .removeBranch: return count(arguments, 0, call).map { .removeBranch($0) }
        case .clearBranches: return .clearBranches
        case .forceRport: return .setOption(UInt32(MT_O_FORCE_RPORT))
        case .addLocalRport: return .setOption(UInt32(MT_O_RPORT_IN_VIA))
        case .forceTCPAlias:
            guard let argument = arguments.first else { return .aliasConnection(0) }
            return port(argument).map { .aliasConnection($0) }
        case .forceSendSocket: return sendSocket(call)
        case .setAdvertisedAddress:
            return arguments.first.flatMap(string).map { .advertiseAddress(storage.text($0.bytes)) }
        case .setAdvertisedPort:
            return arguments.first.flatMap(port).map { .advertisePort($0) }
        case .setForwardNoConnect: return .setOption(UInt32(MT_O_FORWARD_NO_CONNECT))
        case .setForwardClose: return .setOption(UInt32(MT_O_FORWARD_CLOSE))
        case .setReplyNoConnect: return .setOption(UInt32(MT_O_REPLY_NO_CONNECT))
        case .setReplyClose: return .setOption(UInt32(MT_O_REPLY_CLOSE))
        case .udpMTUTryProto: return nothing(call, "large requests go the way their URI says")
        case .cfgSelect, .cfgReset: return nothing(call, "parameters have one instance here")
        }
    }

    private func nothing(_ call: Call, _ why: String) -> CoreCall {
        diagnostics.notice("\(call.name.value) has no effect here: \(why)", at: call.name.place)
        return .nothing
    }

    private func flag(_ call: Call, isSet: Bool) -> UInt8? {
        guard let argument = call.arguments.first else {
            error("\(call.name.value) takes 1 argument, not 0", at: call.name.place)
            return nil
        }
        return flags.number(argument, isSet: isSet)
    }

    /// A constant text: in quotes, a bare word, or a number as it is written.
    private func string(_ expression: Expression) -> Text? {
        switch expression.kind {
        case .string(let text): return text
        case .word(let word): return Text(word)
        case .integer(let number): return Text("\(number)")
        case .socket(let socket):
            guard socket.transport == nil else { break }
            return Text(socket.host.bytes + (socket.port.map { Array(":\($0)".utf8) } ?? []))
        default: break
        }
        error("this has to be a constant text", at: expression.place)
        return nil
    }

    private func rewrite(_ rewrite: Rewrite, _ call: Call) -> CoreCall? {
        guard let argument = call.arguments.first else {
            error("\(call.name.value) takes 1 argument, not 0", at: call.name.place)
            return nil
        }
        warnOfVariables(in: argument)
        return string(argument).map { .rewrite(rewrite, storage.text($0.bytes)) }
    }

    private func count(_ arguments: [Expression], _ fallback: Int32, _ call: Call) -> Int32? {
        guard let argument = arguments.first else { return fallback }
        if let term = term(argument), let number = term.constant, number >= 0 { return number }
        error("\(call.name.value) needs a number that is not negative", at: argument.place)
        return nil
    }

    private func port(_ expression: Expression) -> UInt16? {
        if let text = string(expression), let port = UInt16(text.string), port > 0 { return port }
        error("a port is 1 to 65535", at: expression.place)
        return nil
    }

    private func log(_ arguments: [Expression], _ call: Call) -> CoreCall? {
        guard let text = arguments.last.flatMap(string) else { return nil }
        // Without a level it is one below debug.
        var level: Int32 = 4
        if arguments.count > 1 {
            guard let number = count([arguments[0]], 4, call) else { return nil }
            level = number
        }
        let levels = [Int32(MT_LOG_WARNING), Int32(MT_LOG_NOTICE), Int32(MT_LOG_INFO)]
        return .log(
            level: level < 3 ? levels[Int(level)] : Int32(MT_LOG_DEBUG), storage.text(text.bytes))
    }

    private func sendSocket(_ call: Call) -> CoreCall? {
        guard let argument = call.arguments.first else {
            error("force_send_socket takes 1 argument, not 0", at: call.name.place)
            return nil
        }
        let text: String
        if case .socket(let socket) = argument.kind {
            let host = socket.host.string
            let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
            text =
                (socket.transport.map { "\($0):" } ?? "") + bracketed + (socket.port.map { ":\($0)" } ?? "")
        } else {
            guard let given = string(argument) else { return nil }
            text = given.string
        }
        guard let socket = symbols.findSocket(text) else {
            error(
                "\(text) is no listening socket", at: argument.place,
                help: "write it as on its listen line, or use its name")
            return nil
        }
        return .setSocket(socket)
    }

    /// forward(), forward(host, port), forward(uri:host, uri:port).
    private func forward(_ transport: UInt32, _ call: Call) -> CoreCall? {
        var host: Slice?
        var port: UInt16?
        var isURI = false
        for (index, argument) in call.arguments.enumerated() {
            switch argument.kind {
            case .word(let word) where word == "uri:host" || word == "uri:port": isURI = true
            case .socket(let socket):
                host = storage.text(socket.host.bytes)
                if let number = socket.port { port = UInt16(truncatingIfNeeded: number) }
            default:
                if index == 0 {
                    guard let text = string(argument) else { return nil }
                    host = storage.text(text.bytes)
                } else {
                    guard let number = self.port(argument) else { return nil }
                    port = number
                }
            }
        }
        if isURI { return .forwardToURI(transport: transport, host: host, port: port) }
        return .forward(transport: transport, host: host ?? .absent, port: port ?? 0)
    }
}
