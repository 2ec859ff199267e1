// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension UnsafeMutablePointer where Pointee == MachineState {
    /// The loop. It allocates nothing and counts no references; all it holds is in the machine or in its
    /// locals.
    func interpret() -> Machine.Run {
        let code = pointee.code
        let context = self.context
        let message = pointee.context.message
        var position = pointee.position
        var top = pointee.stack + pointee.top
        readClock()

        /// The number on top.
        @inline(__always) func number(_ below: Int = 1) -> Int32 {
            let value = top - below
            return Int32(
                truncatingIfNeeded: value.pointee.kind == .number
                    ? value.pointee.number : value.pointee.asNumber)
        }
        @inline(__always) func push(_ value: ScriptValue) {
            top.initialize(to: value)
            top += 1
        }
        @inline(__always) func replace(_ count: Int, by number: Int32) {
            top -= count
            push(ScriptValue(Int64(number)))
        }
        @inline(__always) func replace(_ count: Int, by isTrue: Bool) { replace(count, by: isTrue ? 1 : 0) }
        /// The answer of a function of the language.
        @inline(__always) func answer(_ value: Int32, _ instruction: Instruction) {
            pointee.answer = value
            if instruction.mark != 0 { pointee.result = value }
        }
        /// The expression cannot be computed: on with what its statement does then.
        @inline(__always) func fail() {
            let recovery = recovery(at: position - 1)
            position = recovery.position
            top = pointee.stack + recovery.top
        }
        /// Back to the block that called this one, unless there is none.
        @inline(__always) func giveBack(_ value: Int32) -> Bool {
            guard pointee.depth > 0 else { return false }
            pointee.depth -= 1
            let frame = pointee.frames[Int(pointee.depth)]
            top = pointee.stack + pointee.base
            pointee.base = Int(frame.base)
            position = Int(frame.position)
            pointee.answer = value
            pointee.context.rc = value
            pointee.result = frame.isStatement ? value : 1
            return true
        }
        @inline(__always) func enter(_ route: Int, _ isStatement: Bool) {
            let entry = pointee.entries[route - 1]
            if pointee.depth == pointee.frameCapacity { makeFrames() }
            pointee.frames[Int(pointee.depth)] = MachineState.Frame(
                position: UInt32(position), base: UInt32(pointee.base), isStatement: isStatement)
            pointee.depth += 1
            pointee.top = top - pointee.stack
            pointee.base = pointee.top
            if pointee.top + Int(entry.depth) > pointee.capacity {
                makeRoom(Int(entry.depth))
                top = pointee.stack + pointee.top
            }
            pointee.result = 1
            position = Int(entry.entry)
        }

        while true {
            let instruction = code[position]
            context.pointee.place = UInt32(truncatingIfNeeded: position)
            position += 1
            switch instruction.code {
            // MARK: Values
            case .pushInteger: push(ScriptValue(Int64(instruction.operand)))
            case .pushConstant: push(instruction.constant(ScriptValue.self))
            case .pushNull: push(.null)
            case .pushAnswer: push(ScriptValue(Int64(pointee.answer)))
            case .pushTruth: push(ScriptValue(pointee.answer > 0 ? 1 : 0))
            case .pop: top -= 1
            case .load: push(VariableReference(opaque: instruction.pointer).read(context))
            case .loadFormat: push(Format(opaque: instruction.pointer).value(context))
            case .loadURI: push(ScriptValue(SpecialOperand.uri(message)))
            case .loadNumber:
                push(ScriptValue(SpecialOperand.number(instruction.specialNumber, context)))
            case .store:
                top -= 1
                let isFine = VariableReference(opaque: instruction.pointer).write(top.pointee, context)
                pointee.result = isFine ? 1 : -1

            // MARK: Operators
            case .add:
                let sum = MachineOperators.sum((top - 2).pointee, (top - 1).pointee, message)
                top -= 2
                push(sum)
            case .subtract: replace(2, by: number(2) &- number())
            case .multiply: replace(2, by: number(2) &* number())
            case .divide, .modulo:
                let divisor = number()
                guard divisor != 0 else {
                    log(Int(MT_LOG_ERROR), "division by 0")
                    fail()
                    continue
                }
                let dividend = number(2)
                let isQuotient = instruction.code == .divide
                replace(
                    2,
                    by: isQuotient
                        ? dividend.wrappingDivided(by: divisor) : divisor == -1 ? 0 : dividend % divisor)
            case .bitAnd: replace(2, by: number(2) & number())
            case .bitOr: replace(2, by: number(2) | number())
            case .bitXor: replace(2, by: number(2) ^ number())
            case .shiftLeft: replace(2, by: number(2) &<< number())
            case .shiftRight: replace(2, by: number(2) &>> number())
            case .complement: replace(1, by: ~number())
            case .negate: replace(1, by: 0 &- number())
            case .not: replace(1, by: number() == 0)
            case .less: replace(2, by: number(2) < number())
            case .greater: replace(2, by: number(2) > number())
            case .lessOrEqual: replace(2, by: number(2) <= number())
            case .greaterOrEqual: replace(2, by: number(2) >= number())
            case .equal:
                replace(2, by: MachineOperators.areEqual((top - 2).pointee, (top - 1).pointee, message))
            case .unequal:
                replace(2, by: !MachineOperators.areEqual((top - 2).pointee, (top - 1).pointee, message))
            case .equalIntegers: replace(2, by: number(2) == number())
            case .unequalIntegers: replace(2, by: number(2) != number())
            case .equalTexts, .unequalTexts:
                let isEqual = (top - 2).pointee.asText(message) == (top - 1).pointee.asText(message)
                replace(2, by: isEqual == (instruction.code == .equalTexts))
            case .matches:
                let pattern = (top - 1).pointee.asText(message)
                let text = (top - 2).pointee.asText(message)
                guard let isMatch = context.pointee.values.pointee.matches(text, pattern: pattern) else {
                    log(Int(MT_LOG_ERROR), "\"\(pattern.string)\" is not a regular expression")
                    fail()
                    continue
                }
                replace(2, by: isMatch)
            case .matchesConstant:
                replace(
                    1, by: Pattern(opaque: instruction.pointer).matches((top - 1).pointee.asText(message)))
            case .isDefined: replace(1, by: !(top - 1).pointee.isNull)
            case .toInteger: replace(1, by: number())
            case .toText:
                let text = (top - 1).pointee.asText(message)
                top -= 1
                push(ScriptValue(text))
            case .length: replace(1, by: Int32(truncatingIfNeeded: (top - 1).pointee.asText(message).count))
            case .isEmpty: replace(1, by: (top - 1).pointee.asText(message).isEmpty)

            // MARK: Special operands
            case .methodIs:
                push(
                    ScriptValue(
                        (message.method.rawValue == instruction.small) != instruction.isMarked ? 1 : 0))
            case .methodIsNamed:
                let isEqual = message.methodText.equalsIgnoringCase(instruction.constant(Slice.self))
                push(ScriptValue(isEqual != instruction.isMarked ? 1 : 0))
            case .sameText:
                let text = (top - 2).pointee
                let isEqual =
                    !text.isNull && text.asText(message).equalsIgnoringCase((top - 1).pointee.asText(message))
                replace(2, by: isEqual != instruction.isMarked)
            case .isMine:
                let isMine = SpecialOperand.isMine(instruction.specialPlace, context)
                push(ScriptValue(isMine != instruction.isMarked ? 1 : 0))
            case .within:
                let words = SpecialOperand.address(instruction.specialPlace, context)
                let isWithin = instruction.constant(AddressRange.self).contains(words)
                push(ScriptValue(isWithin != instruction.isMarked ? 1 : 0))
            case .sameAddress:
                let text = (top - 1).pointee.asText(message)
                let isEqual = SpecialOperand.isAddress(instruction.specialPlace, text, context)
                replace(1, by: isEqual != instruction.isMarked)

            // MARK: Ways
            case .jump: position = Int(instruction.target)
            case .jumpIfPositive:
                top -= 1
                if number(0) > 0 { position = Int(instruction.target) }
            case .jumpUnlessPositive:
                top -= 1
                if number(0) <= 0 { position = Int(instruction.target) }
            case .jumpIfZero:
                top -= 1
                if number(0) == 0 { position = Int(instruction.target) }
            case .jumpUnlessZero:
                top -= 1
                if number(0) != 0 { position = Int(instruction.target) }
            case .jumpIfTrue: if pointee.answer > 0 { position = Int(instruction.target) }
            case .jumpUnlessTrue: if pointee.answer <= 0 { position = Int(instruction.target) }
            case .jumpIfDefined:
                top -= 1
                if !top.pointee.isNull { position = Int(instruction.target) }
            case .jumpUnlessDefined:
                top -= 1
                if top.pointee.isNull { position = Int(instruction.target) }
            case .jumpIfInteger:
                if Int(number()) == instruction.operand {
                    top -= 1
                    position = Int(instruction.target)
                }
            case .jumpIfText:
                if (top - 1).pointee.asText(message) == instruction.constant(Slice.self) {
                    top -= 1
                    position = Int(instruction.target)
                }
            case .jumpIfMatch:
                if Pattern(opaque: instruction.pointer).matches((top - 1).pointee.asText(message)) {
                    top -= 1
                    position = Int(instruction.target)
                }
            case .turn:
                let turns = (top - 1).pointee.number + 1
                if turns > pointee.maxTurns, pointee.maxTurns > 0 {
                    log(Int(MT_LOG_ERROR), "runaway while: more than \(pointee.maxTurns) loops")
                    pointee.result = -1
                    position = Int(instruction.target)
                } else {
                    (top - 1).initialize(to: ScriptValue(turns))
                }
            case .setResult: pointee.result = Int32(truncatingIfNeeded: instruction.operand)

            // MARK: Calls
            case .prepareCall:
                let site = instruction.constantPointer(CallSite.self)
                if let arguments = site.pointee.arguments {
                    pointee.arguments.update(from: arguments, count: Int(site.pointee.count))
                }
            case .argument:
                top -= 1
                let site = instruction.constantPointer(CallSite.self)
                guard convert(top.pointee, Int(instruction.small), site) else {
                    fail()
                    continue
                }
            case .call:
                let site = instruction.constantPointer(CallSite.self)
                pointee.site = site
                pointee.call.host = site.pointee.host
                pointee.call.user = site.pointee.user
                pointee.call.args =
                    site.pointee.isComputed ? UnsafePointer(pointee.arguments) : site.pointee.arguments
                pointee.call.argc = site.pointee.count
                let call = UnsafeMutableRawPointer(self).assumingMemoryBound(to: mt_call.self)
                var value = called { site.pointee.call?(call) ?? mt_result(MT_ERROR) }
                if value == mt_result(MT_SUSPEND) {
                    if pointee.isHeld {
                        pointee.isStatement = instruction.isMarked
                        pointee.position = position
                        pointee.top = top - pointee.stack
                        return stop(.function)
                    }
                    complainOfSuspension()
                    value = mt_result(MT_ERROR)
                }
                if pointee.isHeld { letGo() }
                pointee.context.rc = value
                answer(value, instruction)
                if value == 0 { return .ended(value: 0, isDropped: false) }
            case .route, .routeByName:
                var route = instruction.operand
                if instruction.code == .routeByName {
                    top -= 1
                    let name = top.pointee.asText(message)
                    route = Int(self.route(UInt32(MT_IN_REQUEST), named: name))
                    if route == 0 {
                        log(Int(MT_LOG_ERROR), "there is no route[\(name.string)]")
                        pointee.context.rc = -10
                        answer(-10, instruction)
                        continue
                    }
                }
                // The block that the server runs counts as the first.
                guard pointee.depth + 1 < pointee.maxDepth else {
                    log(Int(MT_LOG_ERROR), "routes call each other more than \(pointee.maxDepth) deep")
                    pointee.context.rc = -1
                    answer(-1, instruction)
                    continue
                }
                enter(route, instruction.isMarked)
            case .giveBackResult:
                let value = pointee.result
                if !giveBack(value) { return .ended(value: value, isDropped: false) }
            case .giveBack:
                top -= 1
                let value = number(0)
                if value == 0 { return .ended(value: 0, isDropped: false) }
                if !giveBack(value) { return .ended(value: value, isDropped: false) }
            case .giveBackConstant:
                let value = Int32(truncatingIfNeeded: instruction.operand)
                if !giveBack(value) { return .ended(value: value, isDropped: false) }
            case .exit: return .ended(value: 0, isDropped: false)
            case .exitWith: return .ended(value: number(), isDropped: false)
            case .drop: return .ended(value: 0, isDropped: true)

            // MARK: Functions of the language
            case .setFlag:
                message.flags |= 1 << UInt64(instruction.small & 63)
                answer(1, instruction)
            case .resetFlag:
                message.flags &= ~(1 << UInt64(instruction.small & 63))
                answer(1, instruction)
            case .isFlagSet:
                answer(message.flags & (1 << UInt64(instruction.small & 63)) != 0 ? 1 : -1, instruction)
            case .setOption:
                message.options |= UInt32(truncatingIfNeeded: instruction.operand)
                answer(1, instruction)
            case .setSocket:
                message.outSocket = UInt32(truncatingIfNeeded: instruction.operand)
                answer(1, instruction)
            case .forward:
                let value = forward(instruction.constant(ForwardTarget.self))
                if value == mt_result(MT_SUSPEND), pointee.isHeld {
                    pointee.isStatement = instruction.isMarked
                    pointee.position = position
                    pointee.top = top - pointee.stack
                    return stop(.core)
                }
                if pointee.isHeld { letGo() }
                answer(value >= 0 ? 1 : value == mt_result(MT_SUSPEND) ? -1 : value, instruction)
            case .log, .rewrite, .rewriteNumber, .removeBranch, .clearBranches, .advertiseAddress,
                .advertisePort, .aliasConnection:
                answer(core(instruction), instruction)
            case .nothing: answer(1, instruction)
            }
        }
    }
}

extension Instruction {
    @inline(__always) var isMarked: Bool { mark != 0 }

    @inline(__always) var pointer: UnsafeRawPointer {
        UnsafeRawPointer(bitPattern: operand).unsafelyUnwrapped
    }

    @inline(__always) func constantPointer<Value>(_ type: Value.Type) -> UnsafePointer<Value> {
        pointer.assumingMemoryBound(to: type)
    }

    @inline(__always) func constant<Value>(_ type: Value.Type) -> Value {
        constantPointer(type).pointee
    }

    // The compiler put the raw value of a case there.
    @inline(__always) var specialNumber: SpecialNumber { SpecialNumber(rawValue: small) ?? .length }
    @inline(__always) var specialPlace: SpecialPlace { SpecialPlace(rawValue: small) ?? .uri }
}
