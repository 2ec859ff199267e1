// SPDX-License-Identifier: Apache-2.0

/// Why a variable, a format, a pattern or a transformation cannot be compiled. Offsets count bytes of the
/// text given.
public struct VariableError: Error, Equatable {
    public let what: String
    /// How to mend it; may be empty.
    public let help: String
    public let offset: Int
    public let length: Int

    public init(_ what: String, help: String = "", at offset: Int, length: Int = 1) {
        self.what = what
        self.help = help
        self.offset = offset
        self.length = length
    }

    func moved(by offset: Int) -> VariableError {
        VariableError(what, help: help, at: self.offset + offset, length: length)
    }
}
