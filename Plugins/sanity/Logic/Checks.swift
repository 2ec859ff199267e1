// SPDX-License-Identifier: Apache-2.0

/// The checks, as the sums in configurations name them.
public struct Checks: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let version = Checks(rawValue: 1)
    public static let scheme = Checks(rawValue: 2)
    public static let required = Checks(rawValue: 4)
    public static let viaVersion = Checks(rawValue: 8)  // always passes
    public static let viaProtocol = Checks(rawValue: 16)  // always passes
    public static let cseqMethod = Checks(rawValue: 32)
    public static let cseqValue = Checks(rawValue: 64)
    public static let contentLength = Checks(rawValue: 128)
    public static let expires = Checks(rawValue: 256)
    public static let proxyRequire = Checks(rawValue: 512)
    public static let uris = Checks(rawValue: 1024)
    public static let digest = Checks(rawValue: 2048)
    public static let tags = Checks(rawValue: 4096)
    public static let authorization = Checks(rawValue: 8192)
    public static let topVia = Checks(rawValue: 16384)

    public static let all = 1...32767
}

/// Which URIs `Checks.uris` means.
public struct URIChecks: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let request = URIChecks(rawValue: 1)
    public static let from = URIChecks(rawValue: 2)
    public static let to = URIChecks(rawValue: 4)
    public static let contact = URIChecks(rawValue: 8)

    public static let all = 1...15
}
