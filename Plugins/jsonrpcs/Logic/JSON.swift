// SPDX-License-Identifier: Apache-2.0

/// A JSON value (RFC 8259). Members of an object stay in the order in which they were written, and repeated
/// names stay too; a number is kept as it was written, so that none loses a digit.
public indirect enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case text(String)
    case array([JSON])
    case object([Member])

    public struct Member: Equatable, Sendable {
        public let name: String
        public let value: JSON

        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    public static func int(_ number: Int64) -> JSON { .number(String(number)) }

    /// The member of that name: the last one, when there are several. Nil: there is none.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }
}
