// SPDX-License-Identifier: Apache-2.0

import Message

/// One step of the machine: 16 bytes, followed from one to the next. What `operand` is depends on the code: a
/// number, or a pointer to a constant that lives as long as the program.
struct Instruction {
    var code: Code
    /// A small number of its own: a flag, a special operand, the position of an argument.
    var small: UInt8 = 0
    /// 1: this is negated, or this call is a statement and its value that of the last action.
    var mark: UInt16 = 0
    /// Where to go on, as an index into the code.
    var target: UInt32 = 0
    var operand: Int = 0

    /// The stack holds values; `answer` is what the last call came to, `result` what the last action is
    /// worth.
    enum Code: UInt8 {
        // Values
        case pushInteger, pushConstant, pushNull
        /// The answer: as it is, and as 1 or 0.
        case pushAnswer, pushTruth
        case pop
        case load, loadFormat, loadURI, loadNumber
        case store

        // Operators: they take their operands from the stack and leave what they come to.
        case add, subtract, multiply, divide, modulo
        case bitAnd, bitOr, bitXor, shiftLeft, shiftRight, complement, negate, not
        case less, greater, lessOrEqual, greaterOrEqual
        case equal, unequal, equalIntegers, unequalIntegers, equalTexts, unequalTexts
        case matches, matchesConstant, isDefined
        case toInteger, toText, length, isEmpty

        // Special operands, with `mark` negated.
        case methodIs, methodIsNamed, sameText, isMine, within, sameAddress

        // Ways
        case jump, jumpIfPositive, jumpUnlessPositive, jumpIfZero, jumpUnlessZero
        case jumpIfTrue, jumpUnlessTrue, jumpIfDefined, jumpUnlessDefined
        /// The label of a switch: compares the top of the stack and takes it away when it goes.
        case jumpIfInteger, jumpIfText, jumpIfMatch
        /// Counts a turn of a loop; the counter is on top of the stack.
        case turn
        case setResult

        // Calls
        case prepareCall, argument, call, route, routeByName
        case giveBackResult, giveBack, giveBackConstant, exit, exitWith, drop

        // Functions of the language itself
        case log, setFlag, resetFlag, isFlagSet, rewrite, rewriteNumber, removeBranch, clearBranches
        case setOption, setSocket, advertiseAddress, advertisePort, aliasConnection, forward, nothing
    }
}

/// Where forward() sends to.
struct ForwardTarget {
    let transport: UInt32
    let port: UInt32
    let host: Slice
    /// Take these from the R-URI instead.
    let hostFromURI: Bool
    let portFromURI: Bool
}
