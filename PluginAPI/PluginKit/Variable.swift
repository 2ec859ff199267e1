// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// $name, $name(key), $name(key)[index] in scripts. The closure gives the value with `call.answer`.
///
///     Variable("seen", "How often this key was seen.") { call, key in
///         guard let count = table[key.name] else { return call.answerNull() }
///         return call.answer(count)
///     } set: { call, key, value in
///         table[key.name] = value.int
///         return .yes
///     }
public struct Variable: Declaration, Sendable {
    /// What stands in the parentheses and in the brackets.
    @frozen public struct Key: ~Escapable, BitwiseCopyable {
        @usableFromInline let args: UnsafePointer<mt_value>
        @usableFromInline let count: UInt32

        @inlinable @_lifetime(borrow call) init(_ call: borrowing Call) {
            args = call.args
            count = call.raw.pointee.argc
        }

        /// The key; absent for a bare $name.
        @inlinable public var name: Text {
            @_lifetime(copy self) get {
                _overrideLifetime(Text(unchecked: count > 0 ? args[0].str : mt_str()), copying: self)
            }
        }
        /// The index, when one was written: negative ones count from the end.
        @inlinable public var index: Int? {
            count > 1 && args[1].type == UInt32(MT_INT) ? Int(args[1].num) : nil
        }
        /// What a `prepare` made of a constant key.
        @inlinable public func prepared<Object: AnyObject>(as type: Object.Type) -> Object? {
            (count > 0 ? args[0].ptr : nil).map {
                Unmanaged<Object>.fromOpaque($0)._withUnsafeGuaranteedRef { $0 }
            }
        }
        /// The key as it came, when it may be something else than text.
        @inlinable public var value: Value {
            @_lifetime(copy self) get {
                _overrideLifetime(Value(unchecked: count > 0 ? args[0] : mt_value()), copying: self)
            }
        }
    }

    private let name: StaticString
    private let help: StaticString
    private let box: VariableBox
    private let prepare: mt_fn?

    /// - Parameters:
    ///   - keys: those that there are, `""` being none; a configuration with another one is refused. nil: any.
    ///   - prepare: looks at each constant key while the file is read, see `Prepared.make`.
    public init(
        _ name: StaticString, _ help: StaticString, keys: [String]? = nil, prepare: mt_fn? = nil,
        get: @escaping @Sendable (borrowing Call, Key) -> Outcome,
        set: (@Sendable (borrowing Call, Key, Value) -> Outcome)? = nil
    ) {
        self.name = name
        self.help = help
        self.prepare = keys == nil ? prepare : VariableBox.check
        box = VariableBox(keys ?? [], get, set)
    }

    public func declare(in tables: inout Tables) {
        tables.variables.append(
            mt_variable(
                name: name.pointer, get: VariableBox.get, set: box.isReadOnly ? nil : VariableBox.set,
                user: tables.keep(box), help: help.pointer, prepare: prepare))
    }
}

/// Both closures of a variable: `user` is the same for get and set.
private final class VariableBox: Sendable {
    typealias Get = @Sendable (borrowing Call, Variable.Key) -> Outcome
    typealias Set = @Sendable (borrowing Call, Variable.Key, Value) -> Outcome

    let keys: [String]
    let read: Get
    let write: Set
    let isReadOnly: Bool

    init(_ keys: [String], _ read: @escaping Get, _ write: Set?) {
        self.keys = keys
        self.read = read
        self.write = write ?? { _, _, _ in .no }
        isReadOnly = write == nil
    }

    static let check: mt_fn = { raw in
        let raw = raw.unsafelyUnwrapped
        let key = String(Text(unchecked: raw.pointee.args[0].str))
        let keys = Unmanaged<VariableBox>.fromOpaque(raw.pointee.user.unsafelyUnwrapped)
            ._withUnsafeGuaranteedRef { $0.keys }
        if keys.contains(key) { return Outcome.yes.code }
        let known = keys.filter { !$0.isEmpty }.joined(separator: ", ")
        return Host.fail(
            key.isEmpty ? "it needs a name in parentheses" : "there is no \"\(key)\"",
            help: known.isEmpty ? "it takes nothing in parentheses" : "there are: \(known)"
        ).code
    }

    static let get: mt_fn = { raw in
        let raw = raw.unsafelyUnwrapped
        return Unmanaged<VariableBox>.fromOpaque(raw.pointee.user.unsafelyUnwrapped)._withUnsafeGuaranteedRef
        {
            let call = Call(raw)
            return $0.read(call, Variable.Key(call)).code
        }
    }

    static let set: mt_fn = { raw in
        let raw = raw.unsafelyUnwrapped
        return Unmanaged<VariableBox>.fromOpaque(raw.pointee.user.unsafelyUnwrapped)._withUnsafeGuaranteedRef
        {
            let call = Call(raw)
            return $0.write(call, Variable.Key(call), Value(unchecked: raw.pointee.args[2])).code
        }
    }
}
