// SPDX-License-Identifier: Apache-2.0

/// The file that a storage URL names: what stands behind `sqlite://`.
///
///     sqlite:///var/lib/martlet/location.db    an absolute path
///     sqlite://location.db                     beside the working folder
public struct DatabaseFile: Equatable, Sendable {
    public let path: String

    public init?(url: String) {
        let scheme = "sqlite://"
        guard url.hasPrefix(scheme), url.utf8.count > scheme.utf8.count else { return nil }
        path = String(url.dropFirst(scheme.count))
    }

    /// The `path:WORD` of a parameter that is about one file.
    public static func setting(_ text: String) -> (path: String, word: String)? {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else { return nil }
        let word = text[text.index(after: colon)...]
        return word.isEmpty ? nil : (String(text[..<colon]), String(word))
    }
}
