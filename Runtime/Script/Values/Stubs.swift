// SPDX-License-Identifier: Apache-2.0
import Message
struct Transformation {}
struct TransformationReader {
    init(_ bytes: [UInt8], _ range: Range<Int>, _ parser: VariableParser) {}
    mutating func transformation() throws(VariableError) -> Transformation { Transformation() }
}
struct SelectParser {
    let parser: VariableParser
    func compile(_ text: [UInt8], into code: inout VariableCode) throws(VariableError) {}
}
struct PatternAutomaton {
    static func make(_ pattern: [UInt8], ignoringCase: Bool, in storage: CodeStorage) -> UnsafePointer<PatternAutomaton>? { nil }
    func matches(_ text: Slice) -> Bool { false }
}
extension VariableCode {
    static func read(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue { .null }
    static func write(_ code: UnsafePointer<VariableCode>, _ value: ScriptValue, _ context: Context) -> Bool { false }
}
