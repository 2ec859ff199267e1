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

/// A parameter, set by modparam and checked by the server. Its default is written as one would write it in the file.
///
///     private let minSE = Param<Int>("min_se", default: "90", in: 90...86_400, "Least session timer, in seconds.")
///     private let realm = Param<Text?>("realm", "What to ask for; nil when it was not set.")
///     private let secret = Param<Text>("secret", default: "", is: [.secret, .reloadable], "Signs tokens.")
///
///     if asked < minSE.value { ... }
@frozen public struct Param<Value: Scriptable & ~Escapable>: Declaration, @unchecked Sendable {
    @usableFromInline let index: UnsafeMutablePointer<Int>
    let field: mt_field

    public init(
        _ name: StaticString, default fallback: StaticString? = nil, in range: ClosedRange<Int>? = nil,
        is options: ParamOptions = [], where place: Where = [], prepare: mt_fn? = nil, _ help: StaticString
    ) {
        index = .allocate(capacity: 1)
        index.initialize(to: -1)
        field = mt_field(
            name: name.pointer, type: Value.type, flags: options.rawValue, where: place.rawValue, reserved: 0,
            min: Int64(range?.lowerBound ?? 0), max: Int64(range?.upperBound ?? 0), fallback: fallback?.pointer,
            help: help.pointer, prepare: prepare)
    }

    /// What it is now.
    @inlinable public var value: Value {
        @_lifetime(immortal) get { Value.read(Server.host.pointee.params + index.pointee) }
    }

    /// What `prepare` made of it.
    @inlinable public var prepared: UnsafeMutableRawPointer? { Server.host.pointee.params[index.pointee].ptr }

    public func declare(in tables: inout Tables) {
        index.pointee = tables.params.count
        tables.params.append(field)
    }
}

/// A parameter that may be set on many lines, each of which counts.
///
///     private let tables = Params<Text>("htable", "One table: name=>size=8;")
///     for at in 0..<tables.count { define(tables[at]) }
@frozen public struct Params<Value: Scriptable & ~Escapable>: Declaration, @unchecked Sendable {
    @usableFromInline let one: Param<Value>

    public init(
        _ name: StaticString, in range: ClosedRange<Int>? = nil, is options: ParamOptions = [],
        where place: Where = [], _ help: StaticString
    ) {
        let many = ParamOptions(rawValue: options.rawValue | 1 << 6)
        one = Param(name, in: range, is: many, where: place, help)
    }

    @inlinable var lines: UnsafePointer<mt_value> { Server.host.pointee.params + one.index.pointee }

    @inlinable public var count: Int { lines.pointee.ptr == nil ? 0 : Int(lines.pointee.num) }

    @inlinable public subscript(line: Int) -> Value {
        @_lifetime(immortal) get {
            precondition(line >= 0 && line < count, "no such line")
            return Value.read(UnsafeRawPointer(lines.pointee.ptr).assumingMemoryBound(to: mt_value.self) + line)
        }
    }

    public func declare(in tables: inout Tables) { one.declare(in: &tables) }
}
