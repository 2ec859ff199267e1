// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// The functions of the language itself that are not quick enough to write to be in the loop.
extension UnsafeMutablePointer where Pointee == MachineState {
    @inline(never)
    func core(_ instruction: Instruction) -> Int32 {
        let message = pointee.context.message
        switch instruction.code {
        case .log:
            // Its text is all there is to say: no place in front.
            pointee.context.place = .max
            let context = UnsafeMutableRawPointer(context)
            pointee.context.services.pointee.log(
                context, Int32(instruction.small), instruction.constant(Slice.self).mt)
            return 1
        case .rewrite: return rewrite(message, instruction.rewrite, instruction.constant(Slice.self))
        case .rewriteNumber: return rewrite(message, instruction.rewrite, instruction.operand)
        case .clearBranches:
            message.clearTargets()
            return 1
        case .removeBranch: return removeBranch(message, instruction.operand)
        case .advertiseAddress: return advertise(instruction.constant(Slice.self), 0)
        case .advertisePort: return advertise(.absent, UInt32(instruction.operand))
        case .aliasConnection:
            let context = UnsafeMutableRawPointer(context)
            return pointee.context.services.pointee.alias(context, UInt32(instruction.operand)) > 0 ? 1 : -1
        default: return -1
        }
    }

    private func rewrite(_ message: Message, _ rewrite: Rewrite, _ text: Slice) -> Int32 {
        switch rewrite {
        case .uri: RequestURIEditing.setURI(message, text)
        case .host: RequestURIEditing.setHost(message, text)
        case .hostPort: RequestURIEditing.setHostPort(message, text)
        case .hostPortTransport: RequestURIEditing.setHostPortTransport(message, text)
        case .user: RequestURIEditing.setUser(message, text)
        case .userPassword: RequestURIEditing.setUserPassword(message, text)
        case .port: RequestURIEditing.setPort(message, text)
        case .prefix: RequestURIEditing.prefix(message, text)
        case .strip, .stripTail, .userPhone, .revert: -1
        }
    }

    private func rewrite(_ message: Message, _ rewrite: Rewrite, _ number: Int) -> Int32 {
        switch rewrite {
        case .strip: RequestURIEditing.strip(message, number)
        case .stripTail: RequestURIEditing.stripTail(message, number)
        case .userPhone: RequestURIEditing.userPhone(message)
        case .revert: RequestURIEditing.revert(message)
        case .uri, .host, .hostPort, .hostPortTransport, .user, .userPassword, .port, .prefix: -1
        }
    }

    private func removeBranch(_ message: Message, _ index: Int) -> Int32 {
        let count = message.targetCount
        guard index < count else { return -1 }
        return withUnsafeTemporaryAllocation(of: mt_target.self, capacity: count) { targets in
            for position in 0..<count {
                targets.initializeElement(at: position, to: message.target(position)?.pointee ?? mt_target())
            }
            message.clearTargets()
            for position in 0..<count where position != index { message.addTarget(targets[position]) }
            return 1
        }
    }

    private func advertise(_ host: Slice, _ port: UInt32) -> Int32 {
        let context = UnsafeMutableRawPointer(context)
        return pointee.context.services.pointee.advertise(context, host.mt, port) > 0 ? 1 : -1
    }

    /// Statelessly on, to where the script or the message says.
    func forward(_ target: ForwardTarget) -> mt_result {
        var host = target.host
        var port = target.port
        if target.hostFromURI || target.portFromURI {
            guard let uri = pointee.context.message.requestURI else {
                log(Int(MT_LOG_ERROR), "forward: the Request-URI cannot be read")
                return -1
            }
            if target.hostFromURI { host = uri.host }
            if target.portFromURI { port = UInt32(uri.port) }
        }
        let context = UnsafeMutableRawPointer(context)
        return pointee.context.services.pointee.forward(context, target.transport, host.mt, port)
    }
}

extension Instruction {
    // The compiler put the raw value of a case there.
    fileprivate var rewrite: Rewrite { Rewrite(rawValue: small) ?? .revert }
}
