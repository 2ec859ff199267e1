// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// An RPC command, "plugin.name" to its callers. It runs on the commands' own thread, without a message.
///
///     Command("list", "The tables and how full they are.", Arg("name", Text?.self)) { answer, name in
///         answer.put("tables", 1)
///         answer.structure("first") { answer in
///             answer.put("name", "calls")
///             answer.list("slots") { $0.put(17) }
///         }
///         return .yes
///     }
public struct Command: Declaration, @unchecked Sendable {
    private let box: Box
    private let name: StaticString
    private let help: StaticString
    private let fields: [mt_field]

    @usableFromInline init(
        _ name: StaticString, _ help: StaticString, _ fields: [mt_field],
        _ body: @escaping @Sendable (borrowing Call) -> Outcome
    ) {
        box = Box(body)
        self.name = name
        self.help = help
        self.fields = fields
    }

    public func declare(in tables: inout Tables) {
        tables.commands.append(
            mt_command(
                name: name.pointer, call: Box.enter, user: tables.keep(box), args: Tables.list(fields),
                help: help.pointer))
    }
}

extension Command {
    /// With any number of arguments: `answer.call.argument(i)` has them.
    public init(
        _ name: StaticString, _ help: StaticString, arguments: [mt_field],
        body: @escaping @Sendable (borrowing Answer) -> Outcome
    ) {
        self.init(name, help, arguments) { body(Answer($0)) }
    }

    @inlinable public init(
        _ name: StaticString, _ help: StaticString,
        body: @escaping @Sendable (borrowing Answer) -> Outcome
    ) {
        self.init(name, help, []) { body(Answer($0)) }
    }

    @inlinable public init<A: Scriptable & ~Escapable>(
        _ name: StaticString, _ help: StaticString, _ a: Arg<A>,
        body: @escaping @Sendable (borrowing Answer, A) -> Outcome
    ) {
        self.init(name, help, [a.field]) { body(Answer($0), A.read($0.args)) }
    }

    @inlinable public init<A: Scriptable & ~Escapable, B: Scriptable & ~Escapable>(
        _ name: StaticString, _ help: StaticString, _ a: Arg<A>, _ b: Arg<B>,
        body: @escaping @Sendable (borrowing Answer, A, B) -> Outcome
    ) {
        self.init(name, help, [a.field, b.field]) { body(Answer($0), A.read($0.args), B.read($0.args + 1)) }
    }

    @inlinable
    public init<A: Scriptable & ~Escapable, B: Scriptable & ~Escapable, C: Scriptable & ~Escapable>(
        _ name: StaticString, _ help: StaticString, _ a: Arg<A>, _ b: Arg<B>, _ c: Arg<C>,
        body: @escaping @Sendable (borrowing Answer, A, B, C) -> Outcome
    ) {
        self.init(name, help, [a.field, b.field, c.field]) {
            body(Answer($0), A.read($0.args), B.read($0.args + 1), C.read($0.args + 2))
        }
    }

    @inlinable
    public init<
        A: Scriptable & ~Escapable, B: Scriptable & ~Escapable, C: Scriptable & ~Escapable,
        D: Scriptable & ~Escapable
    >(
        _ name: StaticString, _ help: StaticString, _ a: Arg<A>, _ b: Arg<B>, _ c: Arg<C>, _ d: Arg<D>,
        body: @escaping @Sendable (borrowing Answer, A, B, C, D) -> Outcome
    ) {
        self.init(name, help, [a.field, b.field, c.field, d.field]) {
            body(Answer($0), A.read($0.args), B.read($0.args + 1), C.read($0.args + 2), D.read($0.args + 3))
        }
    }

    @inlinable
    public init<
        A: Scriptable & ~Escapable, B: Scriptable & ~Escapable, C: Scriptable & ~Escapable,
        D: Scriptable & ~Escapable, E: Scriptable & ~Escapable
    >(
        _ name: StaticString, _ help: StaticString, _ a: Arg<A>, _ b: Arg<B>, _ c: Arg<C>, _ d: Arg<D>,
        _ e: Arg<E>,
        body: @escaping @Sendable (borrowing Answer, A, B, C, D, E) -> Outcome
    ) {
        self.init(name, help, [a.field, b.field, c.field, d.field, e.field]) {
            body(
                Answer($0), A.read($0.args), B.read($0.args + 1), C.read($0.args + 2), D.read($0.args + 3),
                E.read($0.args + 4))
        }
    }

    @inlinable
    public init<
        A: Scriptable & ~Escapable, B: Scriptable & ~Escapable, C: Scriptable & ~Escapable,
        D: Scriptable & ~Escapable, E: Scriptable & ~Escapable, F: Scriptable & ~Escapable
    >(
        _ name: StaticString, _ help: StaticString, _ a: Arg<A>, _ b: Arg<B>, _ c: Arg<C>, _ d: Arg<D>,
        _ e: Arg<E>, _ f: Arg<F>,
        body: @escaping @Sendable (borrowing Answer, A, B, C, D, E, F) -> Outcome
    ) {
        self.init(name, help, [a.field, b.field, c.field, d.field, e.field, f.field]) {
            body(
                Answer($0), A.read($0.args), B.read($0.args + 1), C.read($0.args + 2), D.read($0.args + 3),
                E.read($0.args + 4), F.read($0.args + 5))
        }
    }
}
