// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A function for scripts. The types in `Arg` are what the server checks, and what the closure gets; up to
/// six.
///
///     Function("seguard_check", in: .request, "Refuses a too short Session-Expires.",
///              Arg("least", Int.self, default: "0"), Arg("why", Text?.self)) { call, least, why in
///         ...
///         return .yes
///     }
///
/// One that waits says so, `suspends: true`, and returns what `call.wait` returns.
public struct Function: Declaration, @unchecked Sendable {
    private let box: Box
    private let name: StaticString
    private let place: UInt32
    private let help: StaticString
    private let fields: [mt_field]

    @usableFromInline init(
        _ name: StaticString, _ place: Where, _ suspends: Bool, _ help: StaticString, _ fields: [mt_field],
        _ body: @escaping @Sendable (borrowing Call) -> Outcome
    ) {
        box = Box(body)
        self.name = name
        self.place = place.rawValue | (suspends ? UInt32(MT_SUSPENDS) : 0)
        self.help = help
        self.fields = fields
    }

    public func declare(in tables: inout Tables) {
        tables.functions.append(
            mt_function(
                name: name.pointer, call: Box.enter, user: tables.keep(box), args: Tables.list(fields),
                where: place, reserved: 0, help: help.pointer))
    }
}

// One initialiser for each number of arguments: parameter packs cannot hold text that must not escape, and
// these are specialised in the plugin, down to loads from `call->args`.
extension Function {
    @inlinable public init(
        _ name: StaticString, in place: Where, suspends: Bool = false, _ help: StaticString,
        body: @escaping @Sendable (borrowing Call) -> Outcome
    ) {
        self.init(name, place, suspends, help, []) { body($0) }
    }

    @inlinable public init<A: Scriptable & ~Escapable>(
        _ name: StaticString, in place: Where, suspends: Bool = false, _ help: StaticString, _ a: Arg<A>,
        body: @escaping @Sendable (borrowing Call, A) -> Outcome
    ) {
        self.init(name, place, suspends, help, [a.field]) { body($0, A.read($0.args)) }
    }

    @inlinable public init<A: Scriptable & ~Escapable, B: Scriptable & ~Escapable>(
        _ name: StaticString, in place: Where, suspends: Bool = false, _ help: StaticString, _ a: Arg<A>,
        _ b: Arg<B>,
        body: @escaping @Sendable (borrowing Call, A, B) -> Outcome
    ) {
        self.init(name, place, suspends, help, [a.field, b.field]) {
            body($0, A.read($0.args), B.read($0.args + 1))
        }
    }

    @inlinable
    public init<A: Scriptable & ~Escapable, B: Scriptable & ~Escapable, C: Scriptable & ~Escapable>(
        _ name: StaticString, in place: Where, suspends: Bool = false, _ help: StaticString, _ a: Arg<A>,
        _ b: Arg<B>, _ c: Arg<C>,
        body: @escaping @Sendable (borrowing Call, A, B, C) -> Outcome
    ) {
        self.init(name, place, suspends, help, [a.field, b.field, c.field]) {
            body($0, A.read($0.args), B.read($0.args + 1), C.read($0.args + 2))
        }
    }

    @inlinable
    public init<
        A: Scriptable & ~Escapable, B: Scriptable & ~Escapable, C: Scriptable & ~Escapable,
        D: Scriptable & ~Escapable
    >(
        _ name: StaticString, in place: Where, suspends: Bool = false, _ help: StaticString, _ a: Arg<A>,
        _ b: Arg<B>, _ c: Arg<C>, _ d: Arg<D>,
        body: @escaping @Sendable (borrowing Call, A, B, C, D) -> Outcome
    ) {
        self.init(name, place, suspends, help, [a.field, b.field, c.field, d.field]) {
            body($0, A.read($0.args), B.read($0.args + 1), C.read($0.args + 2), D.read($0.args + 3))
        }
    }

    @inlinable
    public init<
        A: Scriptable & ~Escapable, B: Scriptable & ~Escapable, C: Scriptable & ~Escapable,
        D: Scriptable & ~Escapable, E: Scriptable & ~Escapable
    >(
        _ name: StaticString, in place: Where, suspends: Bool = false, _ help: StaticString, _ a: Arg<A>,
        _ b: Arg<B>, _ c: Arg<C>, _ d: Arg<D>, _ e: Arg<E>,
        body: @escaping @Sendable (borrowing Call, A, B, C, D, E) -> Outcome
    ) {
        self.init(name, place, suspends, help, [a.field, b.field, c.field, d.field, e.field]) {
            body(
                $0, A.read($0.args), B.read($0.args + 1), C.read($0.args + 2), D.read($0.args + 3),
                E.read($0.args + 4))
        }
    }

    @inlinable
    public init<
        A: Scriptable & ~Escapable, B: Scriptable & ~Escapable, C: Scriptable & ~Escapable,
        D: Scriptable & ~Escapable, E: Scriptable & ~Escapable, F: Scriptable & ~Escapable
    >(
        _ name: StaticString, in place: Where, suspends: Bool = false, _ help: StaticString, _ a: Arg<A>,
        _ b: Arg<B>, _ c: Arg<C>, _ d: Arg<D>, _ e: Arg<E>, _ f: Arg<F>,
        body: @escaping @Sendable (borrowing Call, A, B, C, D, E, F) -> Outcome
    ) {
        self.init(name, place, suspends, help, [a.field, b.field, c.field, d.field, e.field, f.field]) {
            body(
                $0, A.read($0.args), B.read($0.args + 1), C.read($0.args + 2), D.read($0.args + 3),
                E.read($0.args + 4), F.read($0.args + 5))
        }
    }
}

extension Call {
    @inlinable var args: UnsafePointer<mt_value> { raw.pointee.args }
}
