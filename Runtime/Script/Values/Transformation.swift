// SPDX-License-Identifier: Apache-2.0
import Message

struct Transformation {
    static func apply(_ all: UnsafeBufferPointer<Transformation>, to value: ScriptValue, _ context: Context) -> ScriptValue { value }
}
struct TransformationReader {
    init(_ bytes: [UInt8], _ range: Range<Int>, _ parser: VariableParser) {}
    mutating func transformation() throws(VariableError) -> Transformation { Transformation() }
}
