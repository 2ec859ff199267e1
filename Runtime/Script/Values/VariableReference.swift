// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// A variable as a program holds it: `$ru`, `$(hdr(Via)[-1]{s.len})`, `$avp(x)`.
///
/// One pointer to compiled, immutable code; copying it costs nothing. Names were looked up when it was
/// compiled.
public struct VariableReference {
    let code: UnsafePointer<VariableCode>

    init(code: UnsafePointer<VariableCode>) { self.code = code }

    /// May it stand on the left of an assignment?
    public var isWritable: Bool { code.pointee.isWritable && code.pointee.transformations.isEmpty }
    public var hasTransformations: Bool { !code.pointee.transformations.isEmpty }
    /// `$null`
    public var isNull: Bool { code.pointee.operation == .null }
    /// Always 0 or more and never undefined, as `$var`: `$var(x) == $null` is false.
    public var isNeverNull: Bool {
        code.pointee.operation == .scriptVariable || code.pointee.operation == .shared
    }
    /// As it was written, `$ru`.
    public var written: Slice { code.pointee.written }
    /// The kind of attribute it names, MT_A_AVP ..., or 0.
    public var attributeKind: UInt32 { code.pointee.attributeKind }

    /// For interfaces of C; see `init(opaque:)`.
    public var opaque: UnsafeRawPointer { UnsafeRawPointer(code) }
    public init(opaque: UnsafeRawPointer) { code = opaque.assumingMemoryBound(to: VariableCode.self) }

    /// Its value, undefined when there is none.
    @inline(__always)
    public func read(_ context: Context) -> ScriptValue { VariableCode.read(code, context) }

    /// Assigns; false when that is not possible, which is logged then. Null undefines it, or makes it 0.
    @discardableResult
    public func write(_ value: ScriptValue, _ context: Context) -> Bool {
        VariableCode.write(code, value, context)
    }
}

/// How a plugin's variable is called; what `mt_variable` says of it.
public struct VariableCallout {
    let get: mt_fn
    let set: mt_fn?
    let user: UnsafeMutableRawPointer?
    let host: UnsafePointer<mt_host>?
    /// Looks at a constant key, and gets this instead of `user`.
    let prepare: mt_fn?
    let prepareUser: UnsafeMutableRawPointer?

    public init(
        get: mt_fn, set: mt_fn?, user: UnsafeMutableRawPointer?, host: OpaquePointer?, prepare: mt_fn? = nil,
        prepareUser: UnsafeMutableRawPointer? = nil
    ) {
        self.get = get
        self.set = set
        self.user = user
        self.prepare = prepare
        self.prepareUser = prepareUser
        self.host = host.map { UnsafePointer($0) }
    }
}

extension VariableCallout {
    /// Lets the plugin look at a key that is constant, or at there being none.
    func prepare(
        _ key: Slice, of written: String, at place: (offset: Int, length: Int),
        _ takeFailure: () -> (what: String, help: String)?
    ) throws(VariableError) -> UnsafeMutableRawPointer? {
        guard let prepare else { return nil }
        var value = mt_value()
        if key.isPresent {
            value.type = UInt32(MT_STR)
            value.str = key.mt
        }
        var out = mt_value()
        var call = mt_call()
        call.host = host
        call.user = prepareUser
        call.argc = 1
        let result = withUnsafePointer(to: &value) { input in
            withUnsafeMutablePointer(to: &out) { output in
                call.args = input
                call.out = output
                return prepare(&call)
            }
        }
        let failure = takeFailure()
        if result > 0 { return out.ptr }
        throw VariableError(
            "\(written): \(failure?.what ?? "the plugin knows no such key")", help: failure?.help ?? "",
            at: place.offset, length: place.length)
    }
}

/// What a compiled variable is made of. Each operation uses the operands it needs.
struct VariableCode {
    enum Indexing: UInt8 {
        case none, constant, computed
        /// `[*]`
        case all
    }

    var operation: VariableOperation
    /// Which part of the thing.
    var part: VariablePart = .whole
    var isWritable = false
    var indexing = Indexing.none
    var header = HeaderID.other
    var index: Int32 = 0
    /// The index, when it is computed.
    var indexCode: UnsafePointer<VariableCode>?
    /// The name in parentheses, when it is constant; a constant value.
    var key = Slice.absent
    var number: Int64 = 0
    /// The name in parentheses, when it has variables in it.
    var keyFormat: Format?
    /// What a plugin made of the constant one.
    var prepared: UnsafeMutableRawPointer?
    /// Whatever else the operation needs: a path of attributes, a select, an inner variable, a plugin's
    /// callout.
    var detail: UnsafeRawPointer?
    var transformations = UnsafeBufferPointer<Transformation>(start: nil, count: 0)
    var written = Slice.absent

    init(_ operation: VariableOperation) { self.operation = operation }

    var attributeKind: UInt32 {
        switch operation {
        case .attribute: UInt32(MT_A_AVP)
        case .nestedAttribute: UInt32(number)
        default: 0
        }
    }
}
