// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension Compiler {
    /// Calls a function or a route. What it came to is the machine's answer then.
    func invoke(_ term: Term, isStatement: Bool) {
        switch term.kind {
        case .route(.number(let number)): emit(.route, mark: isStatement, operand: Int(number))
        case .route(.named(let name)):
            value(name)
            emit(.routeByName, mark: isStatement, effect: -1)
        case .call(.core(let call, let place)):
            at(place)
            core(call, isStatement)
        case .call(.plugin(let function, let arguments, let place)):
            at(place)
            plugin(function, arguments, place, isStatement)
        default: break
        }
    }

    private func plugin(
        _ function: ScriptFunction, _ arguments: [CheckedArgument], _ place: Place, _ isStatement: Bool
    ) {
        var values: [mt_value] = []
        var isComputed = false
        for argument in arguments {
            switch argument {
            case .constant(let value): values.append(value)
            case .computed:
                values.append(mt_value())
                isComputed = true
            }
        }
        let specifications = function.arguments.map {
            ArgumentSpecification(
                name: cString($0.name), type: $0.type, block: $0.block, isRequired: !$0.isOptional,
                hasRange: $0.range != nil, least: $0.range?.lowerBound ?? 0, most: $0.range?.upperBound ?? 0)
        }
        let site = pointer(
            CallSite(
                plugin: cString(function.plugin), function: cString(function.name), file: fileName(place),
                line: UInt32(place.line), place: placeNumber, call: function.call, user: function.user,
                host: function.host, arguments: storage.place(values).baseAddress,
                specifications: storage.place(specifications).baseAddress, count: UInt32(values.count),
                isComputed: isComputed, suspends: function.suspends))
        if isComputed {
            emit(.prepareCall, pointer: site)
            for (index, argument) in arguments.enumerated() {
                guard case .computed(let computation, _) = argument else { continue }
                switch computation {
                case .term(let term): value(term)
                case .format(let format): emit(.loadFormat, pointer: format.opaque, effect: 1)
                }
                emit(.argument, small: UInt8(index), pointer: site, effect: -1)
            }
        }
        emit(.call, mark: isStatement, pointer: site)
    }

    private func core(_ call: CoreCall, _ isStatement: Bool) {
        switch call {
        case .setFlag(let flag): emit(.setFlag, small: flag, mark: isStatement)
        case .resetFlag(let flag): emit(.resetFlag, small: flag, mark: isStatement)
        case .isFlagSet(let flag): emit(.isFlagSet, small: flag, mark: isStatement)
        case .log(let level, let text):
            emit(.log, small: UInt8(level), mark: isStatement, pointer: pointer(text))
        case .rewrite(let rewrite, let text):
            emit(.rewrite, small: rewrite.rawValue, mark: isStatement, pointer: pointer(text))
        case .rewriteNumber(let rewrite, let number):
            emit(.rewriteNumber, small: rewrite.rawValue, mark: isStatement, operand: Int(number))
        case .removeBranch(let index): emit(.removeBranch, mark: isStatement, operand: Int(index))
        case .clearBranches: emit(.clearBranches, mark: isStatement)
        case .setOption(let option): emit(.setOption, mark: isStatement, operand: Int(option))
        case .setSocket(let socket): emit(.setSocket, mark: isStatement, operand: Int(socket))
        case .advertiseAddress(let text): emit(.advertiseAddress, mark: isStatement, pointer: pointer(text))
        case .advertisePort(let port): emit(.advertisePort, mark: isStatement, operand: Int(port))
        case .aliasConnection(let port): emit(.aliasConnection, mark: isStatement, operand: Int(port))
        case .forward(let transport, let host, let port):
            emit(
                .forward, mark: isStatement,
                pointer: pointer(
                    ForwardTarget(
                        transport: transport, port: UInt32(port), host: host, hostFromURI: false,
                        portFromURI: false)))
        case .forwardToURI(let transport, let host, let port):
            emit(
                .forward, mark: isStatement,
                pointer: pointer(
                    ForwardTarget(
                        transport: transport, port: UInt32(port ?? 0), host: host ?? .absent,
                        hostFromURI: host == nil, portFromURI: port == nil)))
        case .nothing: emit(.nothing, mark: isStatement)
        }
    }
}
