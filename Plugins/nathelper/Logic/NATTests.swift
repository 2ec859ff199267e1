// SPDX-License-Identifier: Apache-2.0

/// What nat_uac_test() looks at. The numbers are those of the scripts.
public struct NATTests: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// Contact has a private address.
    public static let contact = NATTests(rawValue: 1)
    /// The top Via does not say where it came from.
    public static let source = NATTests(rawValue: 2)
    /// The top Via has a private address.
    public static let via = NATTests(rawValue: 4)
    /// The session description has a private address.
    public static let description = NATTests(rawValue: 8)
    /// The top Via does not say which port it came from.
    public static let port = NATTests(rawValue: 16)
    /// It came from a private address.
    public static let privateSource = NATTests(rawValue: 32)
    public static let webSocket = NATTests(rawValue: 64)
    /// Contact does not say which port it came from.
    public static let contactPort = NATTests(rawValue: 128)
    /// The session description does not say where it came from.
    public static let descriptionSource = NATTests(rawValue: 256)
    /// Where a request is sent is not where its URI says; where a reply goes, not where its Via says.
    public static let target = NATTests(rawValue: 512)
}
