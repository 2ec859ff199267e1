// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// An argument of a function or a command.
///
///     Arg("least", Int.self, default: "0")       // may be left out: then it is 0
///     Arg("reason", Text?.self)                  // may be left out: then it is nil
///     Arg("target", Expression.self)             // $var(x), to be read or written: call.read(target)
///     Arg("route", Route.self, where: .failure)  // the name is checked while the file is read
///     Arg("pattern", Text.self, is: .verbatim, prepare: { Prepared.make($0) { Substitution($0) } })
public struct Arg<Value: Scriptable & ~Escapable> {
    @frozen public struct Options: OptionSet, Sendable {
        public let rawValue: UInt32
        @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// A $ in it is a $, as in a regular expression.
        @inlinable public static var verbatim: Options { Options(rawValue: 1 << 5) }
    }

    /// As the server gets it.
    public let field: mt_field

    public init(
        _ name: StaticString, _ type: Value.Type, default fallback: StaticString? = nil,
        in range: ClosedRange<Int>? = nil, is options: Options = [], where place: Where = [],
        prepare: mt_fn? = nil, _ help: StaticString = ""
    ) {
        let mayBeMissing = fallback != nil || Value.isOptional
        field = mt_field(
            name: name.pointer, type: Value.type,
            flags: options.rawValue | (mayBeMissing ? UInt32(MT_OPTIONAL) : 0),
            where: place.rawValue, reserved: 0, min: Int64(range?.lowerBound ?? 0),
            max: Int64(range?.upperBound ?? 0), fallback: fallback?.pointer, help: help.pointer,
            prepare: prepare)
    }
}

/// An argument or parameter of type text that is made into an object once, when the file is read.
///
///     final class Substitution: Sendable { init?(_ text: Text) { ... } }
///
///     Function("subst", in: .any, "Replaces.",
///              Arg("expression", Prepared<Substitution>.self, is: .verbatim,
///                  prepare: { Prepared.make($0) { Substitution($0) } })) { call, expression in
///         if let fixed = expression.object { ... }  // was a constant
///         else { Substitution(expression.text) ... }  // had $variables in it
///     }
///
/// When the closure gives nil the configuration is refused; say why with `Host.fail` before.
@frozen public struct Prepared<Object: AnyObject>: Scriptable, ~Escapable {
    public let text: Text
    @usableFromInline let pointer: UnsafeMutableRawPointer?

    @inlinable @_lifetime(immortal) init(_ value: UnsafePointer<mt_value>) {
        text = Text(unchecked: value.pointee.str)
        pointer = value.pointee.ptr
    }

    @inlinable public static var type: UInt32 { UInt32(MT_STR) }
    @inlinable @_lifetime(immortal)
    public static func read(_ value: UnsafePointer<mt_value>) -> Prepared { Prepared(value) }

    /// The object; it lives as long as the process.
    @inlinable public var object: Object? {
        pointer.map { Unmanaged<Object>.fromOpaque($0)._withUnsafeGuaranteedRef { $0 } }
    }

    /// The body of a `prepare`.
    public static func make(_ raw: UnsafeMutablePointer<mt_call>?, _ make: (Text) -> Object?) -> mt_result {
        guard let raw, let object = make(Text(unchecked: raw.pointee.args.pointee.str)) else {
            return Outcome.error.code
        }
        raw.pointee.out.pointee.ptr = Unmanaged.passRetained(object).toOpaque()
        return Outcome.yes.code
    }
}
