// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// How the server treats a parameter.
@frozen public struct ParamOptions: OptionSet, Sendable {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Must be set.
    @inlinable public static var required: ParamOptions { ParamOptions(rawValue: 1 << 2) }
    /// May change while the server runs.
    @inlinable public static var reloadable: ParamOptions { ParamOptions(rawValue: 1 << 3) }
    /// Never shown.
    @inlinable public static var secret: ParamOptions { ParamOptions(rawValue: 1 << 4) }
    /// A $ in it is a $, as in a regular expression.
    @inlinable public static var verbatim: ParamOptions { ParamOptions(rawValue: 1 << 5) }
}

/// A parameter, set by modparam and checked by the server. Its default is written as one would write it in
/// the file.
///
///     private let minSE = Param<Int>("min_se", default: "90", in: 90...86_400, "Least session timer.")
///     private let realm = Param<Text?>("realm", "What to ask for; nil when it was not set.")
///     private let secret = Param<Text>("secret", default: "", is: [.secret, .reloadable], "Signs tokens.")
///
///     if asked < minSE.value { ... }
///
/// Declared as a global it costs nothing to reach: the compiler lays it out, and its value is two loads away.
public final class Param<Value: Scriptable & ~Escapable>: Declaration, @unchecked Sendable {
    /// Written once, when the plugin is put together.
    @usableFromInline @exclusivity(unchecked) var index = -1
    @usableFromInline let name: StaticString
    @usableFromInline let fallback: StaticString?
    @usableFromInline let help: StaticString
    @usableFromInline let least: Int
    @usableFromInline let most: Int
    @usableFromInline let flags: UInt32
    @usableFromInline let place: UInt32
    @usableFromInline let prepare: mt_fn?

    @inlinable public init(
        _ name: StaticString, default fallback: StaticString? = nil, in range: ClosedRange<Int>? = nil,
        is options: ParamOptions = [], where place: Where = [], prepare: mt_fn? = nil, _ help: StaticString
    ) {
        self.name = name
        self.fallback = fallback
        self.help = help
        least = range?.lowerBound ?? 0
        most = range?.upperBound ?? 0
        flags = options.rawValue
        self.place = place.rawValue
        self.prepare = prepare
    }

    /// What it is now.
    @inlinable public var value: Value {
        @_lifetime(immortal) get { Value.read(Server.host.pointee.params + index) }
    }

    /// What `prepare` made of it.
    @inlinable public var prepared: UnsafeMutableRawPointer? { Server.host.pointee.params[index].ptr }

    public func declare(in tables: inout Tables) {
        index = tables.params.count
        tables.params.append(
            mt_field(
                name: name.pointer, type: Value.type, flags: flags, where: place, reserved: 0,
                min: Int64(least),
                max: Int64(most), fallback: fallback?.pointer, help: help.pointer, prepare: prepare))
    }
}

/// A parameter that may be set on many lines, each of which counts.
///
///     private let tables = Params<Text>("htable", "One table: name=>size=8;")
///     for at in 0..<tables.count { define(tables[at]) }
public final class Params<Value: Scriptable & ~Escapable>: Declaration, @unchecked Sendable {
    @usableFromInline let one: Param<Value>

    @inlinable public init(
        _ name: StaticString, in range: ClosedRange<Int>? = nil, is options: ParamOptions = [],
        where place: Where = [], prepare: mt_fn? = nil, _ help: StaticString
    ) {
        let many = ParamOptions(rawValue: options.rawValue | 1 << 6)
        one = Param(name, in: range, is: many, where: place, prepare: prepare, help)
    }

    @inlinable var lines: UnsafePointer<mt_value> { Server.host.pointee.params + one.index }

    @inlinable public var count: Int { lines.pointee.ptr == nil ? 0 : Int(lines.pointee.num) }

    @inlinable public subscript(line: Int) -> Value {
        @_lifetime(immortal) get {
            precondition(line >= 0 && line < count, "no such line")
            return Value.read(
                UnsafeRawPointer(lines.pointee.ptr).assumingMemoryBound(to: mt_value.self) + line)
        }
    }

    public func declare(in tables: inout Tables) { one.declare(in: &tables) }
}
