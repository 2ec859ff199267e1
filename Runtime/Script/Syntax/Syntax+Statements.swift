// SPDX-License-Identifier: Apache-2.0

/// Statements that run one after the other: the body of a route, of an `if`, of a case.
public struct Block: Sendable {
    public var statements: [Statement] = []
    public var place: Place
    /// The closing brace, or the end of the only statement.
    public var end: Place
}

/// One step of a script.
public struct Statement: Sendable {
    public indirect enum Kind: Sendable {
        /// A call, of a plugin's function, of a core function, or of a route.
        case call(Expression)
        /// The target is a `variable` or an `attribute`.
        case assign(target: Expression, value: Expression)
        case when(Expression, then: Block, otherwise: Block?)
        case loop(while: Expression, Block)
        case choose(Expression, [Case])
        case leave
        case giveBack(Expression?)
        case exit(Expression?)
        case drop(Expression?)
    }

    public var kind: Kind
    /// The word it begins with; the whole of an assignment's target.
    public var place: Place
}

/// `case X:` with what follows it up to the next label. An empty body is a stacked label. Bodies fall
/// through.
public struct Case: Sendable {
    public enum Label: Sendable {
        case value(Expression)
        /// `case /"^sip:"`, an extended regular expression, compared without regard to case.
        case pattern(Placed<Text>)
        case otherwise
    }

    public var label: Label
    public var body: Block
    public var place: Place
}
