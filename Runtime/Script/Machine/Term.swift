// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// An expression whose names are resolved and whose types are known to fit.
struct Term {
    /// What a value is known to be before it is there. Variables are `any`.
    enum ValueType { case integer, text, any }

    indirect enum Kind {
        case integer(Int32)
        /// Of the program's storage.
        case text(Slice)
        case null
        /// A variable or a select.
        case variable(VariableReference)
        case unary(UnaryOperator, Term)
        case binary(BinaryOperator, Term, Term)
        case matches(Term, Pattern)
        case length(Term)
        case isEmpty(Term)
        case choice(Term, yes: Term, no: Term)
        case call(CheckedCall)
        case route(RouteTarget)
        case assign(VariableReference, Term)
        // The special operands; `isNegated` is `!=`.
        case uri
        case number(SpecialNumber)
        case method(MethodTest, isNegated: Bool)
        /// Regardless of letter case.
        case sameText(Term, Term, isNegated: Bool)
        case isMine(SpecialPlace, isNegated: Bool)
        case within(SpecialPlace, UnsafePointer<AddressRange>, isNegated: Bool)
        case sameAddress(SpecialPlace, Term, isNegated: Bool)
    }

    var kind: Kind
    var type: ValueType
    var place: Place

    init(_ kind: Kind, _ type: ValueType, at place: Place) {
        self.kind = kind
        self.type = type
        self.place = place
    }

    /// The number that this is always worth.
    var constant: Int32? {
        if case .integer(let number) = kind { return number }
        return nil
    }
}

enum MethodTest {
    case known(Method)
    case named(Slice)
}

/// Numbers that only special operands name.
enum SpecialNumber: UInt8 {
    case sourcePort, destinationPort, family, length, transport
    case sentPort, sentFamily, sentTransport, targetPort, targetFamily, targetTransport
}

/// What `myself` and ranges of addresses are compared with.
enum SpecialPlace: UInt8 {
    case uri, from, to
    case source, destination, sent, target
}

/// Addresses that agree in the bits of the mask; IPv4 as its IPv6 form. In the order of memory, not of
/// numbers.
struct AddressRange {
    let address: (UInt64, UInt64)
    let mask: (UInt64, UInt64)
}

enum RouteTarget {
    case number(UInt32)
    case named(Term)
}

enum CheckedCall {
    case plugin(ScriptFunction, [CheckedArgument], Place)
    case core(CoreCall, Place)
}

enum CheckedArgument {
    case constant(mt_value)
    case computed(Computation, ScriptArgument)

    enum Computation {
        case term(Term)
        case format(Format)
    }
}

/// A function of the language itself, with its arguments as the machine wants them.
enum CoreCall {
    case setFlag(UInt8)
    case resetFlag(UInt8)
    case isFlagSet(UInt8)
    case log(level: Int32, Slice)
    case rewrite(Rewrite, Slice)
    case rewriteNumber(Rewrite, Int32)
    case removeBranch(Int32)
    case clearBranches
    case setOption(UInt32)
    case setSocket(UInt32)
    case advertiseAddress(Slice)
    case advertisePort(UInt16)
    /// 0: the port of the top Via.
    case aliasConnection(UInt16)
    case forward(transport: UInt32, host: Slice, port: UInt16)
    /// To the host and the port that the R-URI has now.
    case forwardToURI(transport: UInt32, host: Slice?, port: UInt16?)
    /// It does nothing here, and has been said to.
    case nothing
}

enum Rewrite: UInt8 {
    case uri, host, hostPort, hostPortTransport, user, userPassword, port, prefix, strip, stripTail
    case userPhone, revert
}

/// A statement, resolved.
struct Step {
    indirect enum Kind {
        case action(Term)
        case assign(VariableReference, Term)
        case when(Term, then: [Step], otherwise: [Step]?)
        case loop(Term, [Step])
        case choose(Term, [CheckedCase])
        case leave
        case giveBack(Term?)
        case exit(Term?)
        case drop(Term?)
    }

    var kind: Kind
    var place: Place
}

struct CheckedCase {
    enum Label {
        case integer(Int32)
        case text(Slice)
        case pattern(Pattern)
        case otherwise
    }

    var label: Label
    var body: [Step]
    var place: Place
}

/// A script without errors.
public final class CheckedScript {
    struct Route {
        let kind: UInt32
        let name: String
        let place: Place
        let body: [Step]
    }

    let routes: [Route]
    let storage: CodeStorage
    let maxRecursiveLevel: Int
    let maxWhileLoops: Int

    init(routes: [Route], storage: CodeStorage, maxRecursiveLevel: Int, maxWhileLoops: Int) {
        self.routes = routes
        self.storage = storage
        self.maxRecursiveLevel = maxRecursiveLevel
        self.maxWhileLoops = maxWhileLoops
    }
}
